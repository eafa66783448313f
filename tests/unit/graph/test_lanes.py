"""No object ever has two writers, and no lane starves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.graph.lanes import Lanes, Turns


@given(
    lanes=st.lists(st.sampled_from("abcdef"), max_size=40),
    size=st.integers(1, 20),
)
def test_n1_each_lane_lends_one_write_at_a_time_in_order(lanes: list[str], size: int) -> None:
    desk = Lanes(enumerate(lanes))
    out: list[int] = []
    finished: list[int] = []
    rounds = 0
    while not desk.is_finished:
        out += desk.lend(size)
        assert len({lanes[place] for place in out}) == len(out)
        place = out.pop(rounds * 7 % len(out))
        rounds += 1
        if rounds % 3 == 0:
            desk.give_back(place)
        else:
            desk.finish(place)
            finished.append(place)
    assert sorted(finished) == list(range(len(lanes)))
    for lane in set(lanes):
        ours = [place for place in finished if lanes[place] == lane]
        assert ours == sorted(ours)


def test_n2_lanes_take_turns() -> None:
    desk = Lanes(enumerate("aaabc"))
    served = []
    while not desk.is_finished:
        [place] = desk.lend(1)
        served.append("aaabc"[place])
        desk.finish(place)
    assert served == ["a", "b", "c", "a", "a"]


def test_a_lane_that_waits_lends_nothing() -> None:
    desk = Lanes(enumerate("aab"))
    assert desk.lend(20) == [0, 2]
    assert desk.lend(20) == []
    assert not desk.has_ready
    desk.give_back(0)
    assert desk.lend(20) == [0]


def test_n3_a_lane_of_two_lists_is_the_first_ones_until_it_has_finished_it() -> None:
    turns, woken = Turns(), list[str]()
    first = Lanes(enumerate("aab"), turns)
    second = Lanes(enumerate("abc"), turns, lambda: woken.append("second"))
    third = Lanes(enumerate("a"), turns, lambda: woken.append("third"))
    assert first.lend(20) == [0, 2]
    assert (second.lend(20), third.lend(20)) == ([2], [])
    first.finish(0)
    assert second.lend(20) == [], "the first list still has a write of that lane"
    assert first.lend(20) == [1]
    first.finish(1)
    assert (second.lend(20), third.lend(20), woken) == ([0], [], ["second"])
    second.finish(0)
    assert (third.lend(20), woken) == ([0], ["second", "third"])


def test_n3_a_list_that_is_closed_gives_up_what_it_has_and_what_it_waits_for() -> None:
    turns = Turns()
    first, second, third = (Lanes(enumerate("a"), turns) for _list in range(3))
    assert first.lend(1) == [0]
    second.close()
    first.close()
    assert third.lend(1) == [0]
    assert first.is_finished
    assert second.is_finished
