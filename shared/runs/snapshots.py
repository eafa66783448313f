"""The sealed snapshots of a tenant, and a reader that opens one and proves every byte it hands out.

Reads go manifest first: its digest comes from the snapshot list (or from the next manifest), its signature from a key
that is trusted, every file's digest from the manifest, every body's digest from the index. Anything that does not match
raises IntegrityError naming the file.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import SnapshotSummary
from shared.formats.deleted import decode_deleted
from shared.formats.digests import checked
from shared.formats.frames import decompress
from shared.formats.links import BLOCK_BYTES_MAX, ROW_BYTES, decode_links
from shared.formats.manifests import MANIFEST_NAME, Manifest, unseal
from shared.formats.objects import ROW, IndexRow, body_at, decode_index, lines_of
from shared.formats.rows import removed_key, snapshot_key, snapshot_of, snapshot_values
from shared.formats.segments import File, Part, shard_of
from shared.ports import ANY, Blobs, Put, Row, Rows
from shared.runs.bodies import Opener, ShardBodies
from shared.runs.layers import LayeredReader, Readable
from shared.runs.signing import Signing

FILES_KEPT = 6  # index and link files held at once by one reader: three per side of a comparison


class Snapshots:
    """The snapshot list of each tenant, and the vault it points into."""

    def __init__(self, rows: Rows, vault: Blobs, signing: Signing) -> None:
        self.rows, self.vault, self.signing = rows, vault, signing

    async def listed(self, tenant: str) -> list[SnapshotSummary]:
        """Return every sealed snapshot, newest first."""
        rows = await self.rows.scan(tenant, snapshot_key(""))
        return [_listed(row, tenant) for row in reversed(rows)]

    async def removed(self, tenant: str) -> list[SnapshotSummary]:
        """Return the snapshots that have left the vault, or are leaving, as they were listed, oldest first."""
        rows = await self.rows.scan(tenant, removed_key(""))
        return [snapshot_of(row.values, key=row.key) for row in rows]

    async def latest(self, tenant: str) -> SnapshotSummary | None:
        """Return the newest sealed snapshot, None when there is none."""
        listed = await self.listed(tenant)
        return listed[0] if listed else None

    async def named(self, tenant: str, snapshot_id: str) -> SnapshotSummary:
        """Return the snapshot of that id; raise NotFoundError."""
        row = await self.rows.read(tenant, snapshot_key(snapshot_id))
        if row is None:
            raise NotFoundError("snapshot", snapshot_id)
        return _listed(row, tenant)

    async def on_wire(self, tenant: str, wire_id: str) -> SnapshotSummary:
        """Return the snapshot that Graph's spelling of an id names; raise NotFoundError for what names none."""
        for known in await self.listed(tenant):
            if wire_snapshot_id(known.snapshot_id) == wire_id:
                return known
        raise NotFoundError("snapshot", wire_id)

    async def list_again(self, known: SnapshotSummary) -> None:
        """Write the row of a snapshot whose manifest is in the vault: the list is made from manifests."""
        await self.rows.write(known.tenant, [Put(snapshot_key(known.snapshot_id), snapshot_values(known), ANY)])

    async def open(self, tenant: str, snapshot_id: str) -> Readable:
        """Open a sealed snapshot for reading, a restore point through its base.

        Raises IntegrityError when a manifest is not what was sealed.
        """
        return await self.layered((await self.prove(await self.named(tenant, snapshot_id)))[0])

    async def layered(self, own: SnapshotReader) -> Readable:
        """Return what a manifest lists as a whole state: an increment over its base, which is proven here."""
        return LayeredReader(await self.base_of(own.manifest), own) if own.manifest.is_increment else own

    async def base_of(self, manifest: Manifest) -> SnapshotReader:
        """Open the snapshot that a restore point lies over; raise IntegrityError when it is not the one it names."""
        try:
            known = await self.named(manifest.tenant, manifest.base_id)
        except NotFoundError:
            raise IntegrityError(manifest.snapshot_id, f"its base {manifest.base_id} is not listed") from None
        if known.manifest_sha256 != manifest.base_sha256:
            raise IntegrityError(known.manifest_name, f"it is not the base that {manifest.snapshot_id} was sealed over")
        base = (await self.prove(known))[0]
        if base.manifest.is_increment or base.manifest.shard_count != manifest.shard_count:
            raise IntegrityError(known.manifest_name, f"it cannot be the base of {manifest.snapshot_id}")
        return base

    async def prove(self, known: SnapshotSummary) -> tuple[SnapshotReader, bool]:
        """Open a listed snapshot, its manifest proven; return also whether a trusted key has signed it.

        The list is a mutable row, so a manifest that it names must say itself whose and which it is.
        """
        reader = await open_manifest(self.vault, known.manifest_name, known.manifest_sha256)
        own = reader.manifest
        said = (own.tenant, own.snapshot_id, own.base_id, own.sequence)
        if said != (known.tenant, known.snapshot_id, known.base_id, known.sequence):
            raise IntegrityError(known.manifest_name, "it belongs to another tenant or snapshot than it is listed for")
        return reader, await self.signing.check(self.vault, known.manifest_name, known.manifest_sha256)

    async def manifests(self, tenant: str) -> list[str]:
        """Return the names of all manifests in the vault: the truth from which the list can be rebuilt."""
        names = await self.vault.names(f"{tenant}/")
        return [name for name in names if name.endswith(f"/{MANIFEST_NAME}")]


