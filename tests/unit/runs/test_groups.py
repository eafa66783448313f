"""Several groups of a batch are under way at once, and the batch's row says at any time which of them are done."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec
import pytest

from shared.domain.changes import Action, Change, Outcome
from shared.domain.jobs import Batch, BatchState, Job, Kind, Note, State, Step
from shared.formats.records import CHANGES, encode_records
from shared.memory.blobs import MemoryBlobs
from shared.memory.clock import SequentialIds
from shared.memory.rows import MemoryRows
from shared.runs import outcomes
from shared.runs.groups import AT_ONCE_MAX, Act, Ended, Groups, goes_alone
from shared.runs.ledger import Ledger
from shared.runs.outcomes import images, in_flight, perhaps_applied
from shared.runs.tenure import Tenure
from tests.support import virtual_time
from tests.support.builders import TENANT, a_change, a_job, an_outcome

PROVEN = {"outcome.user.update.applied": 1}
NUMBER = 20_000


class Applying:
    """A worker's tenure of an apply batch of groups of one user each, and what its groups have been through."""

    def __init__(self, count: int) -> None:
        self.clock = virtual_time.VirtualClock()
        self.rows, self.work = MemoryRows(self.clock), MemoryBlobs(self.clock)
        self.ledger = Ledger(self.rows, self.clock, SequentialIds(1), lease_seconds=60)
        self.groups = [[a_change(f"user-{number}")] for number in range(count)]
        self.began: dict[int, float] = {}
        self.at_once: list[int] = []
        self._under_way = 0

    async def take(self) -> Tenure:
        """Lay the batch out and take it."""
        changes = [change for group in self.groups for change in group]
        content, digest = encode_records(CHANGES, changes)
        await self.work.create("plan", content)
        self.job: Job = a_job(kind=Kind.RECOVERY, state=State.CALCULATING)
        argument = {"name": "plan", "sha256": digest, "changes": len(changes), "wave": 2}
        laid = Batch(job_id=self.job.job_id, number=NUMBER, wave=8, step=Step.APPLY, argument=argument)
        lease = await self.ledger.begin(self.job, [laid])
        assert lease is not None
        token = lease.fencing_token
        return await self.ledger.enter(Note(tenant=TENANT, job_id=self.job.job_id, batch=NUMBER, fencing_token=token))

    def act(self, groups: Groups, seconds: Callable[[int], float]) -> Act:
        """Return what notes a group, and ends it so many seconds later."""

        async def act(number: int, group: Sequence[Change]) -> Ended:
            self._under_way += 1
            self.began[number] = self.clock.elapsed()
            self.at_once.append(self._under_way)
            await groups.note(number, {change.change_id: {"city": f"before {number}"} for change in group})
            await self.clock.sleep(seconds(number))
            self._under_way -= 1
            return [_applied(change) for change in group], []

        return act

    async def row(self) -> Batch:
        """Return the batch's row."""
        return next(one for one in await self.ledger.batches(TENANT, self.job.job_id) if one.number == NUMBER)


def _applied(change: Change) -> Outcome:
    return msgspec.structs.replace(an_outcome(), change_id=change.change_id, object_id=change.object_id)


def told(tenure: Tenure) -> Callable[[], Mapping[str, int]]:
    return lambda: Counter(PROVEN) + Counter(tenure.batch.counts)


