"""A snapshot that has lost more than a little, or doubled, is told as an alert; everyday change is not."""

from __future__ import annotations

import msgspec
import pytest

from shared.compare.jumps import SIZE, Figures, figures_of, jumps
from tests.golden import samples


def users(number: int) -> Figures:
    return Figures({"user": number})


@pytest.mark.parametrize(("now", "is_told"), [(1000, False), (951, False), (950, False), (949, True), (0, True)])
def test_more_than_the_percentage_of_a_type_gone_is_told(now: int, is_told: bool) -> None:
    assert bool(jumps(users(now), [users(1000)], gone_percent=5)) is is_told


def test_the_sentence_says_what_how_much_and_how_many_percent() -> None:
    assert jumps(users(700), [users(1000)], gone_percent=5) == ["user: 1000 became 700, 30.0 % gone"]


def test_a_slow_drain_is_compared_with_the_most_that_any_recent_snapshot_had() -> None:
    assert jumps(users(940), [users(960), users(980), users(1000)], gone_percent=5)
    assert not jumps(users(960), [users(980), users(1000)], gone_percent=5)


def test_a_type_or_a_reference_that_is_no_longer_there_is_all_gone() -> None:
    before = Figures({"user": 10, "members of group": 30})
    assert jumps(users(10), [before], gone_percent=99) == ["members of group: 30 became 0, 100.0 % gone"]


def test_stored_bytes_may_shrink_by_a_quarter_because_the_recycle_bin_empties_itself() -> None:
    assert not jumps(Figures({SIZE: 750}), [Figures({SIZE: 1000})], gone_percent=5)
    assert jumps(Figures({SIZE: 749}), [Figures({SIZE: 1000})], gone_percent=5)
    assert not jumps(Figures({SIZE: 749}), [Figures({SIZE: 1000})], gone_percent=40)


def test_a_type_that_graph_refused_is_not_taken_for_gone() -> None:
    before = Figures({"user": 10, "group": 4, "members of group": 30})
    now = Figures({"user": 10}, frozenset({"group"}))
    assert jumps(now, [before], gone_percent=5) == []


def test_one_of_a_few_is_much_of_a_type() -> None:
    assert jumps(Figures({"namedLocation": 2}), [Figures({"namedLocation": 3})], gone_percent=5)


def test_growth_is_told_only_when_something_large_more_than_doubled() -> None:
    assert not jumps(users(200), [users(100)], gone_percent=5)
    assert jumps(users(201), [users(100)], gone_percent=5) == ["user: 100 became 201, more than doubled"]
    assert not jumps(users(900), [users(99)], gone_percent=5)


def test_the_first_snapshot_has_nothing_to_be_compared_with() -> None:
    assert jumps(users(0), [], gone_percent=5) == []


def test_the_figures_of_a_manifest_are_its_objects_links_and_bytes() -> None:
    figures = figures_of(samples.MANIFEST)
    assert figures.counts["user"] == samples.MANIFEST.types["user"].objects
    assert figures.counts["members of group"] == 2
    assert figures.counts[SIZE] == sum(file.length for file in samples.MANIFEST.files)
    emptied = msgspec.structs.replace(samples.MANIFEST, types={}, files=())
    assert len(jumps(figures_of(emptied), [figures], gone_percent=5)) == sum(1 for n in figures.counts.values() if n)
