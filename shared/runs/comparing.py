"""Compare the target snapshot with the job's own reading of the tenant, shard by shard.

A crash costs the batch's shards: differences are written under the attempt's number and count only once recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import object_id_of
from shared.catalogue.types import BY_CODE, BY_NAME
from shared.compare.judge import ABSENT, Side, judge
from shared.compare.references import hangs_on_hidden, kept_links
from shared.compare.shards import Key, by_key, is_soft_deleted, link_differences, suspects
from shared.domain.changes import Action, Difference, Json
from shared.domain.errors import InputError
from shared.domain.ids import GUID, key_guid
from shared.domain.jobs import Batch, BatchState, Job, Step
from shared.domain.scope import Scope
from shared.formats.manifests import Manifest
from shared.formats.objects import IndexRow, decode_body
from shared.formats.records import DIFFERENCES, decode_records, encode_records
from shared.ports import Blobs
from shared.runs.layers import Readable
from shared.runs.ledger import Ledger
from shared.runs.snapshots import Snapshots, open_manifest
from shared.runs.tenure import Pause, Tenure


class Comparing:
    """The step compare."""

    def __init__(self, ledger: Ledger, work: Blobs, snapshots: Snapshots) -> None:
        self._ledger, self._work, self._snapshots = ledger, work, snapshots

    async def compare(self, tenure: Tenure) -> Pause | None:
        """Compare every shard of the batch and store the differences."""
        job, argument = tenure.job, tenure.batch.argument
        target = await self._snapshots.open(job.tenant, job.snapshot_id)
        current = await self.live(job)
        refused = not_comparable(job.scope, target.manifest, current.manifest)
        sides = await opened(target, current)
        outputs, counts = list(tenure.batch.outputs), dict(tenure.batch.counts)
        start = int(tenure.batch.cursor.get("shard", argument["first"]))
        for shard in range(start, int(argument["end"])):
            found = await differences_of(sides, job.scope, (shard, int(argument["shards"])))
            name = f"{job.tenant}/{job.job_id}/differences/{shard:05d}-{tenure.batch.attempt}.ndz"
            content, digest = encode_records(DIFFERENCES, found)
            await self._work.create(name, content)
            outputs.append({"name": name, "sha256": digest, "records": len(found)})
            _count(counts, found)
            is_last = shard + 1 == int(argument["end"])
            cursor = {"shard": shard + 1, "notCompared": refused}
            state = BatchState.DONE if is_last else BatchState.RUNNING
            await tenure.record(
                msgspec.structs.replace(
                    tenure.batch, state=state, outputs=list(outputs), counts=dict(counts), cursor=cursor
                )
            )
            if not is_last and (pause := await tenure.pause()):
                return pause
        return None

    async def live(self, job: Job) -> Readable:
        """Open the job's own reading of the tenant."""
        batches = await self._ledger.batches(job.tenant, job.job_id)
        output = next(batch for batch in batches if batch.step is Step.MANIFEST).outputs[0]
        return await open_manifest(self._work, output["name"], output["sha256"])

    async def differences(self, batches: list[Batch]) -> list[Difference]:
        """Return every difference that the batches of a job have stored, in shard order."""
        found: list[Difference] = []
        for output in difference_files(batches):
            found += await self.load(output)
        return found

    async def load(self, output: dict[str, Any]) -> list[Difference]:
        """Return the differences of one stored file, proven by the digest in its batch row."""
        content = await self._work.read(output["name"])
        return decode_records(content, Difference, DIFFERENCES, name=output["name"], expected=output["sha256"])


@dataclass(frozen=True)
class Sides:
    """Two states of a tenant, the keys that are in their recycle bins, and the codes of the types both hold."""

    target: Readable
    current: Readable
    hidden: tuple[set[bytes], set[bytes]]
    codes: frozenset[int]


