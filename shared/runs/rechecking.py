"""The verification that a timer starts: every manifest, then the whole of the newest snapshot, and of the snapshot and
the restore point that have gone unproven for longest, so that in time every byte in the vault is read again.

The first batch proves all manifests and lays the others out; each of those proves one snapshot, some shards at a time;
the last one fails the job when anything was damaged, after everything else was looked at. Reads the vault only. A crash
costs the shards since the last recording.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec

from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.jobs import Batch, BatchState, SnapshotSummary, Step
from shared.domain.verification import Mode, Verification
from shared.formats.manifests import Manifest
from shared.ports import Clock
from shared.runs.damaging import NEVER, Damaging, snapshot_of
from shared.runs.holding import Holding
from shared.runs.ledger import Ledger
from shared.runs.proving import Proof, prove_shards
from shared.runs.snapshot_reader import SnapshotReader
from shared.runs.snapshots import Snapshots
from shared.runs.tenure import Pause, Tenure
from shared.runs.verifying import Verified, Verifying

SHARDS_AT_ONCE = 4  # as many as lie in one file (shared/runs/preparing.py), so that no file is read twice
WAVE_SNAPSHOTS, WAVE_VERDICT = 1, 2

log = logging.getLogger(__name__)


class Rechecking:
    """The step verify, and verifications that somebody asks for; both keep what they found."""

    def __init__(self, snapshots: Snapshots, verifying: Verifying, ledger: Ledger, clock: Clock) -> None:
        self._snapshots, self._verifying, self._ledger, self._clock = snapshots, verifying, ledger, clock
        self._holding, self._damaging = Holding(snapshots, clock), Damaging(snapshots, clock)

    async def verify_now(
        self, tenant: str, snapshot_id: str, mode: Mode, part: tuple[int, int], *, requested_by: str
    ) -> Verified:
        """Verify at once and keep the result. Raises as Verifying.verify does."""
        told = Verification(
            snapshot_id=snapshot_id, at=NEVER, mode=mode, part=f"{part[0]}/{part[1]}", requested_by=requested_by
        )
        try:
            verified = await self._verifying.verify(tenant, snapshot_id, mode, part)
        except IntegrityError as error:
            await self._damaging.keep(tenant, _faulty(told, error))
            raise
        await self._damaging.keep(tenant, _proven(told, verified.is_signed, verified.is_chained, verified))
        return verified

    async def verify(self, tenure: Tenure) -> Pause | None:
        """Do one batch of a verification."""
        if "snapshot_id" in tenure.batch.argument:
            return await self._whole(tenure, str(tenure.batch.argument["snapshot_id"]))
        if "verdict" in tenure.batch.argument:
            return await self._verdict(tenure)
        return await self._manifests(tenure)

    async def _manifests(self, tenure: Tenure) -> Pause | None:
        """Prove every manifest and lay out the snapshots to read whole, and the verdict after them."""
        job, outputs, counts = tenure.job, [], {}
        try:
            verified = await self._verifying.verify(job.tenant, job.snapshot_id, Mode.QUICK)
            counts = {"manifestsProven": verified.snapshots}
        except IntegrityError as error:
            outputs = [_fault(error)]
            told = Verification(snapshot_id=job.snapshot_id, at=NEVER, mode=Mode.QUICK, requested_by=job.requested_by)
            await self._damaging.keep(job.tenant, _faulty(told, error))
        if unlisted := await self._unlisted(job.tenant):
            outputs.append({"warnings": [f"NOT LISTED: no row of the list names {', '.join(unlisted[:5])}"]})
        arguments = [{"snapshot_id": known.snapshot_id} for known in await self._chosen(job.tenant)]
        laid = [_batch(tenure, number, WAVE_SNAPSHOTS, argument) for number, argument in enumerate(arguments, start=1)]
        laid.append(_batch(tenure, len(laid) + 1, WAVE_VERDICT, {"verdict": True}))
        done = msgspec.structs.replace(tenure.batch, state=BatchState.DONE, outputs=outputs, counts=counts)
        await tenure.record(done, added=laid)
        return None

    async def _unlisted(self, tenant: str) -> list[str]:
        """Return the manifests in the vault that no row names: somebody hid a snapshot, or its capture broke off.

        No capture is between its manifest and its row meanwhile, because this job has the tenant.
        """
        known = [*await self._snapshots.listed(tenant), *await self._snapshots.removed(tenant)]
        named = {one.manifest_name for one in known}
        return [name for name in await self._snapshots.manifests(tenant) if name not in named]

    async def _chosen(self, tenant: str) -> list[SnapshotSummary]:
        """Return the newest snapshot, and of the others and the restore points the one proven longest ago or never."""
        listed = await self._snapshots.listed(tenant)
        whole, points = [one for one in listed if not one.base_id], [one for one in listed if one.base_id]
        proofs = await self._holding.verifications(tenant)

        def proven_at(known: SnapshotSummary) -> datetime:
            proof = proofs.get(known.snapshot_id)
            return (proof.full_at if proof else None) or NEVER

        return [*whole[:1], *sorted(whole[1:], key=proven_at)[:1], *sorted(points, key=proven_at)[:1]]

    async def _whole(self, tenure: Tenure, snapshot_id: str) -> Pause | None:
        """Prove one snapshot from where the batch stands, recording and asking whether to go on after some shards."""
        tenant, outputs = tenure.job.tenant, []
        told = Verification(snapshot_id=snapshot_id, at=NEVER, mode=Mode.FULL, requested_by=tenure.job.requested_by)
        try:
            known = await self._snapshots.named(tenant, snapshot_id)
            reader, is_signed = await self._snapshots.prove(known)
            is_chained = await self._verifying.is_chained(known, reader.manifest)
            proof = Proof(**tenure.batch.cursor)
            while proof.shards < reader.manifest.shard_count:
                if (pause := await tenure.pause()) is not None:
                    return pause
                proof = await self._some(tenure, reader, proof)
            _check_totals(reader.manifest, proof)
            await self._damaging.keep(tenant, _proven(told, is_signed, is_chained, proof))
        except NotFoundError:
            log.info("snapshot left before it was proven", extra={"snapshot_id": snapshot_id})
        except IntegrityError as error:
            if await self._is_listed(tenant, snapshot_id):  # what leaves by its age may go while it is read
                await self._damaging.keep(tenant, _faulty(told, error))
                outputs = [_fault(error)]
        await tenure.record(msgspec.structs.replace(tenure.batch, state=BatchState.DONE, outputs=outputs))
        return None

    async def _some(self, tenure: Tenure, reader: SnapshotReader, proof: Proof) -> Proof:
        """Prove the next shards and record it; return everything that is proven so far."""
        count = reader.manifest.shard_count
        shards = range(proof.shards, min(proof.shards + SHARDS_AT_ONCE, count))
        more = await prove_shards(self._snapshots.vault, reader, shards)
        proof = Proof(**{name: number + getattr(more, name) for name, number in asdict(proof).items()})
        figures = {"shardsProven": proof.shards, "shardsPlanned": count, "bytesRead": proof.bytes}
        await tenure.record(msgspec.structs.replace(tenure.batch, cursor=asdict(proof), counts=figures))
        return proof

    async def _verdict(self, tenure: Tenure) -> Pause | None:
        """End the job well, or by the first fault that any of its batches found."""
        batches = await self._ledger.batches(tenure.job.tenant, tenure.job.job_id)
        if faults := [output for batch in batches for output in batch.outputs if "fault" in output]:
            raise IntegrityError(str(faults[0]["file"]), str(faults[0]["fault"]))
        await tenure.record(msgspec.structs.replace(tenure.batch, state=BatchState.DONE))
        return None

    async def _is_listed(self, tenant: str, snapshot_id: str) -> bool:
        return any(known.snapshot_id == snapshot_id for known in await self._snapshots.listed(tenant))


def _batch(tenure: Tenure, number: int, wave: int, argument: dict[str, Any]) -> Batch:
    return Batch(job_id=tenure.job.job_id, number=number, wave=wave, step=Step.VERIFY, argument=argument)


def _fault(error: IntegrityError) -> dict[str, Any]:
    """Return what a batch keeps of a fault, for the verdict and for whoever looks at the job."""
    return {"file": error.name, "fault": error.fact, "warnings": [str(error)]}


def _faulty(told: Verification, error: IntegrityError) -> Verification:
    """Return the result of a verification that found a fault, told of the snapshot whose file it is."""
    return msgspec.structs.replace(told, snapshot_id=snapshot_of(error, told.snapshot_id), fault=str(error))


def _proven(told: Verification, is_signed: bool, is_chained: bool, figures: Proof | Verified) -> Verification:
    """Return the result of a verification that found none."""
    return msgspec.structs.replace(
        told,
        is_signed=is_signed,
        is_chained=is_chained,
        files=figures.files,
        bytes=figures.bytes,
        objects=figures.objects,
        links=figures.links,
    )


def _check_totals(manifest: Manifest, proof: Proof) -> None:
    """Raise unless all that was proven, some shards at a time, is all that the manifest counts."""
    counts = manifest.count()
    if proof.objects != counts["objects"] + counts["softDeleted"]:
        raise IntegrityError(manifest.snapshot_id, f"{proof.objects} objects are stored, {counts} are listed")
    if proof.files < len(manifest.files):
        raise IntegrityError(manifest.snapshot_id, f"{len(manifest.files)} files are listed, {proof.files} are used")