def summary_of(manifest: Manifest, *, name: str, sha256: str, sealed_at: datetime) -> SnapshotSummary:
    """Return the row of the list for a manifest stored as `name`, as far as the manifest tells it."""
    return SnapshotSummary(
        tenant=manifest.tenant,
        snapshot_id=manifest.snapshot_id,
        base_id=manifest.base_id,
        job_id=manifest.job_id,
        created_at=manifest.created_at,
        sealed_at=sealed_at,
        sequence=manifest.sequence,
        manifest_name=name,
        manifest_sha256=sha256,
        counts=manifest.count(),
        ways={known: facts.way for known, facts in manifest.types.items()},
        incomplete=manifest.incomplete,
    )


def _listed(row: Row, tenant: str) -> SnapshotSummary:
    """Return what a row of the list says; raise IntegrityError when it stands under another's name."""
    known = snapshot_of(row.values, key=row.key)
    if known.tenant != tenant or snapshot_key(known.snapshot_id) != row.key:
        raise IntegrityError(row.key, "the row is that of another tenant or snapshot")
    return known


async def open_manifest(blobs: Blobs, name: str, sha256: str) -> SnapshotReader:
    """Open what a manifest lists, once the manifest is proven by `sha256`.

    Its files lie beside it; one that names a file of another tenant, snapshot or job is refused, whoever signed it.
    """
    manifest = unseal(await stored(blobs, name), name=name, expected=sha256)
    folder = f"{name.rpartition('/')[0]}/"
    for file in manifest.files:
        if not file.name.startswith(folder) or "/" in file.name.removeprefix(folder):
            raise IntegrityError(name, f"it lists {file.name[:200]!r}, which does not lie beside it")
    return SnapshotReader(blobs, manifest)


async def stored(blobs: Blobs, name: str, offset: int = 0, length: int | None = None) -> bytes:
    """Return bytes of a file that something proven lists; its absence is damage, not a wrong question."""
    try:
        return await blobs.read(name, offset, length)
    except NotFoundError:
        raise IntegrityError(name, "it is listed, but it is not there") from None


