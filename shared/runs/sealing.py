"""Put a job's segments into their final files and write the manifest last (decision D4, D5).

A capture seals into the vault; a report or a recovery keeps its live reading in the work container in the same form.
Names are made from the snapshot's id and the shard, and the bytes depend only on the segments, so an attempt after a
crash writes the same blobs again and finds them there. Until the manifest exists, no reader sees any of it; until its
signature exists and its row is written, nobody is told of it.
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec

from shared.catalogue.types import BY_CODE, reference_of_code, type_named
from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.jobs import Batch, BatchState, Kind, SnapshotSummary, Step
from shared.formats.deleted import encode_deleted
from shared.formats.links import apply_increment, decode_links, encode_links
from shared.formats.manifests import Manifest, TypeFacts, manifest_name, seal, unseal
from shared.formats.merkle import type_root
from shared.formats.objects import KEY_AND_TYPE, SOFT_DELETED, TOMBSTONE, IndexRow, decode_index, encode_index
from shared.formats.rows import snapshot_key, snapshot_values
from shared.formats.segments import File, FileWriter, Part, Segment
from shared.ports import ANY, Blobs, Clock, Put
from shared.runs.finishing import Finishing
from shared.runs.ledger import Ledger
from shared.runs.roots import files_of, kept, named_roots, roots_of
from shared.runs.snapshots import Snapshots
from shared.runs.staging import load_segment, store_file
from shared.runs.tenure import Pause, Tenure

TOOL = "tidemark/0.1.0"
FILE_BYTES_ENOUGH = 24 * 1024 * 1024  # a shard is a few MiB, so a file stays under the 48 MiB of decision D4


@dataclass(frozen=True)
class Place:
    """Where a job's sealed files go."""

    blobs: Blobs
    prefix: str


class Sealing:
    """The steps seal (one range of shards) and manifest."""

    def __init__(
        self, ledger: Ledger, work: Blobs, snapshots: Snapshots, clock: Clock, finishing: Finishing | None = None
    ) -> None:
        self._ledger, self._work, self._snapshots, self._clock = ledger, work, snapshots, clock
        self._finishing = finishing or Finishing(snapshots, clock)

    def place(self, tenure: Tenure) -> Place:
        """Return where this job seals: the vault for a capture, the work container for a live reading."""
        job = tenure.job
        if job.kind is Kind.CAPTURE:
            return Place(self._snapshots.vault, f"{job.tenant}/{job.snapshot_id}")
        return Place(self._work, f"{job.tenant}/{job.job_id}/live")

    async def seal(self, tenure: Tenure) -> Pause | None:
        """Merge every segment's part of a range of shards, newest row of an object first, into final files."""
        if tenure.job.kind is Kind.CAPTURE:
            await self._finishing.vault()  # no file goes into the vault while our clock cannot be believed
        segments = await self._segments(tenure)
        argument = tenure.batch.argument
        files: list[File] = []
        counts: dict[str, int] = {}
        roots: dict[int, dict[str, str]] = {}
        pending: list[int] = []
        writers = _writers()
        for shard in range(int(argument["first"]), int(argument["end"])):
            rows = await self._merge_objects(segments, shard, writers["objects"])
            links = await self._merge_links(segments, shard)
            writers["index"].add(shard, encode_index(rows), len(rows))
            writers["links"].add(shard, encode_links(links), len(links))
            deleted = [(row.type_code, row.key) for row in rows if row.flags & SOFT_DELETED]
            writers["deleted"].add(shard, encode_deleted(deleted), len(deleted))
            _count(counts, rows, links)
            roots[shard] = named_roots(rows, tenure.job.tenant, tenure.job.snapshot_id)
            pending.append(shard)
            if len(writers["objects"].content) > FILE_BYTES_ENOUGH:
                files += await self._store(tenure, pending, writers)
                pending, writers = [], _writers()
        if pending:
            files += await self._store(tenure, pending, writers)
        done = msgspec.structs.replace(tenure.batch, state=BatchState.DONE, outputs=kept(files, roots), counts=counts)
        await tenure.record(done)
        return None

    async def _store(self, tenure: Tenure, shards: list[int], writers: dict[Part, FileWriter]) -> list[File]:
        place = self.place(tenure)
        return [await store_file(place.blobs, f"{place.prefix}/{shards[0]:05d}", writer) for writer in writers.values()]

    async def manifest(self, tenure: Tenure) -> Pause | None:
        """Write the manifest, the commit point, then its signature, then the row of the list that points at it."""
        job, place = tenure.job, self.place(tenure)
        name = manifest_name(place.prefix)
        manifest = await self._manifest(tenure)
        try:
            manifest = _same(unseal(await place.blobs.read(name), name=name, expected=None), manifest, name=name)
        except NotFoundError:
            if job.kind is Kind.CAPTURE:
                await self._finishing.check(manifest)
            await place.blobs.create(name, seal(manifest)[0])
        digest = seal(manifest)[1]
        beside: list[Put] = []
        said: dict[str, Any] = {"name": name, "sha256": digest}
        if job.kind is Kind.CAPTURE:
            await self._snapshots.signing.sign(place.blobs, name, digest)
            finished = await self._finishing.look(manifest)
            said["warnings"] = list(finished.warnings)
            summary = SnapshotSummary(
                tenant=job.tenant,
                snapshot_id=job.snapshot_id,
                job_id=job.job_id,
                created_at=manifest.created_at,
                sealed_at=self._clock.now(),
                sequence=manifest.sequence,
                manifest_name=name,
                manifest_sha256=digest,
                counts=manifest.count(),
                protection=finished.protection,
                alerts=finished.alerts,
            )
            beside.append(Put(snapshot_key(job.snapshot_id), snapshot_values(summary), ANY))
        done = msgspec.structs.replace(tenure.batch, state=BatchState.DONE, outputs=[said])
        await tenure.record(done, beside=beside)
        return None

    async def _manifest(self, tenure: Tenure) -> Manifest:
        job = tenure.job
        batches = await self._ledger.batches(job.tenant, job.job_id)
        latest = await self._snapshots.latest(job.tenant) if job.kind is Kind.CAPTURE else None
        sealed = [batch for batch in batches if batch.step is Step.SEAL]
        outputs = [output for batch in sealed for output in batch.outputs]
        shard_count = int(tenure.batch.argument["shards"])
        roots = roots_of(outputs, shard_count)
        return Manifest(
            tenant=job.tenant,
            snapshot_id=job.snapshot_id,
            job_id=job.job_id,
            sequence=latest.sequence + 1 if latest else 1,
            previous_sha256=latest.manifest_sha256 if latest else "",
            created_at=job.created_at,
            rolled_forward_at=self._clock.now().replace(microsecond=0),
            shard_count=shard_count,
            types={
                name: _facts(name, sealed, tuple(of_shard.get(name, "") for of_shard in roots))
                for name in tenure.batch.argument["types"]
            },
            files=files_of(outputs),
            tool=TOOL,
        )

    async def _segments(self, tenure: Tenure) -> list[Segment]:
        batches = await self._ledger.batches(tenure.job.tenant, tenure.job.job_id)
        readers = sorted(
            (batch for batch in batches if batch.step in {Step.READ, Step.ROLL_FORWARD}),
            key=lambda batch: (batch.wave, batch.number),
        )
        assert all(batch.state is BatchState.DONE for batch in readers), "sealing before reading has ended"
        return [await load_segment(self._work, note) for batch in readers for note in batch.outputs]

    async def _merge_objects(self, segments: list[Segment], shard: int, bodies: FileWriter) -> list[IndexRow]:
        """Append the shard's frames, unopened, and return its rows; a later segment's row of an object wins."""
        newest: dict[tuple[bytes, int], IndexRow] = {}
        block = bytearray()
        start = len(bodies.content)
        for segment in segments:
            index, objects = segment.file("index"), segment.file("objects")
            if index is None or objects is None:
                continue
            indexed = await _range(self._work, index, shard)
            if not indexed:
                continue
            copied = await _range(self._work, objects, shard)  # empty when the shard has nothing but tombstones
            source_at = next(part.offset for part in objects.shards if part.shard == shard)
            rows = decode_index(indexed, name=index.name, move=start + len(block) - source_at)
            newest.update(zip(map(KEY_AND_TYPE, rows), rows, strict=True))
            block += copied
        living = [row for row in newest.values() if not row.flags & TOMBSTONE]
        bodies.add(shard, bytes(block), len(living))
        return living

    async def _merge_links(self, segments: list[Segment], shard: int) -> set[bytes]:
        merged: set[bytes] = set()
        for segment in segments:
            file = segment.file("links")
            block = await _range(self._work, file, shard) if file else b""
            if file is None or not block:
                continue
            rows = decode_links(block, name=file.name, is_increment=segment.is_increment)
            if segment.is_increment:
                apply_increment(merged, rows)
            else:
                merged.update(rows)
        return merged


