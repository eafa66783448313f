"""Put a job's segments into their final files and write the manifest last (decision D4, D5).

A capture seals into the vault; a report or a recovery keeps its live reading in the work container in the same form.
Names are made from the snapshot's id and the shard, and the bytes depend only on the segments, so an attempt after a
crash writes the same blobs again and finds them there. Until the manifest exists, no reader sees any of it; until its
signature exists and its row is written, nobody is told of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from shared.catalogue.types import type_named
from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.ids import KEY_BYTES
from shared.domain.jobs import Batch, BatchState, Kind, Step
from shared.formats.deleted import encode_deleted
from shared.formats.frames import compress_rows
from shared.formats.manifests import Manifest, TypeFacts, manifest_name, seal, unseal
from shared.formats.merkle import type_root
from shared.formats.packed import PACKED_BYTES, SOFT_DELETED, TYPE_AT, flagged
from shared.formats.rows import snapshot_key, snapshot_values
from shared.formats.segments import File, FileWriter, Part
from shared.ports import ANY, Blobs, Clock, Put
from shared.runs.carrying import consistency, taken
from shared.runs.describing import Descriptions
from shared.runs.finishing import Finishing
from shared.runs.ledger import Ledger
from shared.runs.merging import Merge
from shared.runs.overlay import Overlay, Source, gone_keys
from shared.runs.roots import files_of, kept, named_roots, roots_of
from shared.runs.snapshots import Snapshots, summary_of
from shared.runs.staging import store_file
from shared.runs.tally import Tally
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
        self._described = Descriptions(work)
        self._finishing = finishing or Finishing(snapshots, clock)

    def place(self, tenure: Tenure) -> Place:
        """Return where this job seals: the vault for a capture, the work container for a live reading."""
        job = tenure.job
        if job.kind is Kind.CAPTURE:
            return Place(self._snapshots.vault, f"{job.tenant}/{job.snapshot_id}")
        return Place(self._work, f"{job.tenant}/{job.job_id}/live")

    async def seal(self, tenure: Tenure) -> Pause | None:
        """Merge a range of shards into final files: what is taken over, then every segment; the newest row wins."""
        if tenure.job.kind is Kind.CAPTURE:
            await self._finishing.vault()  # no file goes into the vault while our clock cannot be believed
        first, end = int(tenure.batch.argument["first"]), int(tenure.batch.argument["end"])
        batches = await self._ledger.batches(tenure.job.tenant, tenure.job.job_id)
        segments = await self._described.within(tenure.job.job_id, batches, first, end)
        said = await taken(self._snapshots, tenure.job.tenant, batches)
        read = [Source(self._work, one.files, one.is_increment) for one in segments]
        gone = await gone_keys([*said.sources, *read], int(tenure.batch.argument["shards"]))
        merge = (
            Overlay([*said.sources, *read], is_increment=said.is_increment)
            if said.before
            else Merge(self._work, segments, first, end)
        )
        tally = Tally(said.is_increment, gone)
        # All links before any object: the bodies are not to be held beside the links of the largest group.
        linked = {shard: await merge.links(shard, tally.add_links) for shard in range(first, end)}
        files: list[File] = []
        roots: dict[int, dict[str, str]] = {}
        pending: list[int] = []
        writers = _writers()
        for shard in range(first, end):
            rows = await merge.objects(shard, writers["objects"])
            tally.add_objects(rows)
            writers["index"].add(shard, compress_rows(rows), len(rows) // PACKED_BYTES)
            writers["links"].add(shard, *linked.pop(shard))
            deleted = [(row[TYPE_AT], row[:KEY_BYTES]) for row in flagged(rows, SOFT_DELETED)]
            writers["deleted"].add(shard, encode_deleted(deleted), len(deleted))
            roots[shard] = named_roots(rows, tenure.job.tenant, tenure.job.snapshot_id)
            pending.append(shard)
            if writers["objects"].size > FILE_BYTES_ENOUGH:
                files += await self._store(tenure, pending, writers)
                pending, writers = [], _writers()
        if pending:
            files += await self._store(tenure, pending, writers)
        done = msgspec.structs.replace(tenure.batch, state=BatchState.DONE, outputs=kept(files, roots))
        await tenure.record(msgspec.structs.replace(done, counts=tally.counts(), cursor=tally.cursor()))
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
            listed = summary_of(manifest, name=name, sha256=digest, sealed_at=self._clock.now())
            summary = msgspec.structs.replace(listed, protection=finished.protection, alerts=finished.alerts)
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
        said = await taken(self._snapshots, job.tenant, batches)
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
                name: said.of_type(_facts(name, sealed, tuple(of_shard.get(name, "") for of_shard in roots)), name)
                for name in tenure.batch.argument["types"]
            },
            base_id=said.over.snapshot_id if said.over else "",
            base_sha256=said.over_sha256,
            incomplete=said.facts.get("incomplete", {}),
            consistency=consistency(said, batches),
            files=files_of(outputs),
            tool=TOOL,
        )


def _writers() -> dict[Part, FileWriter]:
    parts: tuple[Part, ...] = ("objects", "index", "links", "deleted")
    return {part: FileWriter(part) for part in parts}


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
