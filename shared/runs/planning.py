"""Turn a recovery's differences into batches, and its references too once restores have brought most of them back.

A crash repeats the step: batch files are written under the attempt's number, batch rows replace what a dead attempt
left, and nobody starts a wave before this step is recorded as done.
"""

from __future__ import annotations

import msgspec

from shared.catalogue.entry import ObjectType, Wave
from shared.catalogue.types import TYPES
from shared.compare.references import writable_references
from shared.compare.shards import link_differences
from shared.domain.changes import Action, Change, Difference, Json, LinkDifference
from shared.domain.ids import KEY_BYTES, key_guid, object_key
from shared.domain.jobs import Batch, BatchState, Job, Step
from shared.ports import Blobs, Directory
from shared.recover.chosen import NOT_CHOSEN, chosen_links
from shared.recover.lockout.stand_ins import as_if_made, standing_in
from shared.recover.plan import dealt, foreseen_links, left_alone, link_changes, object_changes
from shared.recover.writes import LINKS_PER_PATCH_MAX
from shared.runs.comparing import Comparing
from shared.runs.guarding import Guarding
from shared.runs.layers import Readable
from shared.runs.laying import arranged, confirmation, first_number, foretold, lay
from shared.runs.ledger import Ledger
from shared.runs.pairing import through
from shared.runs.patience import Patience
from shared.runs.preparing import WAVE_PLAN
from shared.runs.renaming import Named, old_ids, with_naming
from shared.runs.renewing import Renewed, renewed_by
from shared.runs.tenure import Pause, Tenure


