"""The words of a `$filter`: cutting an expression into them, what they stand for, and what they are compared with."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from simulator.errors import GraphError

_TOKEN = re.compile(
    r"\s*(?:('(?:[^']|'')*')|(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?)|([(),:])|([^\s(),:']+(?:'(?:[^']|'')*')?))"
)
_WHEN = re.compile(r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$")


def words(option: str) -> list[str]:
    """Return the words of an expression; 400 where it cannot be cut into words."""
    found, at = [], 0
    text = option.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise GraphError(400, "BadRequest", f"Invalid filter clause: {option}")
        found.append(match[1] or match[2] or match[3] or match[4])
        at = match.end()
    return found


def literal(word: str) -> Any:
    """Return the value a word stands for; a word without quotes that is nothing else stands for itself."""
    if word.startswith("'"):
        return word[1:-1].replace("''", "'")
    if word.lower() in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[word.lower()]
    if re.match(r"^-?\d+(\.\d+)?$", word):
        return float(word)
    return word


def comparable(value: Any) -> Any:
    """Return what two equal values have in common: text without case, times as seconds, numbers as such."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value)
    text = str(value)
    if _WHEN.match(text):
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    return text.lower()


def equals(found: list[Any], value: Any) -> bool:
    """Tell whether any of the values found equals `value`; where nothing was found, null does."""
    wanted = comparable(value)
    return any(comparable(each) == wanted for each in found or [None])


def reached(thing: Any, steps: list[str]) -> list[Any]:
    """Return the values a path leads to; a collection on the way leads to each of its items."""
    values: list[Any] = [thing]
    for step in steps:
        if step == "$count":
            return [len([value for value in values if value is not None])]
        values = [value.get(step) if isinstance(value, Mapping) else None for value in values]
        values = [each for value in values for each in (value if isinstance(value, list) else [value])]
    return values
