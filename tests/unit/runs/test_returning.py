"""Groups that come back are asked about pack by pack; one that would lock an account out is taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from shared.catalogue.entry import ObjectType
from shared.domain.changes import Action, Change, Result
from shared.domain.exposures import Exposed, Exposure
from shared.domain.writes import Answer, Write
from shared.ports import Held, Hold
from shared.recover.refusals import LOCK_OUT
from shared.runs.patience import LAG_ROUNDS_MAX, Patience
from shared.runs.returning import PACK_MAX, Returning
from tests.support.builders import a_change, an_id

ACCOUNT, TEAM = an_id("emergency-1"), an_id("team")
EXPOSURE = Exposure(
    accounts={ACCOUNT: ()},
    usable=(ACCOUNT,),
    policies=(
        Exposed(
            policy_id=an_id("policy-1"),
            display_name="Block",
            groups=(TEAM,),
            is_hard=True,
            reached=(),
            reachable=(ACCOUNT,),
        ),
    ),
)


class World:
    """A tenant in which some groups come back between an account and the team, seen after so many questions."""

    def __init__(self, *hidden: str, seen_after: int = 0, statuses: Sequence[int] = ()) -> None:
        self.hidden, self.seen_after, self.statuses = hidden, seen_after, list(statuses)
        self.live: set[str] = set()
        self.told: list[str] = []  # what happened, in order

    async def holders(self, entry: ObjectType, ids: Sequence[str]) -> list[Held]:
        if entry.name == "user":
            self.told.append("asked")
        there = self.live & set(self.hidden) if self.told.count("asked") > self.seen_after else set()
        pairs = [(group, ACCOUNT) for group in there] + [(TEAM, group) for group in there]
        return [Held("group", "members", group, one) for group, one in pairs if one in ids]

    async def apply(self, writes: Sequence[Write], hold: Hold) -> list[Answer]:
        await hold()
        (write,) = writes
        status = self.statuses.pop(0) if self.statuses else 204
        self.told.append(f"{write.method} {status}")
        return [Answer(write_id=write.write_id, status=status, message="no")]

    async def sleep(self, _seconds: float) -> None:
        self.told.append("rested")

    async def hold(self) -> None:
        self.told.append("held")

    async def send(self, some: Sequence[Change]) -> list[tuple[Change, Result, Answer]]:
        self.told.append(f"sent {len(some)}")
        self.live |= {change.object_id for change in some}
        return [(change, Result.APPLIED, Answer(write_id=change.change_id, status=200)) for change in some]

    def sent(
        self, todo: Sequence[Change], earlier: Sequence[Change] = (), exposure: Exposure | None = EXPOSURE
    ) -> dict[str, Answer]:
        """Return the last answer for each group that has failed in the end."""
        self.live |= {change.object_id for change in earlier}
        us = cast(Any, self)
        returning = Returning(us, Patience(us, us))
        ended = asyncio.run(returning.sent(exposure, earlier, todo, self.send, self.hold))
        last = {change.object_id: (result, answer) for change, result, answer in ended}
        return {known: answer for known, (result, answer) in last.items() if result is Result.FAILED}


def restores(count: int, first: int = 0) -> list[Change]:
    return [a_change(f"group-{n}", type="group", action=Action.RESTORE) for n in range(first, first + count)]


def test_without_an_exposure_nothing_is_asked_and_all_is_sent_at_once() -> None:
    world = World(an_id("group-0"))
    assert not world.sent(restores(PACK_MAX + 1), exposure=None)
    assert world.told == [f"sent {PACK_MAX + 1}"]


def test_changes_that_restore_no_group_are_not_asked_about() -> None:
    world = World()
    assert not world.sent([a_change("user-1", action=Action.RESTORE)])
    assert world.told == ["sent 1"]


def test_a_harmful_group_is_taken_back_before_the_next_pack_is_sent() -> None:
    world = World(an_id("group-3"))
    found = world.sent(restores(PACK_MAX + 1))
    assert world.told[:6] == ["asked", f"sent {PACK_MAX}", "asked", "held", "DELETE 204", "sent 1"]
    assert {known: answer.code for known, answer in found.items()} == {an_id("group-3"): LOCK_OUT}
    said = found[an_id("group-3")].message
    assert said.startswith("taken back to the recycle bin: lock-out guard, rule 2: policy 'Block'")
    assert an_id("policy-1") in said


def test_what_a_replica_shows_late_is_taken_back_when_it_shows() -> None:
    world = World(an_id("group-0"), seen_after=4)
    assert list(world.sent(restores(1))) == [an_id("group-0")]
    assert world.told.count("rested") == 3


def test_what_stays_is_asked_about_for_two_minutes() -> None:
    world = World()
    assert not world.sent(restores(1))
    assert world.told.count("rested") == LAG_ROUNDS_MAX


def test_what_a_dead_attempt_restored_is_asked_about_first() -> None:
    world = World(an_id("group-7"))
    assert list(world.sent(restores(1), restores(1, 7))) == [an_id("group-7")]
    assert world.told[:3] == ["asked", "asked", "held"]


def test_a_group_that_no_replica_knows_yet_is_deleted_again_until_it_is() -> None:
    world = World(an_id("group-0"), statuses=[404, 404, 204])
    (answer,) = world.sent(restores(1)).values()
    assert answer.message.startswith("taken back")
    assert world.told.count("DELETE 404") == 2


def test_a_group_that_may_not_be_taken_back_is_to_be_deleted_by_hand() -> None:
    world = World(an_id("group-0"), statuses=[403])
    (answer,) = world.sent(restores(1)).values()
    assert answer.message.startswith("DELETE THIS GROUP BY HAND: lock-out guard, rule 2")
    assert "Graph answered 403" in answer.message
