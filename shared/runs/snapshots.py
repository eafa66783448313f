"""The sealed snapshots of a tenant, and a reader that opens one and proves every byte it hands out.

Reads go manifest first: its digest comes from the snapshot list (or from the next manifest), its signature from a key
that is trusted, every file's digest from the manifest, every body's digest from the index. Anything that does not match
raises IntegrityError naming the file.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict

from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import SnapshotSummary
from shared.formats.deleted import decode_deleted
from shared.formats.digests import checked
from shared.formats.frames import checked_rows
from shared.formats.links import BLOCK_BYTES_MAX, ROW_BYTES, decode_links
from shared.formats.manifests import MANIFEST_NAME, Manifest, unseal
from shared.formats.objects import KEY_AND_TYPE, ROW, IndexRow, body_at, decode_index, lines_of
from shared.formats.rows import snapshot_key, snapshot_of
from shared.formats.segments import File, Part, shard_of
from shared.ports import Blobs, Row, Rows
from shared.runs.signing import Signing

FILES_KEPT = 6  # index and link files held at once by one reader: three per side of a comparison


class Snapshots:
    """The snapshot list of each tenant, and the vault it points into."""

    def __init__(self, rows: Rows, vault: Blobs, signing: Signing) -> None:
        self._rows, self.vault, self.signing = rows, vault, signing

    async def listed(self, tenant: str) -> list[SnapshotSummary]:
        """Return every sealed snapshot, newest first."""
        rows = await self._rows.scan(tenant, snapshot_key(""))
        return [_listed(row, tenant) for row in reversed(rows)]

    async def latest(self, tenant: str) -> SnapshotSummary | None:
        """Return the newest sealed snapshot, None when there is none."""
        listed = await self.listed(tenant)
        return listed[0] if listed else None

    async def named(self, tenant: str, snapshot_id: str) -> SnapshotSummary:
        """Return the snapshot of that id; raise NotFoundError."""
        row = await self._rows.read(tenant, snapshot_key(snapshot_id))
        if row is None:
            raise NotFoundError("snapshot", snapshot_id)
        return _listed(row, tenant)

    async def on_wire(self, tenant: str, wire_id: str) -> SnapshotSummary:
        """Return the snapshot that Graph's spelling of an id names; raise NotFoundError for what names none."""
        for known in await self.listed(tenant):
            if wire_snapshot_id(known.snapshot_id) == wire_id:
                return known
        raise NotFoundError("snapshot", wire_id)

    async def open(self, tenant: str, snapshot_id: str) -> SnapshotReader:
        """Open a sealed snapshot for reading; raise IntegrityError when its manifest is not what was sealed."""
        return (await self.prove(await self.named(tenant, snapshot_id)))[0]

    async def prove(self, known: SnapshotSummary) -> tuple[SnapshotReader, bool]:
        """Open a listed snapshot, its manifest proven; return also whether a trusted key has signed it.

        The list is a mutable row, so a manifest that it names must say itself whose and which it is.
        """
        reader = await open_manifest(self.vault, known.manifest_name, known.manifest_sha256)
        own = reader.manifest
        if (own.tenant, own.snapshot_id, own.sequence) != (known.tenant, known.snapshot_id, known.sequence):
            raise IntegrityError(known.manifest_name, "it belongs to another tenant or snapshot than it is listed for")
        return reader, await self.signing.check(self.vault, known.manifest_name, known.manifest_sha256)

    async def manifests(self, tenant: str) -> list[str]:
        """Return the names of all manifests in the vault: the truth from which the list can be rebuilt."""
        names = await self.vault.names(f"{tenant}/")
        return [name for name in names if name.endswith(f"/{MANIFEST_NAME}")]


def _listed(row: Row, tenant: str) -> SnapshotSummary:
    """Return what a row of the list says; raise IntegrityError when it stands under another's name."""
    known = snapshot_of(row.values, key=row.key)
    if known.tenant != tenant or snapshot_key(known.snapshot_id) != row.key:
        raise IntegrityError(row.key, "the row is that of another tenant or snapshot")
    return known


async def open_manifest(blobs: Blobs, name: str, sha256: str) -> SnapshotReader:
    """Open what a manifest lists, once the manifest is proven by `sha256`."""
    return SnapshotReader(blobs, unseal(await stored(blobs, name), name=name, expected=sha256))


async def stored(blobs: Blobs, name: str, offset: int = 0, length: int | None = None) -> bytes:
    """Return bytes of a file that something proven lists; its absence is damage, not a wrong question."""
    try:
        return await blobs.read(name, offset, length)
    except NotFoundError:
        raise IntegrityError(name, "it is listed, but it is not there") from None


