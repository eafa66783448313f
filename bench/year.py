"""A year of daily snapshots over one that is really stored, as far as the history of one object can tell.

Storing 365 snapshots of a million objects takes 126 GB. Here every day has its own signed manifest, but its files are
second names of the first day's, except those of the one group that is looked up: on twelve days it has another name
and another member, in files of its own. The change index has rows for other objects as well, one object and one link
in a hundred a day, and is put together by the product's own steps. All days repeat the first one's Merkle roots.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping
from datetime import timedelta

import msgspec

from bench.folder import FolderBlobs
from bench.population import guid_of
from bench.world import TENANT
from shared.domain.ids import key_guid
from shared.domain.jobs import SnapshotSummary
from shared.domain.protection import Container
from shared.formats.change_index import LINKED, LINKED_BY, OBJECT, ROW, SHARD_COUNT, UNLINKED, encode_index
from shared.formats.digests import body_digest, sha256
from shared.formats.frames import compress
from shared.formats.links import decode_links, encode_links
from shared.formats.manifests import Manifest, manifest_name, seal
from shared.formats.objects import IndexRow, decode_index
from shared.formats.objects import encode_index as encode_rows_of_index
from shared.formats.segments import File, shard_of
from shared.ports import Blobs
from shared.runs.change_indexes import index_name, nothing_indexed
from shared.runs.indexing import Indexing
from shared.runs.snapshot_reader import SnapshotReader, open_manifest
from shared.runs.snapshots import Snapshots

DAYS = 365
VERSIONS = 12
CHANGED_SHARE = 0.01  # of objects, and as many links besides, each day
GROUP_CODE, MEMBERS = 2, 1


class Rehearsed(Indexing):
    """The step indexChanges, told what has changed instead of finding it out."""

    rows: dict[int, list[bytes]]

    async def changes(self, _before: SnapshotSummary, _own: SnapshotSummary) -> dict[int, list[bytes]] | None:
        """Return what was told."""
        return self.rows


class Year:
    """Writes the year into the vault of `first`, the one snapshot that is whole."""

    def __init__(self, snapshots: Snapshots, vault: FolderBlobs, objects: int) -> None:
        self._snapshots, self._vault, self._objects = snapshots, vault, objects
        self._chance = random.Random(365)  # noqa: S311  the same year in every run
        self.states: list[SnapshotSummary] = []
        self.key = b""

    async def write(self, first: SnapshotSummary) -> None:
        """Write every day's manifest and the change index of the last day."""
        reader = await open_manifest(self._vault, first.manifest_name, first.manifest_sha256)
        row = await self._group(reader)
        self.key = row.key
        indexing, manifest = Rehearsed(self._snapshots), reader.manifest
        await self._snapshots.signing.sign(self._vault, first.manifest_name, first.manifest_sha256)
        await self._snapshots.list_again(first)
        self.states = [first]
        index = nothing_indexed(first)
        for day in range(1, DAYS):
            is_version = day % (DAYS // VERSIONS) == 0 and day // (DAYS // VERSIONS) <= VERSIONS
            indexing.rows = self._others(day + 1)
            if is_version:
                manifest, row, rows = await self._changed(manifest, row, day)
                for packed in rows:
                    indexing.rows.setdefault(shard_of(packed[:16], SHARD_COUNT), []).append(packed)
            manifest = await self._sealed(manifest, day)
            index = await indexing.extended(index, self.states[-2], self.states[-1], [], oldest=1)
        content, digest = encode_index(index)
        await self._vault.create(index_name(self.states[-1]), content)
        await self._snapshots.signing.sign(self._vault, index_name(self.states[-1]), digest)

    async def _group(self, reader: SnapshotReader) -> IndexRow:
        """Return the row of a group in the last shard of a file, where a file can be written on."""
        home = next(file for file in reader.manifest.files if file.part == "index")
        shard = home.shards[-1].shard
        rows = await reader.index(shard, reader.manifest.shard_count)
        return next(row for row in rows if row.type_code == GROUP_CODE)

    def _others(self, sequence: int) -> dict[int, list[bytes]]:
        """Return rows of other objects and of links, both ends, as a usual day brings them."""
        found: dict[int, list[bytes]] = {}
        for _number in range(max(1, int(self._objects * CHANGED_SHARE))):
            one, two, digest = (self._chance.randbytes(16) for _part in range(3))
            changed = ROW.pack(one, 1, OBJECT, 0, sequence, digest)
            out, into = ROW.pack(one, 1, LINKED, 0, sequence, two), ROW.pack(two, 1, LINKED_BY, 0, sequence, one)
            found.setdefault(shard_of(one, SHARD_COUNT), []).extend((changed, out))
            found.setdefault(shard_of(two, SHARD_COUNT), []).append(into)
        return found

    async def _changed(self, manifest: Manifest, row: IndexRow, day: int) -> tuple[Manifest, IndexRow, list[bytes]]:
        """Give the group another name and exchange one member; return the manifest, its row, the rows of changes."""
        shard = shard_of(row.key, manifest.shard_count)
        homes = {file.part: file for file in manifest.files if any(part.shard == shard for part in file.shards)}
        body = msgspec.json.encode({"id": key_guid(row.key), "displayName": f"Group as of day {day}"})
        frame = compress(body + b"\n")
        objects = homes["objects"]
        now = row._replace(digest=body_digest(body), offset=objects.length, length=len(frame), line=0)
        rows = [now if known.key == row.key else known for known in await self._index(homes["index"])]
        links = set(decode_links(await self._last(homes["links"]), name="links"))
        gained = bytes([MEMBERS]) + row.key + bytes.fromhex(guid_of("user", day).replace("-", ""))
        lost = sorted(link for link in links if link[1:17] == row.key and link != gained)[:1]
        links = links.difference(lost) | {gained}
        blocks = {
            "objects": await self._last(objects) + frame,
            "index": encode_rows_of_index(rows),
            "links": encode_links(links),
        }
        files = [
            await self._rewritten(file, blocks[file.part], day)
            if homes.get(file.part) is file and file.part in blocks
            else file
            for file in manifest.files
        ]
        sequence = day + 1
        changes = [ROW.pack(row.key, GROUP_CODE, OBJECT, 0, sequence, now.digest)]
        changes += [ROW.pack(row.key, link[0], UNLINKED, 0, sequence, link[17:]) for link in lost]
        changes += [ROW.pack(row.key, MEMBERS, LINKED, 0, sequence, gained[17:])]
        return msgspec.structs.replace(manifest, files=tuple(files)), now, changes

    async def _index(self, file: File) -> list[IndexRow]:
        return decode_index(await self._last(file), name=file.name)

    async def _last(self, file: File) -> bytes:
        """Return the block of the last shard of a file."""
        part = file.shards[-1]
        return await self._vault.read(file.name, part.offset, part.length)

    async def _rewritten(self, file: File, block: bytes, day: int) -> File:
        """Write a file whose last block is another; return its description."""
        part = file.shards[-1]
        content = await self._vault.read(file.name, 0, part.offset) + block
        name = f"{TENANT}/{_snapshot_id(day)}/{file.name.rpartition('/')[2]}"
        await self._vault.create(name, content)
        last = msgspec.structs.replace(part, length=len(block), crc32=zlib.crc32(block))
        shards = (*file.shards[:-1], last)
        return msgspec.structs.replace(file, name=name, length=len(content), sha256=sha256(content), shards=shards)

    def _beside(self, file: File, day: int) -> File:
        """Return the file as one of the day's own snapshot, under a second name for the same bytes on disk."""
        name = f"{TENANT}/{_snapshot_id(day)}/{file.name.rpartition('/')[2]}"
        place = self._vault.root / name
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.hardlink_to(self._vault.root / file.name)
        return msgspec.structs.replace(file, name=name)

    async def _sealed(self, manifest: Manifest, day: int) -> Manifest:
        before = self.states[-1]
        created_at = self.states[0].created_at + timedelta(days=day)
        own = msgspec.structs.replace(
            manifest,
            files=tuple(self._beside(file, day) for file in manifest.files),
            snapshot_id=_snapshot_id(day),
            sequence=day + 1,
            previous_sha256=before.manifest_sha256,
            created_at=created_at,
        )
        content, digest = seal(own)
        name = manifest_name(f"{TENANT}/{own.snapshot_id}")
        await self._vault.create(name, content)
        await self._snapshots.signing.sign(self._vault, name, digest)
        state = msgspec.structs.replace(
            before,
            snapshot_id=own.snapshot_id,
            sequence=own.sequence,
            created_at=created_at,
            manifest_name=name,
            manifest_sha256=digest,
        )
        await self._snapshots.list_again(state)
        self.states.append(state)
        return own


class CountedBlobs:
    """ports.Blobs that counts what is read."""

    def __init__(self, inner: Blobs) -> None:
        self._inner = inner
        self.reads = 0

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return the bytes, one read more."""
        self.reads += 1
        return await self._inner.read(name, offset, length)

    async def create(self, name: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Create the blob."""
        await self._inner.create(name, content, metadata)

    async def names(self, prefix: str) -> list[str]:
        """Return names as they are."""
        return await self._inner.names(prefix)

    async def container(self) -> Container:
        """Return what the container says of itself."""
        return await self._inner.container()


def _snapshot_id(day: int) -> str:
    return f"2027{day:04d}T060000Z-{day:08x}"
