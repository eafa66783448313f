"""Open a sealed snapshot, and prove every byte that is handed out of it.

Reads go manifest first: its digest comes from whoever names it, every file's digest from the manifest, every body's
digest from the index. Anything that does not match raises IntegrityError naming the file.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterable

from shared.domain.errors import IntegrityError, NotFoundError
from shared.formats.deleted import decode_deleted
from shared.formats.digests import checked
from shared.formats.frames import decompress
from shared.formats.link_runs import ROW_BYTES
from shared.formats.links import BLOCK_BYTES_MAX, decode_links
from shared.formats.manifests import Manifest, unseal
from shared.formats.objects import ROW, IndexRow, body_at, decode_index, lines_of
from shared.formats.segments import File, Part, shard_of
from shared.ports import Blobs
from shared.runs.bodies import Opener, ShardBodies

FILES_KEPT = 6  # index and link files held at once by one reader: three per side of a comparison


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
