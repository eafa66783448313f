"""Two stored bodies of one object side by side: the members that differ, and nothing made of those that do not.

Pure. Most members of an object that changed have the same bytes on both sides. So bodies are only taken apart into the
bytes of their members, and of those that differ values are made; equal bytes are equal values. Values that are other
bytes may still mean the same, which values.py tells.

Bodies are taken apart by the names that others of their type had. Of one with a name that is not among them, or that
is no object at all, nothing is said here and it has to be decoded whole: nothing is lost, nothing is believed.
tests/properties/test_members.py proves that both ways tell the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import compress
from operator import ne

import msgspec
from msgspec.structs import astuple

from shared.catalogue.entry import ObjectType
from shared.compare.judge import NAMES
from shared.compare.values import meant
from shared.domain.changes import Json

NAMES_MAX = 512  # of one type's members: five times what the largest type of the catalogue has
LEARNT_MAX = 8  # times that one type's names may grow: its derived types, and what Graph adds
LAYOUTS_KEPT = 128  # of all types; each costs a fifth of a millisecond to make
FACTS = frozenset({*NAMES, "onPremisesSyncEnabled", "onPremisesSyncBehavior"})  # what judge.py asks of any object
NOT_PLAIN = re.compile(r'[\x00-\x1f"\\]')  # written with an escape, so it has no place in a layout

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
        self._facts: list[tuple[str, int]] = []
        self._take_apart: Callable[[bytes], msgspec.Struct] = _layout(())

    def parted(self, then: bytes, now: bytes) -> Parted | None:
        """Return what separates two bodies of an object, None when they have to be decoded whole."""
        names = self._names
        try:
            left, right = astuple(self._take_apart(then)), astuple(self._take_apart(now))
            numbers = list(compress(range(len(names)), map(ne, left, right)))
            # A body that lacks a member has no bytes for it.
            target = {names[at]: _value(part) for at in numbers if (part := left[at])}
            current = {names[at]: _value(part) for at in numbers if (part := right[at])}
            facts = {name: _value(part) for name, at in self._facts if (part := right[at])}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if not facts and not any(right):
            return None  # it says nothing of itself, so what it was has to be asked
        # Other bytes may be the same value: a number or a character can be written in several ways.
        unlike = sorted([name for at in numbers if target.get(name := names[at]) != current.get(name)])
        wanted, present = meant(self._entry, unlike, target, current)
        return Parted(wanted, present, facts)

    def learn(self, names: Iterable[str]) -> None:
        """Know the names of one body's members from now on."""
        known = tuple(dict.fromkeys([*self._names, *names]))
        if len(known) == len(self._names) or len(known) > NAMES_MAX or self._learnt == LEARNT_MAX:
            return
        if any(NOT_PLAIN.search(name) for name in known):
            return
        self._names, self._learnt, self._take_apart = known, self._learnt + 1, _layout(known)
        self._facts = [(name, at) for at, name in enumerate(known) if name in self._asked]


@lru_cache(maxsize=LAYOUTS_KEPT)
def _layout(names: tuple[str, ...]) -> Callable[[bytes], msgspec.Struct]:
    """Return what takes apart a body that has no other members than these."""
    fields = [(f"member_{at}", msgspec.Raw, msgspec.Raw(b"")) for at in range(len(names))]
    renamed = {f"member_{at}": name for at, name in enumerate(names)}
    shape = msgspec.defstruct("Body", fields, rename=renamed, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(shape).decode
