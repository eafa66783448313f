// Unpacks the headless Chromium that package.json pins, and prints where it is.
import chromium from "@sparticuz/chromium";

console.log(await chromium.executablePath());