class SnapshotReader:
    """What one manifest lists, read shard by shard. Shards are counted by `shard_count` of the caller, which may fold.

    Of a restore point this is the increment alone: its rows hold tombstones, its links operations.
    """

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
            block = await self._block(file, own)
            rows.update(decode_links(block, name=file.name, is_increment=self.manifest.is_increment))
        if shard_count <= self.manifest.shard_count:
            return rows  # an own shard lies in one of the caller's as a whole
        return {row for row in rows if shard_of(row[1:17], shard_count) == shard}

    async def stored_index(self, shard: int, shard_count: int) -> bytes | None:
        """Return the block of a shard's index as it is stored, None where it has to be put together from rows."""
        return await self._stored_rows("index", shard, shard_count, ROW.size)

    async def stored_links(self, shard: int, shard_count: int) -> bytes | None:
        """Return the block of a shard's links as it is stored, None where it has to be put together from rows."""
        return await self._stored_rows("links", shard, shard_count, ROW_BYTES)

    async def _stored_rows(self, part: Part, shard: int, shard_count: int, width: int) -> bytes | None:
        files = self._files(part, shard, shard_count)
        if len(files) != 1 or shard_count != self.manifest.shard_count or self.manifest.base_id:
            return None
        own, file = files[0]
        content = decompress(await self._block(file, own), name=file.name, bytes_max=BLOCK_BYTES_MAX)
        if len(content) % width:
            raise IntegrityError(file.name, f"{len(content)} bytes are no whole number of {width}-byte rows")
        return content

    async def deleted(self, without: frozenset[int] = frozenset()) -> set[bytes]:
        """Return the keys of all soft-deleted objects, those of types with a code in `without` left out."""
        keys: set[bytes] = set()
        for file in self.manifest.files:
            if file.part == "deleted":
                for part in file.shards:
                    keys |= decode_deleted(await self._block(file, part.shard), name=file.name, without=without)
        return keys

    async def bodies(self, rows: list[IndexRow]) -> dict[tuple[bytes, int], bytes]:
        """Return the bodies that `rows` point at, each proven by its digest; one read per shard touched."""
        opened = await self.opener(rows)
        return {(row.key, row.type_code): opened(row) for row in rows}

    async def opener(self, rows: Iterable[IndexRow]) -> Opener:
        """Read what is stored of the bodies that `rows` point at, once per shard touched; return what opens each."""
        mask, listed = self.manifest.shard_count - 1, list(rows)  # as in `index`
        shards = [zlib.crc32(row[0]) & mask for row in listed]
        wanted: dict[int, list[IndexRow]] = {own: [] for own in set(shards)}
        for own, row in zip(shards, listed, strict=True):
            wanted[own].append(row)
        opened = {own: await self._shard_bodies(own, wanted[own]) for own in sorted(wanted)}
        if len(opened) == 1:
            return next(iter(opened.values())).open
        return lambda row: opened[zlib.crc32(row[0]) & mask].open(row)

    async def body(self, row: IndexRow) -> bytes:
        """Return the one body that `row` points at, proven by its digest; reads nothing but its frame."""
        own = shard_of(row.key, self.manifest.shard_count)
        file = self._home(own)
        if row.offset + row.length > file.length:
            raise IntegrityError(file.name, f"object {row.key.hex()}: its place lies outside the file")
        frame = await stored(self._blobs, file.name, row.offset, row.length)
        return body_at(lines_of(frame, name=file.name), row, name=file.name)

    async def whole(self, file: File) -> bytes:
        """Return all bytes of one of this snapshot's files, proven by its digest."""
        content = await stored(self._blobs, file.name)
        return checked(content, name=file.name, length=file.length, expected=file.sha256)

    async def block(self, part: Part, own: int) -> tuple[str, memoryview]:
        """Return the name of the file and the block of one of this snapshot's own shards, empty where there is none."""
        for file in self.manifest.files:
            if file.part == part and any(known.shard == own for known in file.shards):
                return file.name, await self._block(file, own)
        return self.manifest.snapshot_id, memoryview(b"")

    async def _shard_bodies(self, own: int, wanted: list[IndexRow]) -> ShardBodies:
        file = self._home(own)
        part = next(known for known in file.shards if known.shard == own)
        content = await stored(self._blobs, file.name, part.offset, part.length)
        if len(content) != part.length or zlib.crc32(content) != part.crc32:
            raise IntegrityError(file.name, f"shard {own} was cut or altered")
        return ShardBodies(file.name, part, content, wanted)

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

    async def _block(self, file: File, own: int) -> memoryview:
        """Return one shard's block of an index, link or deleted file, the whole file proven first."""
        if file.name not in self._whole:
            self._whole[file.name] = await self.whole(file)
            while len(self._whole) > FILES_KEPT:
                self._whole.popitem(last=False)
        part = next(known for known in file.shards if known.shard == own)
        return memoryview(self._whole[file.name])[part.offset : part.offset + part.length]