def test_a_slow_group_holds_up_no_more_than_what_may_be_under_way_and_is_recorded_before_later_ones() -> None:
    async def story() -> None:
        world = Applying(AT_ONCE_MAX + 3)
        tenure = await world.take()
        groups = Groups(world.work, tenure, world.groups)
        running = asyncio.create_task(groups.run(world.act(groups, lambda n: 0.5 if n else 10.0), told(tenure)))
        await world.clock.sleep(5)
        row = await world.row()
        assert row.cursor["groups"] == 0, "the first group has not ended"
        assert sorted(one["group"] for one in in_flight(row)) == list(range(AT_ONCE_MAX))
        assert len(world.began) == AT_ONCE_MAX
        assert await running is None
        row = await world.row()
        assert (row.state, row.cursor) == (BatchState.DONE, {"groups": AT_ONCE_MAX + 3})
        assert [output["name"].split("/")[-1] for output in row.outputs] == [
            f"{NUMBER}-{number:05d}-1.ndz" for number in range(AT_ONCE_MAX + 3)
        ]
        assert row.counts["objects.applied"] == AT_ONCE_MAX + 3
        assert max(world.at_once) == AT_ONCE_MAX

    virtual_time.run(story())


def test_until_a_kind_of_change_has_been_let_through_its_groups_go_alone() -> None:
    async def story() -> None:
        world = Applying(3)
        tenure = await world.take()
        groups = Groups(world.work, tenure, world.groups)
        await groups.run(world.act(groups, lambda _number: 1.0), lambda: tenure.batch.counts)
        assert world.began[1] >= 1.0, "the first showed that Graph lets it through"
        assert world.began[2] < 2.0, "so the next two went side by side"

    virtual_time.run(story())


@pytest.mark.parametrize(
    "change",
    [
        a_change(type="conditionalAccessPolicy", target={"state": "enabled"}),
        a_change(type="group", action=Action.RECREATE),
        a_change(type="group"),
    ],
)
def test_what_others_depend_on_and_what_is_not_proven_goes_alone(change: Change) -> None:
    counts = {"outcome.conditionalAccessPolicy.update.applied": 9, "outcome.group.recreate.applied": 9, **PROVEN}
    assert goes_alone([change], counts)
    assert not goes_alone([a_change()], counts)


def test_when_a_group_fails_the_groups_under_way_stay_noted_with_what_they_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outcomes, "GROUP_CHANGES_MAX", 1)

    async def story() -> None:
        world = Applying(4)
        tenure = await world.take()
        groups = Groups(world.work, tenure, world.groups)
        quiet = world.act(groups, lambda number: 9.0 if number else 0.1)

        async def act(number: int, group: Sequence[Change]) -> Ended:
            if number == 2:
                await world.clock.sleep(1)
                raise RuntimeError("the worker dies")
            return await quiet(number, group)

        with pytest.raises(RuntimeError, match="the worker dies"):
            await groups.run(act, told(tenure))
        row = await world.row()
        assert row.cursor["groups"] == 1
        assert sorted(one["group"] for one in in_flight(row)) == [1, 3]
        maybe = await perhaps_applied(world.work, [row])
        assert [(one.object_id, one.before) for one in maybe] == [
            (world.groups[number][0].object_id, {"city": f"before {number}"}) for number in (1, 3)
        ]
        again = Groups(world.work, tenure, world.groups)
        assert await again.earlier(3) == {world.groups[3][0].change_id: {"city": "before 3"}}
        assert await again.earlier(2) == {}
        assert await again.run(world.act(again, lambda _number: 0.1), told(tenure)) is None
        assert (await world.row()).cursor == {"groups": 4}
        assert world.began.keys() == {0, 1, 2, 3}

    virtual_time.run(story())


def test_a_row_of_an_earlier_version_tells_its_one_group_in_flight() -> None:
    async def story() -> None:
        world = Applying(2)
        tenure = await world.take()
        groups = Groups(world.work, tenure, world.groups)
        await groups.note(1, {world.groups[1][0].change_id: {"city": "Rome"}})
        (noted,) = in_flight(tenure.batch)
        older = msgspec.structs.replace(tenure.batch, cursor={"groups": 1, "inFlight": noted})
        assert in_flight(older) == [noted]
        assert await images(world.work, older, 1) == {world.groups[1][0].change_id: {"city": "Rome"}}
        assert in_flight(msgspec.structs.replace(older, cursor={"groups": 1})) == []

    virtual_time.run(story())
