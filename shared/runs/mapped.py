"""A state of a tenant as if every object that was created anew had had its new id all along.

A comparison pairs objects by their ids, links by those of both ends, grants by what they say. So the older side is read
through the id map, and everything else stays as it is. Only what the map touches is held in memory: its objects, the
objects that name them, and their links. That costs one more reading of the index, of the links, and of the bodies of
those types that can name the map's, the first time it is asked; without a map nothing is wrapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import object_id_of
from shared.catalogue.types import BY_CODE
from shared.compare.shards import Key
from shared.domain.changes import Json
from shared.domain.ids import KEY_BYTES, object_key
from shared.domain.renewals import IdMap
from shared.formats.digests import body_digest
from shared.formats.manifests import Manifest
from shared.formats.objects import IndexRow
from shared.formats.segments import shard_of
from shared.recover.rewriting import GUID_ANYWHERE, is_known_by_content, rewritten_body, rewritten_value
from shared.runs.bodies import Opener
from shared.runs.layers import Readable

SOURCE = slice(1, 1 + KEY_BYTES)


@dataclass
class _Touched:
    """What the map changes: rows that go, rows and bodies that come in their place, and the same of links."""

    gone: set[Key] = field(default_factory=set)
    rows: list[IndexRow] = field(default_factory=list)
    bodies: dict[Key, bytes] = field(default_factory=dict)
    links: set[bytes] = field(default_factory=set)


class MappedReader:
    """`base` read through the id map."""

    manifest: Manifest

    def __init__(self, base: Readable, known: IdMap) -> None:
        self._base, self._ids, self.manifest = base, known.ids, base.manifest
        self._keys = {object_key(old): object_key(new) for old, new in known.ids.items()}
        self._naming = frozenset(
            entry.code for entry in BY_CODE.values() if any(known.types.intersection(of) for of in entry.names.values())
        )
        self._touched: _Touched | None = None

    async def index(self, shard: int, shard_count: int) -> list[IndexRow]:
        """Return the rows of the base that the map leaves alone, and those that it changes, where they lie now."""
        touched = await self._known()
        rows = await self._base.index(shard, shard_count)
        kept = [row for row in rows if (row.key, row.type_code) not in touched.gone]
        return kept + [row for row in touched.rows if shard_of(row.key, shard_count) == shard]

    async def links(self, shard: int, shard_count: int) -> set[bytes]:
        """Return the link rows of the sources in a shard, both ends by their new ids."""
        touched = await self._known()
        rows = {row for row in await self._base.links(shard, shard_count) if not self._is_old(row)}
        return rows | {row for row in touched.links if shard_of(row[SOURCE], shard_count) == shard}

    async def deleted(self, without: frozenset[int] = frozenset()) -> set[bytes]:
        """Return the keys of all soft-deleted objects."""
        return {self._keys.get(key, key) for key in await self._base.deleted(without)}

    async def bodies(self, rows: list[IndexRow]) -> dict[Key, bytes]:
        """Return the bodies that `rows` point at; changed ones were proven before they were changed."""
        touched = await self._known()
        ours = {(row.key, row.type_code) for row in rows} & touched.bodies.keys()
        theirs = [row for row in rows if (row.key, row.type_code) not in ours]
        return {**await self._base.bodies(theirs), **{key: touched.bodies[key] for key in ours}}

    async def opener(self, rows: Iterable[IndexRow]) -> Opener:
        """Read what is stored of the bodies that `rows` point at; changed ones are held already."""
        changed = (await self._known()).bodies
        stored = await self._base.opener([row for row in rows if (row.key, row.type_code) not in changed])

        def opened(row: IndexRow) -> bytes:
            held = changed.get((row.key, row.type_code))
            return stored(row) if held is None else held

        return opened

    def _is_old(self, row: bytes) -> bool:
        return row[SOURCE] in self._keys or row[1 + KEY_BYTES :] in self._keys

    async def _known(self) -> _Touched:
        if self._touched is None:
            touched = _Touched()
            count = self.manifest.shard_count
            for shard in range(count):
                await self._look(touched, await self._base.index(shard, count))
                old = [row for row in await self._base.links(shard, count) if self._is_old(row)]
                touched.links |= {self._renamed(row) for row in old}
            self._touched = touched
        return self._touched

    def _renamed(self, row: bytes) -> bytes:
        source, other = row[SOURCE], row[1 + KEY_BYTES :]
        return row[:1] + self._keys.get(source, source) + self._keys.get(other, other)

    async def _look(self, touched: _Touched, rows: list[IndexRow]) -> None:
        """Learn what the map changes of the objects with these rows."""
        asked = {
            (row.key, row.type_code): row
            for row in rows
            if row.length and row.type_code in BY_CODE and (row.key in self._keys or row.type_code in self._naming)
        }
        for (key, code), body in (await self._base.bodies(list(asked.values()))).items():
            if not self._names_old(body):
                continue
            entry, row = BY_CODE[code], asked[key, code]
            changed = changed_body(entry, msgspec.json.decode(body), self._ids)
            content = msgspec.json.encode(changed)
            renewed = object_key(object_id_of(entry, changed))
            if (renewed, content) == (key, body):
                continue
            touched.gone.add((key, code))
            touched.bodies[renewed, code] = content
            touched.rows.append(row._replace(key=renewed, digest=body_digest(content)))

    def _names_old(self, body: bytes) -> bool:
        return any(found.lower() in self._ids for found in GUID_ANYWHERE.findall(body.decode("utf-8", "replace")))


def changed_body(entry: ObjectType, body: Json, ids: Mapping[str, str]) -> Json:
    """Return a body by its new id, and with new ids where it names others."""
    changed = rewritten_body(entry, body, ids)
    if not is_known_by_content(entry) and entry.key in body:
        changed[entry.key] = rewritten_value(body[entry.key], ids)
    return changed
