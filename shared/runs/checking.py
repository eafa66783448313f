"""Compare a regular whole reading with what delta gave, and keep every object on which the two disagree (decision D6).

The state before the capture was kept by delta; the one just sealed was read whole. What differs between the two must
have been named since by delta (of owners and sponsors, by the audit log), or it was missed. Both are asked last, so
what moved while the capture ran is named too. The snapshot is sealed already and stays: a check that cannot be made
says why and fails nothing.

A crash at any line costs asking delta again and one shard; files of differences count only once a batch row names them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from shared.catalogue.types import BY_NAME, type_named
from shared.domain.changes import Difference
from shared.domain.errors import DirectoryError, InputError, IntegrityError, TidemarkError
from shared.domain.ids import object_key
from shared.domain.jobs import BatchState
from shared.domain.scope import Scope
from shared.formats.records import DIFFERENCES, encode_records
from shared.ports import Blobs, Clock, Directory
from shared.runs.audited_links import AuditedLinks
from shared.runs.differing import differences_of
from shared.runs.facing import Sides, opened
from shared.runs.snapshots import Snapshots
from shared.runs.tenure import Pause, Tenure

Named = dict[str, set[bytes]]


class Checking:
    """The step check."""

    def __init__(self, directory: Directory, work: Blobs, snapshots: Snapshots, clock: Clock) -> None:
        self._directory, self._work, self._snapshots = directory, work, snapshots
        self._audited = AuditedLinks(directory, clock)

    async def check(self, tenure: Tenure) -> Pause | None:
        """Store, shard by shard, the objects that the whole reading found otherwise and delta does not name."""
        try:
            return await self._compare(tenure)
        except (DirectoryError, IntegrityError, InputError) as error:
            await self._give_up(tenure, error)
            return None

    async def _compare(self, tenure: Tenure) -> Pause | None:
        tokens: dict[str, str] = tenure.batch.argument["tokens"]
        shards, start = int(tenure.batch.argument["shards"]), int(tenure.batch.cursor.get("shard", 0))
        sides = await self._sides(tenure, frozenset(tokens))
        before = sides.target.manifest
        named = await self._named(tokens, before.consistency.began_at or before.created_at)
        for shard in range(start, shards):
            found = await differences_of(sides, Scope(types=tuple(tokens)), (shard, shards))
            missed = [row for row in found if object_key(row.object_id) not in named[row.type]]
            await self._record(tenure, shard, missed, is_last=shard + 1 == shards)
            if shard + 1 < shards and (pause := await tenure.pause()):
                return pause
        return None

    async def _named(self, tokens: dict[str, str], since: datetime) -> Named:
        """Return the keys of the objects that delta, or the audit log, names since the state before, by type."""
        named: Named = {}
        for name, token in tokens.items():
            named[name] = set(map(object_key, await self._audited.names(type_named(name), since)))
            cursor: str | None = ""
            while cursor is not None:
                page = await self._directory.delta_page(type_named(name), token, cursor)
                named[name].update(map(object_key, page.changed))
                cursor = page.cursor if page.token is None else None
        return named

    async def _sides(self, tenure: Tenure, names: frozenset[str]) -> Sides:
        job = tenure.job
        before = await self._snapshots.open(job.tenant, tenure.batch.argument["before"])
        sides = await opened(before, await self._snapshots.open(job.tenant, job.snapshot_id))
        codes = frozenset(BY_NAME[name].code for name in names)
        return replace(sides, codes=sides.codes & codes)

    async def _record(self, tenure: Tenure, shard: int, missed: list[Difference], *, is_last: bool) -> None:
        batch, counts = tenure.batch, dict(tenure.batch.counts)
        outputs: list[dict[str, Any]] = list(batch.outputs)
        for row in missed:
            counts[f"disagreed.{row.type}"] = counts.get(f"disagreed.{row.type}", 0) + 1
        if missed:
            name = f"{tenure.job.tenant}/{batch.job_id}/disagreements/{shard:05d}-{batch.attempt}.ndz"
            content, digest = encode_records(DIFFERENCES, missed)
            await self._work.create(name, content)
            outputs.append({"name": name, "sha256": digest, "records": len(missed)})
        types = ", ".join(batch.argument["tokens"])
        said = f"{types}: {sum(counts.values())} objects were otherwise than delta had given them"
        state = BatchState.DONE if is_last else BatchState.RUNNING
        cursor = {"shard": shard + 1, "check": said}
        await tenure.record(msgspec.structs.replace(batch, state=state, cursor=cursor, outputs=outputs, counts=counts))

    async def _give_up(self, tenure: Tenure, error: TidemarkError) -> None:
        cursor = {**tenure.batch.cursor, "check": f"not compared with what delta gave: {error}"}
        await tenure.record(msgspec.structs.replace(tenure.batch, state=BatchState.DONE, cursor=cursor))
