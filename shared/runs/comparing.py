"""Compare the target snapshot with another state, shard by shard: the job's own reading of the tenant, or a snapshot.

A crash costs the batch's shards: differences are written under the attempt's number and count only once recorded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import object_id_of
from shared.catalogue.types import BY_CODE, BY_NAME
from shared.compare.judge import ABSENT, Side, judge, updated
from shared.compare.members import Members
from shared.compare.references import hangs_on_hidden, kept_links
from shared.compare.shards import Indexes, Key, Pair, chosen, link_differences, types_in
from shared.compare.sides import alike, asked_once
from shared.domain.changes import Action, Difference, Json, LinkDifference, UnknownObject
from shared.domain.errors import InputError, IntegrityError, NotFoundError
from shared.domain.ids import GUID, key_guid
from shared.domain.jobs import Batch, BatchState, Job, Options, Step
from shared.domain.scope import Scope
from shared.formats.manifests import Manifest
from shared.formats.objects import SOFT_DELETED, IndexRow, decode_body
from shared.formats.records import DIFFERENCES, UNKNOWN_OBJECTS, decode_records, encode_lines, encode_record
from shared.jobs.flow import SHARDS_COMPARED, SHARDS_PLANNED, totals
from shared.jobs.freshness import LiveReading
from shared.ports import Blobs
from shared.recover.orphans import staying_gone
from shared.runs.layers import LayeredReader, Readable
from shared.runs.ledger import Ledger
from shared.runs.packed import packed_of
from shared.runs.pairing import Pairing
from shared.runs.reported import Reported
from shared.runs.snapshots import Snapshots, open_manifest
from shared.runs.tenure import Pause, Tenure

Kept = TypeVar("Kept")
UNKNOWN_PART = "unknownObjects"  # `part` of the outputs that list ids which neither side has
NAMED_MAX = 5  # of them that a job's warning names; a batch's row has room for many more outputs, not for many names


class Comparing:
    """The step compare."""

    def __init__(self, ledger: Ledger, work: Blobs, snapshots: Snapshots) -> None:
        self._ledger, self._work, self._snapshots = ledger, work, snapshots
        self._pairing = Pairing(snapshots)

    async def compare(self, tenure: Tenure) -> Pause | None:
        """Compare every shard of the batch and store the differences."""
        job, argument = tenure.job, tenure.batch.argument
        sides = await self.facing(job)
        refused = not_comparable(job.scope, sides.target.manifest, sides.current.manifest)
        outputs, reported = list(tenure.batch.outputs), Reported(tenure.batch.counts, job.options.chosen)
        start = int(tenure.batch.cursor.get("shard", argument["first"]))
        for shard in range(start, int(argument["end"])):
            found, unknown = await compared(sides, job.scope, (shard, int(argument["shards"])), reported.keep)
            place = f"{shard:05d}-{tenure.batch.attempt}.ndz"
            outputs.append(await self._store(job, f"differences/{place}", DIFFERENCES, found))
            if unknown:
                lines = [encode_record(one) for one in unknown]
                stored = await self._store(job, f"unknown/{place}", UNKNOWN_OBJECTS, lines)
                outputs.append({**stored, "part": UNKNOWN_PART, "named": _named(unknown, outputs)})
            is_last = shard + 1 == int(argument["end"])
            counts = reported.counts()
            if SHARDS_PLANNED in counts:
                counts[SHARDS_COMPARED] = shard + 1 - int(argument["first"])
            cursor = {"shard": shard + 1, "notCompared": refused}
            state = BatchState.DONE if is_last else BatchState.RUNNING
            await tenure.record(
                msgspec.structs.replace(tenure.batch, state=state, outputs=list(outputs), counts=counts, cursor=cursor)
            )
            if not is_last and (pause := await tenure.pause()):
                return pause
        return None

    async def facing(self, job: Job, prepared: Mapping[str, Any] | None = None) -> Sides:
        """Open both sides of a job's comparison; raise IntegrityError or NotFoundError for one that is not there.

        `prepared` is what the step prepare will record, for that step itself.
        """
        target = await self._snapshots.open(job.tenant, job.snapshot_id)
        if job.against:
            current = await self._snapshots.open(job.tenant, job.against)
        else:
            current = await (self._opened(prepared["reading"]) if prepared else self.live(job))
        if isinstance(current, LayeredReader):
            current = current.over(target)
        if not job.against:
            return await opened(await self._pairing.paired(target), current)
        ends = (target.manifest.rolled_forward_at, current.manifest.rolled_forward_at)
        if ends[0] <= ends[1]:
            return await opened(await self._pairing.paired(target, until=ends[1]), current)
        return await opened(target, await self._pairing.paired(current, until=ends[0]))

    async def target(self, job: Job) -> Readable:
        """Open the snapshot that a recovery goes back to, with the ids that its objects have by now."""
        return await self._pairing.paired(await self._snapshots.open(job.tenant, job.snapshot_id))

    async def live(self, job: Job) -> Readable:
        """Open the job's reading of the tenant: its own, or the earlier report's that it uses."""
        batches = await self._ledger.batches(job.tenant, job.job_id)
        used = [batch.cursor["reading"] for batch in batches if "reading" in batch.cursor]
        own = (batch for batch in batches if batch.step is Step.MANIFEST)
        return await self._opened(used[0] if used else next(own).outputs[0])

    async def can_open(self, reading: LiveReading) -> bool:
        """Tell whether an earlier reading is still there, with what it lies over."""
        try:
            await self._opened({"name": reading.name, "sha256": reading.sha256})
        except (IntegrityError, NotFoundError):
            return False
        return True

    async def _opened(self, read: Mapping[str, Any]) -> Readable:
        return await self._snapshots.layered(await open_manifest(self._work, read["name"], read["sha256"]))

    async def parts(self, batches: list[Batch]) -> AsyncIterator[list[Difference]]:
        """Yield every difference that the batches have stored, file by file: that needs the memory of one shard."""
        for output in difference_files(batches):
            yield await self.load(output)

    async def staying_gone(self, batches: list[Batch], options: Options) -> frozenset[str]:
        """Return the ids of what is deleted for good and a plan with these options does not bring back."""
        if not any(name.startswith("report.") and name.endswith(f".{Action.RECREATE}") for name in totals(batches)):
            return frozenset()
        found: set[str] = set()
        async for rows in self.parts(batches):
            found |= staying_gone(rows, options)
        return frozenset(found)

    async def load(self, output: dict[str, Any]) -> list[Difference]:
        """Return the differences of one stored file, proven by the digest in its batch row."""
        content = await self._work.read(output["name"])
        return decode_records(content, Difference, DIFFERENCES, name=output["name"], expected=output["sha256"])

    async def load_unknown(self, output: dict[str, Any]) -> list[UnknownObject]:
        """Return the objects of one stored file that a scope names and that neither side has, proven by its digest."""
        name, digest = output["name"], output["sha256"]
        content = await self._work.read(name)
        return decode_records(content, UnknownObject, UNKNOWN_OBJECTS, name=name, expected=digest)

    async def _store(self, job: Job, place: str, tag: str, lines: list[bytes]) -> dict[str, Any]:
        name = f"{job.tenant}/{job.job_id}/{place}"
        content, digest = encode_lines(tag, lines)
        await self._work.create(name, content)
        return {"name": name, "sha256": digest, "records": len(lines)}


@dataclass(frozen=True)
class Sides:
    """Two states of a tenant, the keys that are in their recycle bins, and the codes of the types both hold.

    `once` has, by code, the properties of a type that exactly one side asked Graph for; `left_out` names the derived
    types that one side at least could not read.
    """

    target: Readable
    current: Readable
    hidden: tuple[set[bytes], set[bytes]]
    codes: frozenset[int]
    once: Mapping[int, frozenset[str]] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    _members: dict[int, Members | None] = field(default_factory=dict)

    def members_of(self, code: int) -> Members | None:
        """Return what bodies of a type have shown of their members so far; None where its objects are seen whole:
        they hang on others, are known by what they say, or were asked for other properties on either side.
        """
        if code not in self._members:
            entry = BY_CODE[code]
            is_whole = bool(entry.ends or entry.identity or self.once.get(code))
            self._members[code] = None if is_whole else Members(entry)
        return self._members[code]


async def opened(target: Readable, current: Readable) -> Sides:
    """Return the two sides, ready to be compared."""
    codes = {entry.code for name, entry in BY_NAME.items() if name in target.manifest.types}
    codes &= {entry.code for name, entry in BY_NAME.items() if name in current.manifest.types}
    types = (target.manifest.types, current.manifest.types)
    once = {code: asked_once(BY_CODE[code].name, *types) for code in codes}
    hidden = (await target.deleted(), await current.deleted())
    left_out = frozenset({*target.manifest.incomplete, *current.manifest.incomplete})
    return Sides(target, current, hidden, frozenset(codes), once, left_out)


def not_comparable(scope: Scope, target: Manifest, current: Manifest) -> dict[str, str]:
    """Return, by name, why a type in scope is not compared: one side does not hold it, so nothing follows from that.

    Of a derived type, it is what only that type has. Raises InputError when the scope asks for just such a type.
    """
    found: dict[str, str] = {}
    parts: dict[str, str] = {}
    for name in BY_NAME:
        if not scope.covers_type(name):
            continue
        if name in target.incomplete:
            found[name] = f"the snapshot does not hold it: {target.incomplete[name]}"
        elif name not in target.types:
            found[name] = "the snapshot does not hold it: it was taken before this type was captured"
        elif name in current.incomplete:
            found[name] = f"the tenant refuses it now: {current.incomplete[name]}"
        elif name not in current.types:
            found[name] = "the other side does not hold it: it was taken before this type was captured"
        for kind in BY_NAME[name].own_kinds:
            if kind in target.incomplete:
                parts[kind] = f"the snapshot does not hold what only it has: {target.incomplete[kind]}"
            elif kind in current.incomplete:
                parts[kind] = f"the tenant refuses it now: {current.incomplete[kind]}"
    asked = [name for name in found if scope.types is not None or scope.ids is not None]
    if asked:
        facts = "; ".join(f"{name} cannot be compared: {found[name]}" for name in asked)
        raise InputError(facts, member="scope")
    return found | parts


async def differences_of(sides: Sides, scope: Scope, place: tuple[int, int]) -> list[Difference]:
    """Return what differs in one shard (number, of how many) of the types that both sides hold."""
    return (await compared(sides, scope, place, lambda row: row))[0]


async def compared(
    sides: Sides, scope: Scope, place: tuple[int, int], keep: Callable[[Difference], Kept | None]
) -> tuple[list[Kept], list[UnknownObject]]:
    """Return what differs in one shard, and which objects of it the scope names although neither side has them.

    Of each difference only what `keep` makes of it is held; it makes None of one that is not wanted.
    """
    named = chosen(scope, *place)
    if scope.ids is not None and not named:
        return [], []
    without = frozenset(code for code in BY_CODE if not (code in sides.codes and scope.covers_type(BY_CODE[code].name)))
    target, current = [await packed_of(side, place, without) for side in (sides.target, sides.current)]
    indexes = Indexes(target[0], current[0])
    links = link_differences(target[1], current[1], target_deleted=sides.hidden[0], current_deleted=sides.hidden[1])
    suspects = indexes.suspects()
    codes, has_ids = types_in(scope, sides.codes), scope.ids is not None
    keys = [key for key in (*suspects, *(links.keys() - suspects.keys())) if key[1] in codes]
    wanted = sorted(key for key in keys if key in named) if has_ids else sorted(keys)  # most are in order already
    pairs = {key: suspects.get(key) or indexes.pair(key) for key in wanted}
    found = await _judged(sides, pairs, links, keep)
    return found, [
        UnknownObject(type=name, object_id=one) for key, (name, one) in named.items() if not indexes.know(key)
    ]


async def _judged(
    sides: Sides,
    pairs: Mapping[Key, Pair],
    links: Mapping[Key, tuple[LinkDifference, ...]],
    keep: Callable[[Difference], Kept | None],
) -> list[Kept]:
    then_opened = await sides.target.opener([before for before, _now in pairs.values() if before])
    now_opened = await sides.current.opener([now for _before, now in pairs.values() if now])
    listed = list(pairs.items())
    found: list[Kept | None] = [None] * len(listed)
    for number in _as_stored(listed):
        key, (before, now) = listed[number]
        bodies = then_opened(before) if before else None, now_opened(now) if now else None
        row = _told(sides, key, (before, now), bodies, links.get(key, ()))
        if row is not None:
            found[number] = keep(row)
    return [kept for kept in found if kept is not None]


def _told(
    sides: Sides, key: Key, pair: Pair, bodies: tuple[bytes | None, bytes | None], links: tuple[LinkDifference, ...]
) -> Difference | None:
    """Return the row of one object, None when nothing of it differs. Most are live on both sides with the same links:
    of those, only the members that differ are looked at.
    """
    entry, members = BY_CODE[key[1]], sides.members_of(key[1])
    before, now = pair
    is_plain = before and now and not links and not (before[6] | now[6]) & SOFT_DELETED
    if is_plain and members and bodies[0] and bodies[1]:
        if parted := members.parted(bodies[0], bodies[1]):
            known = _known_as(entry, key, parted.facts)
            return updated(entry, known, parted.wanted, parted.present, parted.facts)
        members.learn(decode_body(bodies[1], name=key[0].hex()))
    name = key[0].hex()
    then, present = [None if body is None else decode_body(body, name=name) for body in bodies]
    if once := sides.once.get(key[1]):
        then, present = alike(then, present, once)
    if entry.ends and hangs_on_hidden(entry, then, present, sides.hidden):
        return None
    kept = kept_links(entry, links, then, present, left_out=sides.left_out)
    return judge(entry, _known_as(entry, key, present or then or {}), _side(before, then), _side(now, present), kept)


def _as_stored(listed: Sequence[tuple[Key, Pair]]) -> list[int]:
    """Return the numbers of the pairs frame by frame: bodies are asked for in the order in which they are stored."""
    frames = [row[2] if (row := before or now) else 0 for _key, (before, now) in listed]
    return sorted(range(len(listed)), key=frames.__getitem__)


def difference_files(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """Return the stored files of differences of a job, in shard order; an undo or a retry has made its own."""
    return _outputs(batches, "")


def unknown_files(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """Return the stored files of objects that a job's scope names and neither side has, in shard order."""
    return _outputs(batches, UNKNOWN_PART)


