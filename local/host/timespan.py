"""Read the `[d.]hh:mm:ss[.fff]` durations that host.json and TimeSpan schedules are written in.

Pure. The form is .NET's constant TimeSpan format ("Standard TimeSpan format strings"), without negative values.
"""

import re

_SECONDS_PER_DAY = 86_400
_FORM = re.compile(r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2}):(?P<seconds>\d{1,2}(?:\.\d{1,7})?)")


def parse_timespan(text: str) -> float:
    """Return the duration `text` names, in seconds; ValueError says which part is out of range."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration of the form [d.]hh:mm:ss")
    hours, minutes, seconds = int(match["hours"]), int(match["minutes"]), float(match["seconds"])
    for name, value, limit in (("hours", hours, 24), ("minutes", minutes, 60), ("seconds", seconds, 60)):
        if value >= limit:
            raise ValueError(f"{text!r} has {value:g} {name}; the highest is {limit - 1}")
    return int(match["days"] or 0) * _SECONDS_PER_DAY + hours * 3600 + minutes * 60 + seconds
