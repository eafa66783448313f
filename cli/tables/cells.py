"""What the cells of several tables are made of: lines without the empty ones, short values, names with their ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.api import Json
from cli.text import json_text

VALUE_LETTERS_MAX = 80


def lines(*some: object) -> tuple[object, ...]:
    """Return the lines there are."""
    return tuple(line for line in some if line not in {None, ""})


def name_and_id(body: Json) -> tuple[object, ...]:
    """Return the two lines by which a person knows an object."""
    return lines(body.get("displayName"), body.get("id"))


def members(body: Mapping[str, Any], name: str) -> Json:
    """Return the JSON object that `body` has under that name, an empty one when it has none."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def short(value: object) -> str:
    """Return a value as JSON, cut where it is long."""
    text = json_text(value)
    return text if len(text) <= VALUE_LETTERS_MAX else f"{text[: VALUE_LETTERS_MAX - 1]}…"
