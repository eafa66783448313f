"""Two stored bodies of one object side by side: the members that differ, and nothing made of most that do not.

Pure. Most members of an object that changed are the same on both sides. So of a collection only the bytes are taken,
and values are made of them where they differ; equal bytes are equal values. A text or a number is made a value at once,
which costs no more than its bytes would. Whether values that are unlike still mean the same, values.py tells.

Bodies are taken apart by the names that others of their type had. Of one with a name that is not among them, or that
is no object at all, nothing is said here and it has to be decoded whole: nothing is lost, nothing is believed.
tests/properties/test_members.py proves that both ways tell the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import compress
from operator import ne
from typing import Any

import msgspec
from msgspec import UNSET, Raw
from msgspec.structs import astuple

from shared.catalogue.entry import ObjectType
from shared.compare.judge import NAMES
from shared.compare.values import COLLECTIONS, is_reported, same
from shared.domain.changes import Json

NAMES_MAX = 512  # of one type's members: five times what the largest type of the catalogue has
LEARNT_MAX = 8  # times that one type's names may grow: its derived types, and what Graph adds
LAYOUTS_KEPT = 128  # of all types; each costs a fifth of a millisecond to make
FACTS = frozenset({*NAMES, "onPremisesSyncEnabled", "onPremisesSyncBehavior"})  # what judge.py asks of any object
NOT_PLAIN = re.compile(r'[\x00-\x1f"\\]')  # written with an escape, so it has no place in a layout

_Member = tuple[str, int, bool, bool]  # name, place in the layout; only of some kinds; a collection without an order

_value = msgspec.json.Decoder().decode


class Parted(msgspec.Struct, frozen=True, gc=False):
    """What separates two bodies: properties as in `values.differing`, and what else must be known of the present."""

    wanted: Json
    present: Json
    facts: Json


class Members:
    """The members of objects of one type, as far as bodies have shown them."""

    def __init__(self, entry: ObjectType) -> None:
        self._entry = entry
        self._asked = {*FACTS, entry.key} | {name for name, _value in (entry.built_in and [entry.built_in]) or ()}
        self._learnt = 0
        self._names: tuple[str, ...] = ()
        self._in_bytes = frozenset(known.name for known in entry.properties if known.is_set) - self._asked
        self._take_apart = _layout((), frozenset())
        self._members: list[_Member | None] = []  # in the order of the layout, None for what no report tells of
        self._facts: list[tuple[str, int]] = []

    def parted(self, then: bytes, now: bytes) -> Parted | None:
        """Return what separates two bodies of an object, None when they have to be decoded whole."""
        wanted: Json = {}
        present: Json = {}
        try:
            left, right = astuple(self._take_apart(then)), astuple(self._take_apart(now))
            for name, at, is_of_kinds, is_set in sorted(filter(None, compress(self._members, map(ne, left, right)))):
                was, has = left[at], right[at]
                if type(was) is not str or type(has) is not str:  # of unlike texts there is nothing more to ask
                    if is_of_kinds and (_is_absent(was) or _is_absent(has)):
                        continue  # recycle bins are not asked for what only some kinds have
                    was, has = _value_of(was), _value_of(has)
                    if same(was, has, is_set=is_set):
                        continue
                wanted[name], present[name] = was, has
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        facts = {name: value for name, at in self._facts if (value := right[at]) is not UNSET}
        if not facts and not any(right):
            return None  # it says nothing of itself, so what it was has to be asked
        return Parted(wanted, present, facts)

    def learn(self, body: Json) -> None:
        """Know the names of one body's members from now on, and which of them are collections."""
        known = tuple(dict.fromkeys([*self._names, *body]))
        if len(known) == len(self._names) or len(known) > NAMES_MAX or self._learnt == LEARNT_MAX:
            return
        if any(NOT_PLAIN.search(name) for name in known):
            return
        self._in_bytes |= {name for name, value in body.items() if isinstance(value, COLLECTIONS)} - self._asked
        self._names, self._learnt = known, self._learnt + 1
        self._take_apart = _layout(known, self._in_bytes)
        self._members = [self._member(name, at) for at, name in enumerate(known)]
        self._facts = [(name, at) for at, name in enumerate(known) if name in self._asked]

    def _member(self, name: str, at: int) -> _Member | None:
        known = self._entry.property(name)
        if not is_reported(name, known):
            return None
        return name, at, known is not None and bool(known.of_kinds), known is None or known.is_set


def _is_absent(part: Any) -> bool:
    """Tell whether a body that was taken apart does not have the member at all."""
    return part is UNSET or (type(part) is Raw and not part)


def _value_of(part: Any) -> Any:
    """Return the value of a member, null where the body does not have it."""
    if type(part) is Raw:
        return _value(part) if part else None
    return None if part is UNSET else part


@lru_cache(maxsize=LAYOUTS_KEPT)
def _layout(names: tuple[str, ...], in_bytes: frozenset[str]) -> Callable[[bytes], msgspec.Struct]:
    """Return what takes apart a body that has no other members than these; of some it takes the bytes alone."""
    fields = [
        (f"member_{at}", Raw, Raw(b"")) if name in in_bytes else (f"member_{at}", Any, UNSET)
        for at, name in enumerate(names)
    ]
    renamed = {f"member_{at}": name for at, name in enumerate(names)}
    shape = msgspec.defstruct("Body", fields, rename=renamed, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(shape).decode