def not_found(batches: Sequence[Batch]) -> tuple[str, ...]:
    """Return what an operator must be told of such objects: how many, and the first of them by name."""
    files = unknown_files(batches)
    total = sum(int(file["records"]) for file in files)
    if not total:
        return ()
    named = [text for file in files for text in file.get("named", ())][:NAMED_MAX]
    more = f" and {total - len(named)} more" if total > len(named) else ""
    return (f"NOT FOUND: neither side has {total} of the objects asked for: {', '.join(named)}{more}",)


def _named(unknown: Sequence[UnknownObject], outputs: Sequence[Mapping[str, Any]]) -> list[str]:
    room = NAMED_MAX - sum(len(output.get("named", ())) for output in outputs)
    return [f"{one.type} {one.object_id}" for one in unknown[: max(0, room)]]


def _outputs(batches: Sequence[Batch], part: str) -> list[dict[str, Any]]:
    telling = (batch for batch in batches if batch.step in {Step.COMPARE, Step.REPLAN})
    named = (output for batch in telling for output in batch.outputs if "name" in output)
    return [output for output in named if output.get("part", "") == part]


def _side(row: IndexRow | None, body: Json | None) -> Side:
    return ABSENT if row is None else Side(body, is_deleted=bool(row[6] & SOFT_DELETED))


def _known_as(entry: ObjectType, key: Key, body: Json) -> str:
    known, spelled = object_id_of(entry, body), key_guid(key[0])
    return spelled if known == spelled or GUID.match(known) else known
