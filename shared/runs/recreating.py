"""Create anew what is gone for good, so that whatever crashes or gets lost, there is exactly one new object each.

Before anything is sent, the group's in-flight note says which live objects are called like the ones to be created. What
a crash costs, by place:
  before the in-flight note      nothing
  between it and the outcomes    whatever is called so by then, and was not before, is ours; only what cannot be found
                                 for as long as replicas may lag is created again
  after the outcomes' record     nothing
An alternate key (`uniqueName`, an appId) makes a second creation impossible; a name that Graph keeps unique does too.
Where neither is, a creation without a clear answer is looked for in the same way before it is sent again.

The id map is written once the objects are there, and is true from then on, whoever records it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from shared.catalogue.entry import ObjectType
from shared.compare.next_steps import next_steps
from shared.domain.changes import Change, Json, Outcome, Result
from shared.domain.jobs import Job
from shared.domain.renewals import Renewal
from shared.domain.secrets import WITHHELD
from shared.domain.writes import Answer, Write
from shared.formats.records import ID_MAP, encode_records
from shared.ports import Blobs, Clock, Directory, Hold, Passwords
from shared.recover.creating import creation_write, is_safe, may_be_there, orphaned
from shared.recover.decide import outcome
from shared.recover.recreating import PARENT_ID, said_now, with_password
from shared.runs.patience import LAG_ROUNDS_MAX, LAG_SECONDS, is_too_early
from shared.runs.renewing import Renewed, id_map_prefix
from shared.runs.tenure import Tenure

ALIKE = "alike"  # in a before-image: the ids of live objects that were called the same before anything was created
SENDS_MAX = 6  # of one creation whose answers are all lost, as the gateway repeats any other request (retry.py)
GONE: Json = {"isDeleted": True}
NO_ANSWER = "Graph gave no clear answer, and no such object is to be found: run the recovery again"
ADOPTED = "an object with the same {key} is there already, so it stands for the old one"


class _Made(msgspec.Struct, frozen=True):
    """How one creation ended: the new object's ids, or Graph's refusal; `adopted` names the key it was found by."""

    new_id: str = ""
    new_app_id: str = ""
    answer: Answer | None = None
    reason: str = ""
    adopted: str = ""


class Recreating:
    """Creates the objects of one group."""

    def __init__(self, directory: Directory, vault: Blobs, clock: Clock, passwords: Passwords) -> None:
        self._directory, self._vault, self._clock, self._passwords = directory, vault, clock, passwords

    async def looked(self, entry: ObjectType, changes: Sequence[Change]) -> dict[str, Json]:
        """Return the before-image of each change: which live objects are called the same."""
        found = await self._alike(entry, changes)
        return {known: {**GONE, ALIKE: sorted(_id(one) for one in there)} for known, there in found.items()}

    async def make(
        self,
        tenure: Tenure,
        entry: ObjectType,
        changes: Sequence[Change],
        noted: Mapping[str, Json],
        is_repeated: frozenset[str],
        renewed: Renewed,
    ) -> list[Outcome]:
        """Create what is not there yet; `is_repeated` are the changes that an earlier attempt may have sent."""
        made = await self._adopted(entry, changes, is_repeated)
        todo = [change for change in changes if change.change_id not in made]
        again = [change for change in todo if change.change_id in is_repeated and not is_safe(entry, change)]
        made |= await self._found(entry, again, noted)
        todo = [change for change in todo if change.change_id not in made]
        unclear = set(is_repeated)
        for _send in range(SENDS_MAX):
            if not todo:
                break
            ended = await self._sent(entry, todo, noted, unclear, renewed, tenure.hold)
            made |= ended
            todo = [change for change in todo if change.change_id not in made]
            unclear |= {change.change_id for change in todo}
        made |= {change.change_id: _Made(reason=NO_ANSWER) for change in todo}
        outcomes = [
            _outcome(entry, change, made[change.change_id], change.change_id in is_repeated) for change in changes
        ]
        await self._remember(tenure, outcomes)
        return outcomes

    async def _adopted(
        self, entry: ObjectType, changes: Sequence[Change], is_repeated: frozenset[str]
    ) -> dict[str, _Made]:
        """Return what is there already under an alternate key, which no second object may have."""
        made: dict[str, _Made] = {}
        for key in sorted({key for change in changes for key in entry.creation_of(change.target).upsert_by}):
            keyed = [
                change
                for change in changes
                if change.target.get(key)
                and key in entry.creation_of(change.target).upsert_by
                and change.change_id not in made
            ]
            found = await self._directory.alike(entry, (key,), [change.target for change in keyed]) if keyed else []
            for change, there in zip(keyed, found, strict=True):
                if there:
                    adopted = "" if change.change_id in is_repeated else key
                    made[change.change_id] = _of(there[0], adopted=adopted)
        return made

    async def _sent(
        self,
        entry: ObjectType,
        todo: Sequence[Change],
        noted: Mapping[str, Json],
        unclear: set[str],
        renewed: Renewed,
        hold: Hold,
    ) -> dict[str, _Made]:
        """Send every creation once, and again while Graph does not know yet what was created moments ago."""
        made: dict[str, _Made] = {}
        waiting = list(todo)
        for wait in range(LAG_ROUNDS_MAX + 1):
            answers = await self._answers(entry, waiting, renewed, hold)
            young: list[Change] = []
            for change in waiting:
                answer = answers[change.change_id]
                if isinstance(answer, _Made):
                    made[change.change_id] = answer
                elif 200 <= answer.status < 300 and answer.made_id:
                    made[change.change_id] = _Made(answer.made_id, answer.made_app_id)
                elif wait < LAG_ROUNDS_MAX and is_too_early(answer, [change], renewed):
                    young.append(change)
                elif answer.status >= 300 and not (change.change_id in unclear and may_be_there(entry, change, answer)):
                    made[change.change_id] = _Made(answer=answer)
            waiting = young
            if not waiting:
                break
            await self._clock.sleep(LAG_SECONDS)
        lost = [change for change in todo if change.change_id not in made]
        made |= await self._found(entry, lost, noted)
        return made

    async def _answers(
        self, entry: ObjectType, changes: Sequence[Change], renewed: Renewed, hold: Hold
    ) -> dict[str, Answer | _Made]:
        found: dict[str, Answer | _Made] = {}
        writes: list[Write] = []
        passwords: dict[str, str] = {}
        for change in changes:
            body = said_now(entry, change.target, renewed.waiting)
            if reason := orphaned(entry, change, body):
                found[change.change_id] = _Made(reason=reason)
                continue
            if entry.creation_of(body).has_password and not body.get(PARENT_ID):
                passwords[change.change_id] = self._passwords.new()
                body = with_password(body, passwords[change.change_id])
            writes.append(creation_write(entry, change, body))
        answers = await self._directory.apply(writes, hold) if writes else []
        for write, answer in zip(writes, answers, strict=True):
            said = answer.message.replace(passwords.get(write.write_id) or WITHHELD, WITHHELD)
            found[write.write_id] = msgspec.structs.replace(answer, message=said)
        return found

    async def _found(self, entry: ObjectType, changes: Sequence[Change], noted: Mapping[str, Json]) -> dict[str, _Made]:
        """Return what is there now and was not before anything was sent; look again for as long as replicas may lag."""
        made: dict[str, _Made] = {}
        left = list(changes)
        for wait in range(LAG_ROUNDS_MAX + 1):
            if not left:
                break
            for known, there in (await self._alike(entry, left)).items():
                new = [one for one in there if _id(one) not in noted[known].get(ALIKE, ())]
                if new:
                    made[known] = _of(min(new, key=_id))
            left = [change for change in left if change.change_id not in made]
            if left and wait < LAG_ROUNDS_MAX:
                await self._clock.sleep(LAG_SECONDS)
        return made

    async def _alike(self, entry: ObjectType, changes: Sequence[Change]) -> dict[str, list[Json]]:
        by_names: dict[tuple[str, ...], list[Change]] = {}
        for change in changes:
            by_names.setdefault(entry.creation_of(change.target).named_by, []).append(change)
        alike: dict[str, list[Json]] = {}
        for names, some in by_names.items():
            found = await self._directory.alike(entry, names, [change.target for change in some])
            alike |= {change.change_id: there for change, there in zip(some, found, strict=True)}
        return alike

    async def _remember(self, tenure: Tenure, outcomes: Sequence[Outcome]) -> None:
        """Write the id map of a group into the vault; a second attempt writes a second file that says the same."""
        renewals = renewals_of(tenure.job, outcomes, self._clock)
        if renewals:
            content, _digest = encode_records(ID_MAP, renewals)
            batch = tenure.batch
            group = int(batch.cursor["groups"])
            name = f"{batch.job_id}-{batch.number:05d}-{group:05d}-{batch.attempt}.ndz"
            await self._vault.create(f"{id_map_prefix(tenure.job.tenant)}{name}", content)


def renewals_of(job: Job, outcomes: Sequence[Outcome], clock: Clock) -> list[Renewal]:
    """Return the id map of these outcomes."""
    return [
        Renewal(
            type=one.type,
            old_id=one.object_id.lower(),
            new_id=one.new_id,
            job_id=job.job_id,
            at=clock.now(),
            display_name=one.display_name,
            old_app_id=str(one.target.get("appId") or "").lower() if one.new_app_id else "",
            new_app_id=one.new_app_id,
        )
        for one in outcomes
        if one.new_id
    ]


def _outcome(entry: ObjectType, change: Change, made: _Made, is_repeated: bool) -> Outcome:
    if not made.new_id:
        return outcome(change, Result.FAILED, before=GONE, message=made.reason, answer=made.answer)
    result = Result.ALREADY_RIGHT if made.adopted and not is_repeated else Result.APPLIED
    said = ADOPTED.format(key=made.adopted) if made.adopted else ""
    old_app_id = str(change.target.get("appId") or "") if entry.name == "application" else ""
    steps = next_steps(entry, change.target, old_app_id=old_app_id, new_app_id=made.new_app_id)
    done = outcome(change, result, before=GONE, message=said)
    new_app_id = made.new_app_id if entry.name == "application" else ""
    return msgspec.structs.replace(done, new_id=made.new_id, new_app_id=new_app_id, next_steps=steps)


def _of(body: Json, *, adopted: str = "") -> _Made:
    return _Made(_id(body), str(body.get("appId") or "").lower(), adopted=adopted)


def _id(body: Json) -> str:
    return str(body["id"]).lower()
