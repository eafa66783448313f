"""Query options: the few that are supported, and a refusal by name for every other.

Pure. Pages are `$skip` and `$top` over the whole answer; a client follows `@odata.nextLink` and need not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from functions.wire.names import Json
from shared.domain.errors import InputError
from shared.domain.verification import ASKED_MODES, Mode

TOP_DEFAULT = 100
TOP_MAX = 999
SKIP_MAX = 1_000_000_000
NUMBER = re.compile(r"[0-9]{1,10}\Z")
PART = re.compile(r"([0-9]{1,4})/([0-9]{1,4})\Z")

Item = TypeVar("Item")
Query = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class QueryOptions:
    """What one request asked for; `select` is None for every member. `words` are options of Tidemark's, unread."""

    top: int = TOP_DEFAULT
    skip: int = 0
    select: frozenset[str] | None = None
    is_oldest_first: bool = False
    mode: Mode = Mode.FULL
    part: tuple[int, int] = (1, 1)
    filter: str | None = None
    orderby: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    def page(self, items: Sequence[Item]) -> tuple[Sequence[Item], bool]:
        """Return the page of `items` that was asked for, and whether more follow."""
        end = self.skip + self.top
        return items[self.skip : end], len(items) > end

    def shown(self, body: Json) -> Json:
        """Return `body` with the selected members; annotations stay, because clients need them to read the rest."""
        if self.select is None:
            return body
        return {name: value for name, value in body.items() if name.startswith("@") or name in self.select}


def read_options(query: Query, allowed: frozenset[str], members: frozenset[str]) -> QueryOptions:
    """Return the options of a query string; raise InputError naming an option or a value that is not supported.

    `allowed` are the options of the address, `members` what `$select` may name there.
    """
    given: dict[str, str] = {}
    for name, value in query:
        if name not in allowed:
            raise InputError(f"the query option {name[:80]!r} is not supported here", member=name[:80])
        if name in given:
            raise InputError(f"the query option {name} is given twice", member=name)
        given[name] = value
    return QueryOptions(
        top=_number(given, "$top", TOP_DEFAULT, range(1, TOP_MAX + 1)),
        skip=_number(given, "$skip", 0, range(SKIP_MAX + 1)),
        select=_select(given.get("$select"), members),
        is_oldest_first="$filter" not in allowed and _is_oldest_first(given.get("$orderby")),
        mode=_mode(given),
        part=_part(given),
        filter=given.get("$filter"),
        orderby=given.get("$orderby"),
        words={name: value for name, value in given.items() if not name.startswith("$")},
    )


def _number(given: dict[str, str], name: str, default: int, bounds: range) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not NUMBER.match(text) or int(text) not in bounds:
        message = f"{name} is {text[:40]!r}; it must be a number from {bounds[0]} to {bounds[-1]}"
        raise InputError(message, member=name)
    return int(text)


def _select(text: str | None, members: frozenset[str]) -> frozenset[str] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in members:
            raise InputError(f"$select names {name[:80]!r}, which is no member here", member="$select")
    return frozenset(names)


def _is_oldest_first(text: str | None) -> bool:
    """Tell the order of a list of snapshots; without `$orderby` the newest come first."""
    if text is None:
        return False
    words = text.split()
    if words in (["createdDateTime"], ["createdDateTime", "asc"]):
        return True
    if words == ["createdDateTime", "desc"]:
        return False
    raise InputError(f"$orderby is {text[:80]!r}; only createdDateTime is supported", member="$orderby")


def _mode(given: dict[str, str]) -> Mode:
    """Return how much a verification reads; all of the snapshot unless asked otherwise."""
    text = given.get("mode", Mode.FULL)
    if text not in ASKED_MODES:
        raise InputError(f"mode is {text[:40]!r}; it must be one of {', '.join(ASKED_MODES)}", member="mode")
    return Mode(text)


def _part(given: dict[str, str]) -> tuple[int, int]:
    """Return number and count of the part that `mode=subset` names, and which no other mode may."""
    text = given.get("part")
    if (text is not None) != (given.get("mode") == Mode.SUBSET):
        raise InputError("mode=subset needs part=n/t, and no other mode takes it", member="part")
    if text is None:
        return 1, 1
    found = PART.match(text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(f"part is {text[:40]!r}; it must be n/t, such as 2/7", member="part")
    return int(found[1]), int(found[2])
