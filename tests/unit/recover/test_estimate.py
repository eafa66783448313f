"""What names a plan, and what it is said to cost."""

from __future__ import annotations

from shared.domain.changes import Action
from shared.recover.estimate import WRITES_FULL, WRITES_PER_SECOND, estimated
from tests.support.builders import a_change, a_link_change

ABOUT = {"snapshot_id": "s"}
OBJECTS = [a_change(target={"city": "Oslo"}), a_change("other", action=Action.RESTORE)]
LINKS = [a_link_change(f"u{number}") for number in range(21)]


def test_e1_a_plan_has_one_digest_in_whatever_order_it_is_told() -> None:
    plan = estimated(ABOUT, OBJECTS, LINKS)
    assert estimated(ABOUT, OBJECTS[::-1], LINKS[::-1]) == plan
    assert (plan.objects, plan.links, plan.writes) == (2, 21, 4)


def test_e1_any_other_plan_has_another_digest() -> None:
    plans = [
        estimated(ABOUT, OBJECTS, LINKS),
        estimated({"snapshot_id": "t"}, OBJECTS, LINKS),
        estimated(ABOUT, OBJECTS[1:], LINKS),
        estimated(ABOUT, OBJECTS, LINKS[1:]),
        estimated(ABOUT, [a_change(target={"city": "Rome"}), OBJECTS[1]], LINKS),
        estimated(ABOUT, OBJECTS, [*LINKS[1:], a_link_change("u0", action=Action.UNLINK)]),
    ]
    assert len({plan.digest for plan in plans}) == len(plans)


def test_e2_the_full_quota_is_free_and_the_rest_takes_its_time() -> None:
    many = [a_change(f"user-{number}") for number in range(WRITES_FULL + 200)]
    assert estimated(ABOUT, many[:WRITES_FULL], []).seconds == 0
    assert estimated(ABOUT, many, []).seconds == 200 / WRITES_PER_SECOND
    assert estimated(ABOUT, many, [], writers=2).seconds == 0
    slow = [a_change(f"p{number}", type="conditionalAccessPolicy") for number in range(40)]
    assert estimated(ABOUT, slow, []).seconds == 40


def test_e2_three_identities_write_three_times_as_fast_and_more_gain_nothing() -> None:
    lots = [a_change(f"user-{number}") for number in range(20_000)]
    seconds = {count: estimated(ABOUT, lots, [], writers=count).seconds for count in (1, 2, 3, 9)}
    assert seconds == {1: 850, 2: 350, 3: 184, 9: 34}
    assert estimated(ABOUT, lots, [], writers=3).digest == estimated(ABOUT, lots, []).digest
    slow = [a_change(f"p{number}", type="conditionalAccessPolicy") for number in range(40)]
    assert estimated(ABOUT, slow, [], writers=3).seconds == 40, "Conditional Access has one quota for all"
