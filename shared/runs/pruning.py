"""Remove what has expired: snapshots, files that no manifest came to list, and working files of ended captures.

What may go is decided by shared/jobs/retention.py from ages that the storage service told. A snapshot leaves in two
runs: the first takes it off the list, the second, an hour later at the least, removes its manifest, with which it ends,
and then its files. Whoever looked it up before has begun a job by then, and what a job names stays. The storage's
refusal (its policy still protects the manifest) is "not yet": the snapshot is listed again.

A crash costs nothing: before the row goes the snapshot is still listed; before its manifest goes, the next run removes
or lists it; after that its files are left over and the next run removes them.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from shared.domain.jobs import Job, Kind, SnapshotSummary
from shared.domain.protection import Protection
from shared.domain.pruning import Pruned
from shared.formats.manifests import manifest_name
from shared.formats.rows import PRUNED_KEY, pruned_of, pruned_values, removed_key, snapshot_key, snapshot_values
from shared.formats.watches import WATCH_KEY, watch_of
from shared.jobs.retention import DAY_SECONDS, Rules, Stored, kept_days, reasons_to_keep
from shared.jobs.states import ENDS
from shared.ports import ANY, Clock, Put, Row, Shelf
from shared.runs.holding import Holding
from shared.runs.inventory import Folder, Inventory
from shared.runs.ledger import Ledger
from shared.runs.scopes import SCOPE_PLACE
from shared.runs.snapshots import Snapshots

GRACE_SECONDS = 3600.0  # no call lasts longer than 10 minutes (host.json), so an hour covers every look at the list
SNAPSHOTS_MAX = 100  # that one run removes; the next takes the rest
BLOBS_MAX = 5_000  # likewise; at some 10 ms each a run stays within the 10 minutes of a call

log = logging.getLogger(__name__)


@dataclass
class _Done:
    """What a run has done so far."""

    removed: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    leftovers: int = 0
    blobs: int = 0


class Pruning:
    """Prunes one vault and one work container; without a shelf nothing is removed from that one."""

    def __init__(
        self,
        snapshots: Snapshots,
        ledger: Ledger,
        clock: Clock,
        rules: Rules,
        *,
        vault_shelf: Shelf | None,
        work_shelf: Shelf | None,
    ) -> None:
        self._snapshots, self._ledger, self._clock, self._rules = snapshots, ledger, clock, rules
        self._holding = Holding(snapshots, clock)
        self._vault_shelf, self._work_shelf = vault_shelf, work_shelf

    async def last(self, tenant: str) -> Pruned | None:
        """Return what the last run did, None when there was none."""
        row = await self._snapshots.rows.read(tenant, PRUNED_KEY)
        return pruned_of(row.values, key=row.key) if row else None

    async def prune(self, tenant: str) -> Pruned:
        """Remove what may go and return what was done; the newest result is kept in a row."""
        done, kept = _Done(), Counter[str]()
        jobs = await self._ledger.jobs(tenant)
        if self._vault_shelf is not None:
            kept = await self._prune_vault(tenant, self._vault_shelf, jobs, done)
        pruned = Pruned(
            at=self._clock.now(),
            removed=tuple(done.removed),
            leaving=tuple(done.leaving),
            refused=done.refused,
            kept=dict(kept),
            leftovers=done.leftovers,
            work_files=await self._prune_work(tenant, jobs),
        )
        await self._snapshots.rows.write(tenant, [Put(PRUNED_KEY, pruned_values(pruned), ANY)])
        log.info("vault pruned", extra={"tenant": tenant, **msgspec.to_builtins(pruned)})
        return pruned

    async def _prune_vault(self, tenant: str, shelf: Shelf, jobs: list[Job], done: _Done) -> Counter[str]:
        inventory = Inventory(self._snapshots, shelf)
        protection = (await self._snapshots.vault.container()).protection
        folders = await inventory.folders(tenant)
        listed = {known.snapshot_id: known for known in await self._snapshots.listed(tenant)}
        removed = await inventory.removed(tenant)
        reasons, leftovers = await self._decide(tenant, inventory, folders, listed, removed, jobs, protection)
        for snapshot_id, reason in reasons.items():
            row, known = removed.get(snapshot_id, (None, None))
            if reason:
                if known is not None and snapshot_id not in listed:
                    await self._list_again(tenant, known)
            elif snapshot_id in listed:
                await self._unlist(tenant, listed[snapshot_id])
                done.leaving.append(snapshot_id)
            elif row is None or known is None or row.age_seconds < GRACE_SECONDS:
                done.leaving.append(snapshot_id)
            elif len(done.removed) < SNAPSHOTS_MAX and done.blobs < BLOBS_MAX:
                await self._remove(tenant, shelf, folders[snapshot_id], known, done)
        for folder in leftovers:
            if done.blobs < BLOBS_MAX:
                done.leftovers += await self._remove_files(shelf, folder, done)
        return Counter(reason for reason in reasons.values() if reason)

    async def _decide(
        self,
        tenant: str,
        inventory: Inventory,
        folders: dict[str, Folder],
        listed: dict[str, SnapshotSummary],
        removed: dict[str, tuple[Row, SnapshotSummary]],
        jobs: list[Job],
        protection: Protection,
    ) -> tuple[dict[str, str], list[Folder]]:
        """Return why each sealed snapshot stays ("" if it may go), and the folders without manifest that may go."""
        wanted = {name for job in jobs if job.state not in ENDS for name in (job.snapshot_id, job.against)}
        pinned = await self._pinned(tenant)
        holds, proofs = await self._holding.holds(tenant), await self._holding.verifications(tenant)
        days, stored, leftovers = kept_days(self._rules, protection), [], []
        is_anything_old = any(folder.age_days >= days for folder in folders.values())
        for folder in folders.values():
            name = folder.snapshot_id
            is_held = name in holds and holds[name].is_held
            if not folder.is_sealed:
                if folder.age_days >= days and name not in wanted and name != pinned and not is_held:
                    leftovers.append(folder)
                continue
            known = listed.get(name) or (removed[name][1] if name in removed else None)
            if is_anything_old:
                await inventory.prove(tenant, folder, known)
            stored.append(
                Stored(
                    snapshot_id=name,
                    age_days=folder.age_days,
                    base_id=folder.manifest.base_id if folder.manifest else "",
                    is_proven=folder.manifest is not None and not folder.fault,
                    is_good=not (known and known.alerts) and not (name in proofs and proofs[name].fault),
                    is_held=is_held,
                    is_pinned=name == pinned,
                    is_wanted=name in wanted,
                )
            )
        return reasons_to_keep(stored, self._rules, protection), leftovers

    async def _pinned(self, tenant: str) -> str:
        """Return the snapshot that drift is judged against, empty when none is pinned; a watch that is off pins too."""
        row = await self._snapshots.rows.read(tenant, WATCH_KEY)
        return watch_of(row.values, key=row.key).baseline if row else ""

    async def _unlist(self, tenant: str, known: SnapshotSummary) -> None:
        await self._snapshots.rows.write(tenant, [Put(removed_key(known.snapshot_id), snapshot_values(known), ANY)])
        await self._snapshots.rows.remove(tenant, snapshot_key(known.snapshot_id))
        log.info("snapshot leaving", extra={"tenant": tenant, "snapshot_id": known.snapshot_id})

    async def _list_again(self, tenant: str, known: SnapshotSummary) -> None:
        await self._snapshots.rows.write(tenant, [Put(snapshot_key(known.snapshot_id), snapshot_values(known), ANY)])
        await self._snapshots.rows.remove(tenant, removed_key(known.snapshot_id))

    async def _remove(self, tenant: str, shelf: Shelf, folder: Folder, known: SnapshotSummary, done: _Done) -> None:
        """Remove a snapshot: its manifest, with which it ends, then the rest."""
        if code := await shelf.remove(manifest_name(folder.prefix)):
            await self._list_again(tenant, known)
            done.refused[folder.snapshot_id] = code
            log.warning("snapshot not yet removable", extra={"snapshot_id": folder.snapshot_id, "reason": code})
            return
        await self._remove_files(shelf, folder, done)
        done.removed.append(folder.snapshot_id)
        log.info("snapshot removed", extra={"tenant": tenant, "snapshot_id": folder.snapshot_id})

    async def _remove_files(self, shelf: Shelf, folder: Folder, done: _Done) -> int:
        """Remove every file of a folder that has no manifest; return how many went. What is refused stays."""
        gone = [not await shelf.remove(blob.name) for blob in folder.blobs if blob.name != manifest_name(folder.prefix)]
        done.blobs += len(gone)
        return sum(gone)

    async def _prune_work(self, tenant: str, jobs: list[Job]) -> int:
        """Remove the working files of captures that have ended; reports and recoveries keep theirs.

        A scope whose job never came to be goes too: starting the job died between the two, or was refused.
        """
        if self._work_shelf is None:
            return 0
        known = {job.job_id for job in jobs}
        ended = {job.job_id for job in jobs if job.kind is Kind.CAPTURE and job.state in ENDS}
        gone = 0
        for blob in await self._work_shelf.aged(f"{tenant}/"):
            is_old = blob.age_seconds >= self._rules.work_days * DAY_SECONDS
            job_id, _, place = blob.name.split("/", 1)[1].partition("/")
            is_over = job_id in ended or (place == SCOPE_PLACE and job_id not in known)
            if is_old and is_over and gone < BLOBS_MAX:
                gone += not await self._work_shelf.remove(blob.name)
        return gone
