"""A restore point read through its base, as one state (docs/formats/manifests.md, "Restore points").

Costs at most the day's snapshot plus the increment: the increment's rows are read once and kept, the base is read shard
by shard as it would be alone. Bodies are opened in whichever of the two has the newer row.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from shared.catalogue.types import BY_NAME
from shared.compare.shards import Key, by_key
from shared.formats.links import apply_increment
from shared.formats.manifests import Manifest
from shared.formats.objects import TOMBSTONE, IndexRow
from shared.formats.segments import shard_of


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


class LayeredReader:
    """The state of a restore point: `own` lies over `base`, which its manifest names and proves."""

    def __init__(self, base: Readable, own: Readable) -> None:
        self._base, self._own, self.manifest = base, own, own.manifest
        self._whole = whole_codes(own.manifest)
        self._rows: dict[Key, IndexRow] | None = None

    async def index(self, shard: int, shard_count: int) -> list[IndexRow]:
        """Return the rows of the base that nothing replaces, and the increment's living ones."""
        own, mask = await self._own_rows(), shard_count - 1
        base = await self._base.index(shard, shard_count)
        rows = [row for row in base if row.type_code not in self._whole and (row.key, row.type_code) not in own]
        return rows + [row for row in own.values() if not row.flags & TOMBSTONE and zlib.crc32(row.key) & mask == shard]

    async def links(self, shard: int, shard_count: int) -> set[bytes]:
        """Return the base's link rows, brought up to date by the increment's."""
        codes = reference_codes(self._whole)
        rows = {row for row in await self._base.links(shard, shard_count) if row[0] not in codes}
        of_shard = [row for row in await self._own.links(0, 1) if shard_of(row[1:17], shard_count) == shard]
        apply_increment(rows, of_shard)
        return rows

    async def deleted(self, without: frozenset[int] = frozenset()) -> set[bytes]:
        """Return the keys of all soft-deleted objects."""
        base = await self._base.deleted(without | self._whole)
        return (base - {key for key, _code in await self._own_rows()}) | await self._own.deleted(without)

    async def bodies(self, rows: list[IndexRow]) -> dict[Key, bytes]:
        """Return the bodies that `rows` point at."""
        own = await self._own_rows()
        ours = [row for row in rows if own.get((row.key, row.type_code)) == row]
        theirs = [row for row in rows if own.get((row.key, row.type_code)) != row]
        found = await self._own.bodies(ours)
        return found | await self._base.bodies(theirs)

    async def _own_rows(self) -> dict[Key, IndexRow]:
        if self._rows is None:
            self._rows = by_key(await self._own.index(0, 1))
        return self._rows


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
