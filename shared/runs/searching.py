"""Find objects of one snapshot by what people know of them, and show one whole, with its links.

An id is looked up. Names are found by reading bodies: a bounded number of files a call, each proven by its digest, so
that an object that is not found is not there. Frames without the text are passed over unparsed. Reads only.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

from shared.catalogue.types import BY_CODE, reference_of_code, type_named
from shared.domain.changes import Json
from shared.domain.errors import InputError, NotFoundError
from shared.domain.findings import Match, ObjectLink, Whole
from shared.domain.ids import GUID, key_guid, object_key
from shared.formats.frames import decompress
from shared.formats.objects import SOFT_DELETED, IndexRow, body_at
from shared.formats.segments import File
from shared.runs import finding
from shared.runs.layers import Readable
from shared.runs.snapshot_reader import SnapshotReader
from shared.runs.snapshots import Snapshots

OBJECTS_A_CALL = 200_000  # a second or so of reading; the answer says where to go on
NAMES = ("displayName", "userPrincipalName")
APP_ID = "appId"
# Letters that every writer of JSON leaves as they are: what may be looked for before a body is parsed.
PLAIN = re.compile(r"[A-Za-z0-9 _.@-]*")
TEXT_CHARS_MAX = 256
Place = tuple[int, int]  # where a search goes on: in a shard, after so many of its matches
START: Place = (0, 0)


class Searching:
    """Looks into the snapshots of one vault."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def whole(
        self, tenant: str, snapshot_id: str, object_id: str, *, type_name: str = "", with_incoming: bool = True
    ) -> Whole:
        """Return one object of a snapshot with its links; raise NotFoundError when it is not there.

        Incoming links cost reading all links of the snapshot. Raises InputError when several types have the id.
        """
        reader = await self._snapshots.open(tenant, snapshot_id)
        key = object_key(object_id)
        rows = _wanted(await finding.rows_of(reader, key), type_name)
        if not rows:
            raise NotFoundError("object", object_id)
        if len(rows) > 1:
            names = ", ".join(sorted(BY_CODE[row.type_code].name for row in rows))
            raise InputError(f"objects of several types have this id: {names}; name one of them", member="type")
        incoming = await finding.incoming_links(reader, key) if with_incoming else None
        return Whole(
            match=_match(rows[0], await finding.body_of(reader, rows[0])),
            outgoing=_links(await finding.own_links(reader, key), is_incoming=False),
            incoming=None if incoming is None else _links(incoming, is_incoming=True),
        )

    async def search(
        self, tenant: str, snapshot_id: str, text: str, *, type_name: str = "", start: Place = START, top: int
    ) -> tuple[list[Match], Place | None]:
        """Return at most `top` objects that `text` names, and where to go on; None when all has been looked through.

        `text` is an id, an appId, or how a display name or user principal name begins, without regard to case. A call
        may find nothing and still say where to go on.
        """
        if not text or len(text) > TEXT_CHARS_MAX:
            raise InputError(f"text must have 1 to {TEXT_CHARS_MAX} letters", member="text")
        reader = await self._snapshots.open(tenant, snapshot_id)
        if start == START:
            rows = _wanted(await finding.rows_of(reader, object_key(text)), type_name)
            if rows:
                return [_match(row, await finding.body_of(reader, row)) for row in rows], None
        return await _scanned(reader, Wanted(text, type_name), start, top)


class Wanted:
    """What a search looks for: by appId when the text is a GUID, else by how names begin."""

    def __init__(self, text: str, type_name: str) -> None:
        self.text = text.lower()
        self.names = (APP_ID,) if GUID.match(text) else NAMES
        types = [type_named(type_name)] if type_name else list(BY_CODE.values())
        self.codes = {entry.code for entry in types if any(entry.property(name) for name in self.names)}
        found = PLAIN.match(self.text)
        self.needle = b'"' + (found[0] if found else "").encode()

    def names_it(self, body: Json) -> bool:
        """Tell whether one of the object's names begins with the text."""
        return any(str(body.get(name) or "").lower().startswith(self.text) for name in self.names)


async def _scanned(reader: Readable, wanted: Wanted, place: Place, top: int) -> tuple[list[Match], Place | None]:
    found: list[Match] = []
    scanned = 0
    async for shard, objects, matches in _shards(reader, wanted, place[0]):
        skip = place[1] if shard == place[0] else 0
        of_shard = list(matches)[skip:]
        if len(found) + len(of_shard) > top:
            room = top - len(found)
            return found + of_shard[:room], (shard, skip + room)
        found += of_shard
        scanned += objects
        if scanned >= OBJECTS_A_CALL and shard + 1 < reader.manifest.shard_count:
            return found, (shard + 1, 0)
    return found, None


async def _shards(reader: Readable, wanted: Wanted, first: int) -> AsyncIterator[tuple[int, int, Iterator[Match]]]:
    """Yield each shard from `first` on, in order, with its number of objects and those that are wanted."""
    if not wanted.codes:
        return
    count = reader.manifest.shard_count
    homes = {part.shard: file for file in reader.manifest.files if file.part == "objects" for part in file.shards}
    whole: tuple[str, bytes] = "", b""
    for shard in range(first, count):
        rows = await reader.index(shard, count)
        chosen = sorted(row for row in rows if row.type_code in wanted.codes)
        if not isinstance(reader, SnapshotReader):
            bodies = await reader.bodies(chosen)
            yield shard, len(rows), (_match(row, body) for row in chosen if (body := _read(bodies, row, wanted)))
        elif chosen:
            home = homes[shard]
            if whole[0] != home.name:
                whole = home.name, await reader.whole(home)
            yield shard, len(rows), _matches(whole[1], home, chosen, wanted)


def _read(bodies: dict[tuple[bytes, int], bytes], row: IndexRow, wanted: Wanted) -> Json | None:
    body = finding.parsed(bodies[row.key, row.type_code], row, name="restore point")
    return body if wanted.names_it(body) else None


def _matches(content: bytes, file: File, rows: list[IndexRow], wanted: Wanted) -> Iterator[Match]:
    """Yield those of one shard's rows whose bodies are wanted, by key; frames that cannot hold one are not parsed."""
    frames: dict[int, list[bytes]] = {}
    for row in rows:
        if row.offset not in frames:
            held = decompress(content[row.offset : row.offset + row.length], name=file.name)
            frames[row.offset] = held[:-1].split(b"\n") if wanted.needle in held.lower() else []
        lines = frames[row.offset]
        if lines and (row.line >= len(lines) or wanted.needle in lines[row.line].lower()):
            body = finding.parsed(body_at(lines, row, name=file.name), row, name=file.name)
            if wanted.names_it(body):
                yield _match(row, body)


def _wanted(rows: list[IndexRow], type_name: str) -> list[IndexRow]:
    known = [row for row in rows if row.type_code in BY_CODE]
    return [row for row in known if not type_name or BY_CODE[row.type_code].name == type_name]


def _match(row: IndexRow, body: Json) -> Match:
    return Match(type=BY_CODE[row.type_code].name, is_soft_deleted=bool(row.flags & SOFT_DELETED), body=body)


def _links(links: set[finding.Link], *, is_incoming: bool) -> list[ObjectLink]:
    found = []
    for code, other in links:
        kind_of = reference_of_code(code)
        type_name, reference = (kind_of[0].name, kind_of[1]) if kind_of else ("", f"code {code}")
        link = ObjectLink(is_incoming=is_incoming, type=type_name, reference=reference, other_id=key_guid(other))
        found.append(link)
    return sorted(found)
