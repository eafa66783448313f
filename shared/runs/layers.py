"""A restore point read through its base, as one state (docs/formats/manifests.md, "Restore points").

Costs at most the day's snapshot plus the increment: both are read shard by shard as they would be alone. Bodies are
opened in whichever of the two has the newer row. The reading of a report or a recovery is kept in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from shared.catalogue.types import BY_NAME
from shared.compare.shards import Key, by_key
from shared.formats.links import apply_increment
from shared.formats.manifests import Manifest
from shared.formats.objects import TOMBSTONE, IndexRow
from shared.formats.segments import shard_of
from shared.runs.bodies import Opener


class Readable(Protocol):
    """One state of a tenant, read shard by shard; what a comparison has on each side."""

    manifest: Manifest

    async def index(self, shard: int, shard_count: int) -> list[IndexRow]:
        """Return the index rows of the objects in `shard` of `shard_count`."""

    async def links(self, shard: int, shard_count: int) -> set[bytes]:
        """Return the link rows of the sources in `shard` of `shard_count`."""

    async def deleted(self, without: frozenset[int] = frozenset()) -> set[bytes]:
        """Return the keys of all soft-deleted objects, those of types with a code in `without` left out."""

    async def bodies(self, rows: list[IndexRow]) -> dict[Key, bytes]:
        """Return the bodies that `rows` point at, each proven by its digest."""

    async def opener(self, rows: Iterable[IndexRow]) -> Opener:
        """Read what is stored of the bodies that `rows` point at, once; return what opens and proves each of them."""


class LayeredReader:
    """The state of a restore point: `own` lies over `base`, which its manifest names and proves.

    None of the base's rows of the types with codes in `whole` counts.
    """

    def __init__(self, base: Readable, own: Readable) -> None:
        self.base, self.own, self.manifest = base, own, own.manifest
        self.whole = whole_codes(own.manifest)

    def over(self, other: Readable) -> LayeredReader:
        """Return the same state, read through what `other` has opened already when both lie over the same snapshot."""
        base = other.base if isinstance(other, LayeredReader) else other
        return LayeredReader(base, self.own) if base.manifest == self.base.manifest else self

    async def index(self, shard: int, shard_count: int) -> list[IndexRow]:
        """Return the rows of the base that nothing replaces, and the increment's living ones."""
        own = by_key(await self.own.index(shard, shard_count))
        base = await self.base.index(shard, shard_count)
        rows = [row for row in base if row.type_code not in self.whole and (row.key, row.type_code) not in own]
        return rows + [row for row in own.values() if not row.flags & TOMBSTONE]

    async def links(self, shard: int, shard_count: int) -> set[bytes]:
        """Return the base's link rows, brought up to date by the increment's."""
        codes = reference_codes(self.whole)
        rows = {row for row in await self.base.links(shard, shard_count) if row[0] not in codes}
        apply_increment(rows, await self.own.links(shard, shard_count))
        return rows

    async def deleted(self, without: frozenset[int] = frozenset()) -> set[bytes]:
        """Return the keys of all soft-deleted objects."""
        base, count = await self.base.deleted(without | self.whole), self.manifest.shard_count
        for shard in range(count):
            base.difference_update([row.key for row in await self.own.index(shard, count)])
        return base | await self.own.deleted(without)

    async def bodies(self, rows: list[IndexRow]) -> dict[Key, bytes]:
        """Return the bodies that `rows` point at."""
        opened = await self.opener(rows)
        return {(row.key, row.type_code): opened(row) for row in rows}

    async def opener(self, rows: Iterable[IndexRow]) -> Opener:
        """Read what is stored of the bodies that `rows` point at, in whichever of the two has them."""
        wanted, count = list(rows), self.manifest.shard_count
        own: set[IndexRow] = set()
        for shard in sorted({shard_of(row.key, count) for row in wanted}):
            own.update(await self.own.index(shard, count))
        ours = await self.own.opener([row for row in wanted if row in own])
        theirs = await self.base.opener([row for row in wanted if row not in own])
        return lambda row: ours(row) if row in own else theirs(row)


def whole_codes(manifest: Manifest) -> frozenset[int]:
    """Return the codes of the types whose rows in an increment are all there are, so that none of the base counts."""
    names = [name for name, facts in manifest.types.items() if facts.is_whole and name in BY_NAME]
    left_out = [name for name in BY_NAME if name not in manifest.types]
    return frozenset(BY_NAME[name].code for name in [*names, *left_out])


def reference_codes(type_codes: frozenset[int]) -> frozenset[int]:
    """Return the codes of every reference of the types with these codes."""
    return frozenset(
        reference.code for entry in BY_NAME.values() if entry.code in type_codes for reference in entry.references
    )
