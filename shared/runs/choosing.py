"""Choose what a reading goes on from: the sealed state before it, its delta tokens, and which types to read whole.

A capture goes on from the newest sealed state; the reading of a report or a recovery seals none, so it may go on from
the newest of which tokens are known, and keeps what changed as an increment over that day's snapshot.

Reads only, so a crash at any line costs asking again. Whatever is odd about the state before (its job's rows are gone,
its manifest cannot be proven, it is known to be damaged, a native recovery wrote past delta) leads to a whole reading,
which needs none of it; the reason is kept with the job and in the manifest. A live reading passes damaged states over.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

import msgspec

from shared.catalogue.entry import ObjectType
from shared.domain.errors import DirectoryError, IntegrityError
from shared.domain.jobs import Job, Kind, SnapshotSummary, State
from shared.formats.manifests import Manifest
from shared.formats.segments import shard_count_for
from shared.jobs.choices import Choice, is_expired, reads_by_ids, tokens_of
from shared.jobs.states import ENDS
from shared.jobs.ways import FIRST, FULL_DAYS_DEFAULT, NO_DELTA, Way, all_full, way_of
from shared.ports import Clock, Directory
from shared.runs.damaging import Damaging
from shared.runs.ledger import Ledger
from shared.runs.snapshots import Snapshots

STATES_TRIED = 8  # newer ones without tokens were imported, or their jobs' rows are gone
ASKED_FOR = "a whole reading was asked for"
GROWTH_MAX = 2  # a state is carried on in its own shards until they hold twice what a shard should


class CaptureSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How tenants are read: a whole capture every `full_days`; whether native recoveries are watched for.

    For `live_minutes` a live report's reading is used by later ones, 0 for never.
    """

    full_days: int = FULL_DAYS_DEFAULT
    watches_native: bool = True
    live_minutes: int = 0


class Choosing:
    """Chooses for the step prepare."""

    def __init__(
        self, ledger: Ledger, snapshots: Snapshots, directory: Directory, clock: Clock, settings: CaptureSettings
    ) -> None:
        self._ledger, self._snapshots, self._directory = ledger, snapshots, directory
        self._clock, self._settings = clock, settings
        self._damaging = Damaging(snapshots, clock)

    async def choose(
        self, job: Job, types: Sequence[ObjectType], objects: int, left_out: Container[str] = ()
    ) -> Choice:
        """Return how a reading of a tenant with about so many `objects` reads each of `types`.

        `left_out` names the derived types that Graph refuses now.
        """
        fresh = {entry.name: Way(why=FIRST if entry.has_delta else NO_DELTA) for entry in types}
        if job.options.reads_whole:
            return Choice(ways=all_full(fresh, ASKED_FOR))
        if reads_by_ids(job):
            return await self._over_target(job, types)
        known = await self._newest(job) if any(entry.has_delta for entry in types) else None
        return await self._going_on(job, types, objects, known, left_out) if known else Choice(ways=fresh)

    async def _going_on(
        self,
        job: Job,
        types: Sequence[ObjectType],
        objects: int,
        known: SnapshotSummary,
        left_out: Container[str],
    ) -> Choice:
        """Return how each of `types` is read when there is a state to go on from, if it can be proven."""
        fresh = {entry.name: Way(why="" if entry.has_delta else NO_DELTA) for entry in types}
        if fault := await self._damaging.fault(known):
            return Choice(ways=all_full(fresh, f"the state before is damaged: {fault}"))
        try:
            before = (await self._snapshots.prove(known))[0].manifest
            if before.is_increment:
                await self._snapshots.base_of(before)
        except IntegrityError as error:
            return Choice(ways=all_full(fresh, f"the state before could not be proven: {error}"))
        obstacle, watch = await self._obstacle(job, before)
        if not obstacle and shard_count_for(objects) > GROWTH_MAX * before.shard_count:
            obstacle = "the tenant has outgrown the shards of the state before"
        if obstacle:
            return Choice(ways=all_full(fresh, obstacle), watch=watch)
        ways = await self._ways(job, types, before, left_out)
        choice = Choice(
            ways=ways,
            before=before.snapshot_id,
            shards=before.shard_count,
            watch=watch,
            since=before.consistency.began_at or before.created_at,
        )
        if not choice.carried:
            is_checked = any(known.is_due for known in ways.values())
            return msgspec.structs.replace(choice, before=before.snapshot_id if is_checked else "", shards=0)
        if job.seals_increment:
            return msgspec.structs.replace(choice, over=before.base_id or before.snapshot_id)
        return choice

    async def _over_target(self, job: Job, types: Sequence[ObjectType]) -> Choice:
        """Return how the objects that a scope names are read: over the target, which stands for all the others."""
        target = (await self._snapshots.prove(await self._snapshots.named(job.tenant, job.snapshot_id)))[0].manifest
        return Choice(
            ways={entry.name: Way(way="ids") for entry in types},
            before=target.snapshot_id,
            over=target.base_id or target.snapshot_id,
            shards=target.shard_count,
        )

    async def _newest(self, job: Job) -> SnapshotSummary | None:
        """Return the state to go on from, None when there is none; for a capture always the newest one."""
        listed = await self._snapshots.listed(job.tenant)
        if job.kind is not Kind.CAPTURE:
            for known in listed[:STATES_TRIED]:
                has_tokens = tokens_of(await self._ledger.batches(job.tenant, known.job_id))
                if has_tokens and not await self._damaging.fault(known):
                    return known
        return listed[0] if listed else None

    async def _ways(
        self, job: Job, types: Sequence[ObjectType], before: Manifest, left_out: Container[str]
    ) -> dict[str, Way]:
        """Return the way of each type, the tokens tried on Graph, which may have forgotten them early."""
        tokens = tokens_of(await self._ledger.batches(job.tenant, before.job_id))
        full_days = None if job.seals_increment else self._settings.full_days
        ways: dict[str, Way] = {}
        for entry in types:
            token, facts = tokens.get(entry.name), before.types.get(entry.name)
            granted = [kind for kind in entry.own_kinds if kind in before.incomplete and kind not in left_out]
            way = way_of(entry, facts, token, now=self._clock.now(), full_days=full_days, granted=granted)
            if way.way == "delta" and (why := await self._forgotten(entry, way.token)):
                way = Way(why=why)
            ways[entry.name] = way
        return ways

    async def _forgotten(self, entry: ObjectType, token: str) -> str:
        try:
            await self._directory.delta_page(entry, token, "")
        except DirectoryError as error:
            if not is_expired(error):
                raise
            return f"Graph no longer takes the delta token: {error}"
        return ""

    async def _obstacle(self, job: Job, before: Manifest) -> tuple[str, str]:
        """Return what forces a whole reading of everything, empty when nothing does, and what the watch saw."""
        ended = [one for one in await self._ledger.jobs(job.tenant) if one.kind is Kind.CAPTURE and one.state in ENDS]
        if ended and ended[0].state is State.FAILED and ended[0].error_code == IntegrityError.code:
            return "the capture before this one met damaged bytes", ""
        if not self._settings.watches_native:
            return "", "switched off"
        began_at = before.consistency.began_at or before.created_at
        try:
            recoveries = await self._directory.native_recoveries()
        except DirectoryError as error:
            return "", f"not available: {error}"
        for known in recoveries:
            if known.ended_at is None or known.ended_at >= began_at:
                fact = f"native recovery {known.job_id} ({known.status}), which delta does not show"
                return f"since the state before there was {fact}", fact
        return "", f"no native recovery since {_shown(began_at)}"


def _shown(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
