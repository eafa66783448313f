"""A headless Chromium that opens one page and says what the page did: the browser that package.json pins.

Driven over the DevTools protocol. Everything the browser fetched is listed, as is every directive of the page's content
security policy by which it refused something.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
START_SECONDS = 60.0  # unpacking 190 MB and starting, on a busy machine
LOAD_SECONDS = 30.0
SETTLE_SECONDS = 1.0  # what a script or an image would take to be noticed; the control page shows that it is enough
ARGUMENTS = (
    "--headless=shell --no-sandbox --no-zygote --single-process --in-process-gpu --use-gl=angle --use-angle=swiftshader"
    " --enable-unsafe-swiftshader --no-first-run --disable-background-networking --remote-debugging-port=0"
).split()
READ = (
    "({title: document.title, scripts: document.scripts.length, "
    "cells: [...document.querySelectorAll('bdi')].map(cell => cell.textContent)})"
)


def missing() -> str:
    """Return why no browser can be had here, empty when one can."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return f"the pinned browser is built for Linux on x86_64, this is {platform.system()} on {platform.machine()}"
    return "" if PACKAGE.is_dir() else "the browser's npm package is not installed: run npm ci"


@dataclass
class Seen:
    """What a page did: its title and cells as the browser holds them, what it fetched, which directives refused."""

    title: str = ""
    scripts: int = 0
    cells: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


async def unpacked(folder: Path) -> Path:
    """Unpack the browser into `folder`, with the libraries that a bare machine lacks; return its executable."""
    bare = {**_environment(folder), "AWS_LAMBDA_JS_RUNTIME": "nodejs20.x"}  # the package's own word for such a machine
    script = ROOT / "tests" / "support" / "browser.mjs"
    process = await asyncio.create_subprocess_exec("node", script, env=bare, stdout=asyncio.subprocess.PIPE)
    said, _none = await asyncio.wait_for(process.communicate(), START_SECONDS)
    assert process.returncode == 0, f"the browser could not be unpacked: node ended with {process.returncode}"
    return Path(said.decode().strip())


@contextlib.asynccontextmanager
async def browsing(executable: Path, folder: Path) -> AsyncIterator[str]:
    """Run the browser with its profile in `folder`; yield the address of its DevTools, and end it afterwards."""
    profile = folder / "profile"
    process = await asyncio.create_subprocess_exec(
        executable,
        *ARGUMENTS,
        f"--user-data-dir={profile}",
        env=_environment(folder),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            while not (told := _told(profile)):
                assert process.returncode is None, f"the browser ended with {process.returncode}"
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{told}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def opened(devtools: str, page: Path) -> Seen:
    """Open `page` from disk in a new tab; return what it did until it had loaded and settled."""
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{devtools}/json/new?about:blank") as answer:
            tab = (await answer.json())["webSocketDebuggerUrl"]
        async with session.ws_connect(tab, max_msg_size=0) as socket:
            talk = _Talk(socket)
            for domain in ("Page", "Network", "Audits"):
                await talk.ask(f"{domain}.enable")
            await talk.ask("Page.navigate", url=page.as_uri())
            await talk.heard("Page.loadEventFired")
            await asyncio.sleep(SETTLE_SECONDS)
            found = await talk.ask("Runtime.evaluate", expression=READ, returnByValue=True)
            value = found["result"]["value"]
            blocked = {one["requestId"] for one in talk.events("Network.loadingFailed") if one.get("blockedReason")}
            asked = {one["requestId"]: one["request"]["url"] for one in talk.events("Network.requestWillBeSent")}
            issues = [one["issue"]["details"] for one in talk.events("Audits.issueAdded")]
    requests = [url for known, url in asked.items() if known not in blocked and url != page.as_uri()]
    refusals = [found["violatedDirective"] for one in issues if (found := one.get("contentSecurityPolicyIssueDetails"))]
    return Seen(**value, requests=requests, refusals=refusals)


class _Talk:
    """Questions to one tab, and the events that came meanwhile."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._asked = 0
        self._heard: list[dict[str, Any]] = []

    async def ask(self, method: str, **params: object) -> dict[str, Any]:
        self._asked += 1
        await self._socket.send_str(
            msgspec.json.encode({"id": self._asked, "method": method, "params": params}).decode()
        )
        while (message := await self._next()).get("id") != self._asked:
            self._heard.append(message)
        assert "error" not in message, f"{method}: {message}"
        found: dict[str, Any] = message["result"]
        return found

    async def heard(self, method: str) -> None:
        while not self.events(method):
            self._heard.append(await self._next())

    def events(self, method: str) -> list[dict[str, Any]]:
        return [message["params"] for message in self._heard if message.get("method") == method]

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = msgspec.json.decode(await self._socket.receive_str(timeout=LOAD_SECONDS))
        return message


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which the browser finds the libraries that came with it, unpacked into `folder`."""
    libraries = folder / "al2023" / "lib"
    return {**os.environ, "TMPDIR": str(folder), "HOME": str(folder), "LD_LIBRARY_PATH": str(libraries)}


def _told(profile: Path) -> str:
    """Return the port that the browser wrote into its profile, empty before it did."""
    place = profile / "DevToolsActivePort"
    return place.read_text().partition("\n")[0] if place.exists() else ""