class Planning:
    """The steps plan (objects) and relink (references)."""

    def __init__(
        self,
        ledger: Ledger,
        directory: Directory,
        work: Blobs,
        comparing: Comparing,
        guarding: Guarding,
        patience: Patience,
    ) -> None:
        self._ledger, self._directory, self._work = ledger, directory, work
        self._comparing, self._guarding, self._patience = comparing, guarding, patience

    async def plan(self, tenure: Tenure) -> Pause | None:
        """Lay out every batch of object changes, and the step that will lay out those of references.

        Raises LockOutError before any batch exists when the plan could lock administrators out (decision D15).
        """
        job = tenure.job
        rows = await self._ledger.batches(job.tenant, job.job_id)
        named = await self._named(job, await self._comparing.differences(rows))
        differences = named.rows
        spared = await self._guard(job, differences)
        allowed = [row for row in differences if row.object_id not in spared]
        waves = object_changes(allowed, job.options)
        estimate = foretold(job, waves, foreseen_links(allowed, job.options))
        laid: list[Batch] = []
        for wave, changes in sorted(waves.items()) if not job.options.makes_plan else ():
            laid += await lay(self._work, tenure, wave, arranged(wave, changes))
        chosen = job.options.chosen
        reasons: dict[str, int] = {NOT_CHOSEN: chosen.others} if chosen and chosen.others else {}
        for difference in differences:
            reason = left_alone(difference, job.options) or spared.get(difference.object_id, "")
            if reason:
                reasons[reason] = reasons.get(reason, 0) + 1
        counts = {f"leftAlone.{reason}": count for reason, count in reasons.items()}
        counts |= {"plannedObjects": estimate.objects, "estimatedWrites": estimate.writes}
        counts |= {"estimatedSeconds": estimate.seconds}
        if job.options.makes_plan:
            counts["plannedLinks"] = estimate.links
        elif any(entry.references and job.scope.covers_type(entry.name) for entry in TYPES):
            laid.append(
                Batch(
                    job_id=job.job_id,
                    number=first_number(Wave.RELINK),
                    wave=WAVE_PLAN + Wave.RELINK.place,
                    step=Step.RELINK,
                )
            )
        if not job.options.makes_plan:
            laid.append(confirmation(job))
        done = msgspec.structs.replace(
            tenure.batch, state=BatchState.DONE, counts=counts, cursor={"digest": estimate.digest, "spared": spared}
        )
        if named.warnings:
            done = msgspec.structs.replace(done, outputs=[{"warnings": list(named.warnings)}])
        await tenure.record(done, added=laid)
        return None

    async def _guard(self, job: Job, differences: list[Difference]) -> dict[str, str]:
        async def sides() -> tuple[Readable, Readable]:
            return through(await self._comparing.target(job), stand_ins), await self._comparing.live(job)

        acted_on = [row for row in differences if not left_alone(row, job.options)]
        waves = object_changes(acted_on, job.options)
        stand_ins = standing_in(change for changes in waves.values() for change in changes)
        judged = as_if_made(waves, stand_ins.ids)
        spared = await self._guarding.judge(job, acted_on, judged, sides)
        return {**spared, **{old: spared[new] for old, new in stand_ins.ids.items() if new in spared}}

    async def _named(self, job: Job, differences: list[Difference]) -> Named:
        """Return the rows with those that name what is to be created anew, which reading both states again tells."""
        acted_on = [row for row in differences if not left_alone(row, job.options)]
        if not old_ids(acted_on):
            return Named(differences)
        sides = (await self._comparing.target(job), await self._comparing.live(job))
        return await with_naming(job, differences, acted_on, sides)

    async def relink(self, tenure: Tenure) -> Pause | None:
        """Read again the references that the recovery touches, and lay out batches for what is still different.

        Touched are: objects whose references differed, objects that were restored, and objects that refer to restored
        ones. Reading after the restores makes most link writes vanish (decision D13).
        """
        job = tenure.job
        rows = await self._ledger.batches(job.tenant, job.job_id)
        differences = [row for row in await self._comparing.differences(rows) if not left_alone(row, job.options)]
        renewed = await renewed_by(self._work, rows)
        changes: list[Change] = []
        for entry in TYPES:
            if entry.references and job.scope.covers_type(entry.name):
                changes += await self._relink_type(tenure, entry, differences, renewed)
        laid = await lay(self._work, tenure, Wave.LINKS, dealt(changes, LINKS_PER_PATCH_MAX))
        done = msgspec.structs.replace(tenure.batch, state=BatchState.DONE, counts={"plannedLinks": len(changes)})
        await tenure.record(done, added=laid)
        return None

    async def _relink_type(
        self, tenure: Tenure, entry: ObjectType, differences: list[Difference], renewed: Renewed
    ) -> list[Change]:
        touched = {row.object_id for row in differences if row.type == entry.name and row.links}
        restored = {object_key(row.object_id) for row in differences if row.action is Action.RESTORE}
        restored |= set(map(object_key, renewed.young))
        wanted = await self._wanted(tenure, entry, {object_key(object_id) for object_id in touched}, restored)
        sources = sorted(
            object_id
            for object_id in {*touched, *(key_guid(key) for key in wanted)}
            if tenure.job.scope.covers(entry.name, object_id)
        )
        found = await self._patience.found(entry, sources, renewed) if sources else {}
        bodies: dict[str, Json] = {
            object_id: msgspec.json.decode(state.body)
            for object_id, state in found.items()
            if state.body is not None and not state.is_deleted
        }
        changes: list[Change] = []
        links = await self._still_different(entry, wanted, bodies)
        if tenure.job.options.chosen is not None:
            links = chosen_links(links, entry.name, tenure.job.options.chosen)
        for object_id in sorted(links):
            name = str(bodies[object_id].get("displayName") or "")
            changes += link_changes(entry.name, object_id, name, links[object_id])
        return changes

    async def _wanted(
        self, tenure: Tenure, entry: ObjectType, touched: set[bytes], restored: set[bytes]
    ) -> dict[bytes, set[bytes]]:
        """Return the target's link rows of every touched source, by source; hidden ends left out."""
        target = await self._comparing.target(tenure.job)
        hidden, codes = await target.deleted(), {reference.code for reference in entry.references}
        shard_count = target.manifest.shard_count
        wanted: dict[bytes, set[bytes]] = {key: set() for key in touched}
        for shard in range(shard_count):
            rows = [row for row in await target.links(shard, shard_count) if row[0] in codes]
            near = {row[1 : 1 + KEY_BYTES] for row in rows if row[1 + KEY_BYTES :] in restored}
            for row in rows:
                source = row[1 : 1 + KEY_BYTES]
                if source in touched or source in near or source in restored:
                    wanted.setdefault(source, set()).add(row)
        return {source: {row for row in rows if row[1 + KEY_BYTES :] not in hidden} for source, rows in wanted.items()}

    async def _still_different(
        self, entry: ObjectType, wanted: dict[bytes, set[bytes]], bodies: dict[str, Json]
    ) -> dict[str, list[LinkDifference]]:
        different: dict[str, list[LinkDifference]] = {}
        for reference in entry.references:
            ids = [known for known in sorted(bodies) if reference.name in writable_references(entry, bodies[known])]
            present = await self._directory.references(entry, reference.name, ids) if ids else {}
            for object_id, others in present.items():
                key = object_key(object_id)
                target = {row for row in wanted.get(key, set()) if row[0] == reference.code}
                now = {bytes([reference.code]) + key + object_key(other) for other in others}
                found = link_differences(
                    *(b"".join(sorted(rows)) for rows in (target, now)), target_deleted=set(), current_deleted=set()
                )
                for links in found.values():
                    different.setdefault(object_id, []).extend(links)
        return different
