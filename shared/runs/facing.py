"""Two states of a tenant that are compared with each other: what both hold, and what of a scope neither can tell.

Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.catalogue.types import BY_CODE, BY_NAME
from shared.compare.members import Members
from shared.compare.sides import asked_once
from shared.domain.errors import InputError
from shared.domain.scope import Scope
from shared.formats.manifests import Manifest
from shared.runs.layers import Readable


@dataclass(frozen=True)
class Sides:
    """Two states of a tenant, the keys that are in their recycle bins, and the codes of the types both hold.

    `once` has, by code, the properties of a type that exactly one side asked Graph for; `left_out` names the derived
    types that one side at least could not read.
    """

    target: Readable
    current: Readable
    hidden: tuple[set[bytes], set[bytes]]
    codes: frozenset[int]
    once: Mapping[int, frozenset[str]] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    _members: dict[int, Members | None] = field(default_factory=dict)

    def members_of(self, code: int) -> Members | None:
        """Return what bodies of a type have shown of their members so far; None where its objects are seen whole:
        they hang on others, are known by what they say, or were asked for other properties on either side.
        """
        if code not in self._members:
            entry = BY_CODE[code]
            is_whole = bool(entry.ends or entry.identity or self.once.get(code))
            self._members[code] = None if is_whole else Members(entry)
        return self._members[code]


async def opened(target: Readable, current: Readable) -> Sides:
    """Return the two sides, ready to be compared."""
    codes = {entry.code for name, entry in BY_NAME.items() if name in target.manifest.types}
    codes &= {entry.code for name, entry in BY_NAME.items() if name in current.manifest.types}
    types = (target.manifest.types, current.manifest.types)
    once = {code: asked_once(BY_CODE[code].name, *types) for code in codes}
    hidden = (await target.deleted(), await current.deleted())
    left_out = frozenset({*target.manifest.incomplete, *current.manifest.incomplete})
    return Sides(target, current, hidden, frozenset(codes), once, left_out)


def not_comparable(scope: Scope, target: Manifest, current: Manifest) -> dict[str, str]:
    """Return, by name, why a type in scope is not compared: one side does not hold it, so nothing follows from that.

    Of a derived type, it is what only that type has. Raises InputError when the scope asks for just such a type.
    """
    found: dict[str, str] = {}
    parts: dict[str, str] = {}
    for name in BY_NAME:
        if not scope.covers_type(name):
            continue
        if name in target.incomplete:
            found[name] = f"the snapshot does not hold it: {target.incomplete[name]}"
        elif name not in target.types:
            found[name] = "the snapshot does not hold it: it was taken before this type was captured"
        elif name in current.incomplete:
            found[name] = f"the tenant refuses it now: {current.incomplete[name]}"
        elif name not in current.types:
            found[name] = "the other side does not hold it: it was taken before this type was captured"
        for kind in BY_NAME[name].own_kinds:
            if kind in target.incomplete:
                parts[kind] = f"the snapshot does not hold what only it has: {target.incomplete[kind]}"
            elif kind in current.incomplete:
                parts[kind] = f"the tenant refuses it now: {current.incomplete[kind]}"
    asked = [name for name in found if scope.types is not None or scope.ids is not None]
    if asked:
        facts = "; ".join(f"{name} cannot be compared: {found[name]}" for name in asked)
        raise InputError(facts, member="scope")
    return found | parts