class SnapshotReader:
    """One state of a tenant, read shard by shard. Shards are counted by `shard_count` of the caller, which may fold."""

    def __init__(self, blobs: Blobs, manifest: Manifest) -> None:
        self._blobs, self.manifest = blobs, manifest
        self._whole: OrderedDict[str, bytes] = OrderedDict()

    async def index(self, shard: int, shard_count: int) -> list[IndexRow]:
        """Return the index rows of the objects in `shard` of `shard_count`."""
        rows: list[IndexRow] = []
        for own, file in self._files("index", shard, shard_count):
            rows += decode_index(await self._block(file, own), name=file.name)
        mask = shard_count - 1  # as shard_of, whose call would cost as much as the rest of the row
        return [row for row in rows if zlib.crc32(row[0]) & mask == shard]

    async def links(self, shard: int, shard_count: int) -> set[bytes]:
        """Return the link rows of the sources in `shard` of `shard_count`."""
        rows: set[bytes] = set()
        for own, file in self._files("links", shard, shard_count):
            rows.update(decode_links(await self._block(file, own), name=file.name))
        if shard_count <= self.manifest.shard_count:
            return rows  # an own shard lies in one of the caller's as a whole
        return {row for row in rows if shard_of(row[1:17], shard_count) == shard}

    async def packed_index(self, shard: int, shard_count: int) -> bytes:
        """Return what `index` returns as one block of rows sorted by key and type code."""
        blocks = self._files("index", shard, shard_count)
        if len(blocks) == 1 and self._is_plain(shard_count):
            own, file = blocks[0]
            return checked_rows(await self._block(file, own), ROW.size, name=file.name)
        rows = sorted(await self.index(shard, shard_count), key=KEY_AND_TYPE)
        return b"".join(ROW.pack(*row) for row in rows)

    async def packed_links(self, shard: int, shard_count: int) -> bytes:
        """Return what `links` returns as one block of sorted rows."""
        blocks = self._files("links", shard, shard_count)
        if len(blocks) == 1 and self._is_plain(shard_count):
            own, file = blocks[0]
            return checked_rows(await self._block(file, own), ROW_BYTES, name=file.name, bytes_max=BLOCK_BYTES_MAX)
        return b"".join(sorted(await self.links(shard, shard_count)))

    def _is_plain(self, shard_count: int) -> bool:
        """Tell whether a block as stored is a shard of the caller's: same count, and nothing lies over it."""
        return shard_count == self.manifest.shard_count and not self.manifest.base_id

    async def deleted(self) -> set[bytes]:
        """Return the keys of all soft-deleted objects."""
        keys: set[bytes] = set()
        for file in self.manifest.files:
            if file.part == "deleted":
                for part in file.shards:
                    keys |= decode_deleted(await self._block(file, part.shard), name=file.name)
        return keys

    async def bodies(self, rows: list[IndexRow]) -> dict[tuple[bytes, int], bytes]:
        """Return the bodies that `rows` point at, each proven by its digest; one read per shard touched."""
        wanted: dict[int, list[IndexRow]] = {}
        for row in rows:
            wanted.setdefault(shard_of(row.key, self.manifest.shard_count), []).append(row)
        found: dict[tuple[bytes, int], bytes] = {}
        for own, members in wanted.items():
            await self._open_bodies(self._home(own).name, own, members, found)
        return found

    async def _open_bodies(
        self, name: str, own: int, members: list[IndexRow], found: dict[tuple[bytes, int], bytes]
    ) -> None:
        file = next(known for known in self.manifest.files if known.name == name)
        part = next(known for known in file.shards if known.shard == own)
        content = await stored(self._blobs, name, part.offset, part.length)
        if len(content) != part.length or zlib.crc32(content) != part.crc32:
            raise IntegrityError(name, f"shard {own} was cut or altered")
        frames: dict[int, list[bytes]] = {}
        for row in members:
            start = row.offset - part.offset
            if start < 0 or start + row.length > len(content):
                raise IntegrityError(name, f"object {row.key.hex()}: its place lies outside shard {own}")
            if row.offset not in frames:
                frames[row.offset] = lines_of(content[start : start + row.length], name=name)
            found[row.key, row.type_code] = body_at(frames[row.offset], row, name=name)

    def _home(self, own: int) -> File:
        for file in self.manifest.files:
            if file.part == "objects" and any(part.shard == own for part in file.shards):
                return file
        raise IntegrityError(self.manifest.snapshot_id, f"shard {own} has no file of bodies")

    def _files(self, part: Part, shard: int, shard_count: int) -> list[tuple[int, File]]:
        """Return the files of this snapshot's own shards that hold anything of the caller's shard."""
        found = []
        smaller = min(shard_count, self.manifest.shard_count)
        for file in self.manifest.files:
            if file.part == part:
                found += [(own.shard, file) for own in file.shards if own.shard % smaller == shard % smaller]
        return found

    async def _block(self, file: File, own: int) -> bytes:
        """Return one shard's block of an index, link or deleted file, the whole file proven first."""
        if file.name not in self._whole:
            content = await stored(self._blobs, file.name)
            self._whole[file.name] = checked(content, name=file.name, length=file.length, expected=file.sha256)
            while len(self._whole) > FILES_KEPT:
                self._whole.popitem(last=False)
        part = next(known for known in file.shards if known.shard == own)
        return self._whole[file.name][part.offset : part.offset + part.length]