async def opened(target: Readable, current: Readable) -> Sides:
    """Return the two sides, ready to be compared."""
    codes = {entry.code for name, entry in BY_NAME.items() if name in target.manifest.types}
    codes &= {entry.code for name, entry in BY_NAME.items() if name in current.manifest.types}
    return Sides(target, current, (await target.deleted(), await current.deleted()), frozenset(codes))


def not_comparable(scope: Scope, target: Manifest, current: Manifest) -> dict[str, str]:
    """Return, by name, why a type in scope is not compared: one side does not hold it, so nothing follows from that.

    Raises InputError when the scope asks for just such a type.
    """
    found: dict[str, str] = {}
    for name in BY_NAME:
        if not scope.covers_type(name):
            continue
        if name in target.incomplete:
            found[name] = f"the snapshot does not hold it: {target.incomplete[name]}"
        elif name not in target.types:
            found[name] = "the snapshot does not hold it: it was taken before this type was captured"
        elif name not in current.types:
            found[name] = f"the tenant refuses it now: {current.incomplete.get(name, 'without a reason')}"
    asked = [name for name in found if scope.types is not None or scope.ids is not None]
    if asked:
        facts = "; ".join(f"{name} cannot be compared: {found[name]}" for name in asked)
        raise InputError(facts, member="scope")
    return found


async def differences_of(sides: Sides, scope: Scope, place: tuple[int, int]) -> list[Difference]:
    """Return what differs in one shard (number, of how many) of the types that both sides hold."""
    before = by_key(row for row in await sides.target.index(*place) if row.type_code in sides.codes)
    now = by_key(row for row in await sides.current.index(*place) if row.type_code in sides.codes)
    links = link_differences(
        await sides.target.links(*place),
        await sides.current.links(*place),
        target_deleted=sides.hidden[0],
        current_deleted=sides.hidden[1],
    )
    in_scope = {key for key in links if key[1] in sides.codes and scope.covers_key(BY_CODE[key[1]].name, key[0])}
    keys = sorted({*suspects(before, now, scope), *in_scope})
    old = await sides.target.bodies([before[key] for key in keys if key in before])
    new = await sides.current.bodies([now[key] for key in keys if key in now])
    found: list[Difference] = []
    for key in keys:
        entry = BY_CODE[key[1]]
        left, right = _side(key, before, old), _side(key, now, new)
        if hangs_on_hidden(entry, left.body, right.body, sides.hidden):
            continue
        known = _known_as(entry, key, right.body or left.body or {})
        row = judge(entry, known, left, right, kept_links(entry, links.get(key, ()), left.body, right.body))
        if row is not None:
            found.append(row)
    return found


def difference_files(batches: list[Batch]) -> list[dict[str, Any]]:
    """Return the stored files of differences of a job, in shard order."""
    return [output for batch in batches if batch.step is Step.COMPARE for output in batch.outputs]


def _side(key: Key, rows: dict[Key, IndexRow], bodies: dict[Key, bytes]) -> Side:
    row = rows.get(key)
    if row is None:
        return ABSENT
    body = decode_body(bodies[key], name=f"object {key[0].hex()}")
    return Side(body, is_deleted=is_soft_deleted(row))


def _known_as(entry: ObjectType, key: Key, body: Json) -> str:
    known = object_id_of(entry, body)
    return key_guid(key[0]) if GUID.match(known) else known


def _count(counts: dict[str, int], found: list[Difference]) -> None:
    for row in found:
        names = [f"report.{row.type}.{row.action}", "objectsCalculated"]
        names += ["refused"] if row.refusal else []
        for name in names:
            counts[name] = counts.get(name, 0) + 1
        if row.links:
            added = sum(1 for link in row.links if link.action is Action.LINK)
            for action, count in ((Action.LINK, added), (Action.UNLINK, len(row.links) - added)):
                name = f"report.{row.type}.{action}"
                counts[name] = counts.get(name, 0) + count
            counts["linksCalculated"] = counts.get("linksCalculated", 0) + len(row.links)