def _writers() -> dict[Part, FileWriter]:
    parts: tuple[Part, ...] = ("objects", "index", "links", "deleted")
    return {part: FileWriter(part) for part in parts}


async def _range(blobs: Blobs, file: File, shard: int) -> bytes:
    """Return one shard's bytes of a file, guarded by the directory's CRC; empty when it has none."""
    part = next((known for known in file.shards if known.shard == shard), None)
    if part is None or not part.length:
        return b""
    content = await blobs.read(file.name, part.offset, part.length)
    if len(content) != part.length or zlib.crc32(content) != part.crc32:
        raise IntegrityError(file.name, f"shard {shard} was cut or altered")
    return content


def _count(counts: dict[str, int], rows: list[IndexRow], links: set[bytes]) -> None:
    for (type_code, is_deleted), number in Counter((row[5], row[6] & SOFT_DELETED) for row in rows).items():
        name = f"{'softDeleted' if is_deleted else 'objects'}.{BY_CODE[type_code].name}"
        counts[name] = counts.get(name, 0) + number
    for code, number in Counter(map(itemgetter(0), links)).items():
        kind_of = reference_of_code(code)
        if kind_of is not None:
            name = f"links.{kind_of[0].name}.{kind_of[1]}"
            counts[name] = counts.get(name, 0) + number


def _same(found: Manifest, ours: Manifest, *, name: str) -> Manifest:
    """Return the manifest that an attempt before us wrote, but never sign or list one that is not this job's."""
    written = msgspec.structs.replace(ours, rolled_forward_at=found.rolled_forward_at, tool=found.tool)
    if found != written:
        raise IntegrityError(name, "a manifest is there already, and it is not the one this job makes")
    return found


def _facts(type_name: str, sealed: list[Batch], roots: tuple[str, ...]) -> TypeFacts:
    entry = type_named(type_name)

    def total(name: str) -> int:
        return sum(batch.counts.get(name, 0) for batch in sealed)

    return TypeFacts(
        objects=total(f"objects.{type_name}"),
        soft_deleted=total(f"softDeleted.{type_name}"),
        links={known.name: total(f"links.{type_name}.{known.name}") for known in entry.references},
        select=entry.select if entry.sends_select else (),
        root=type_root(roots),
        shard_roots=roots,
    )
