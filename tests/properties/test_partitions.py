"""Ranges cover every object whatever the tenant's names are, and are as small as was asked where names allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.jobs.partitions import ROUNDS_MAX, cuts, questions, ranges
from simulator import filters

NAME = "displayName"
VALUES = st.lists(st.none() | st.text("aAbmz09 é-", max_size=4), max_size=60)
ORDERS: tuple[Callable[[str], str], ...] = (str, str.casefold, lambda value: value[::-1])


def chosen(values: Sequence[str], most: int, order: Callable[[str], str] = str.casefold) -> list[str]:
    """Ask as partitioning.py does, of a directory that orders names by `order`."""
    at: dict[str, int] = {}
    for _round in range(ROUNDS_MAX):
        wanted = questions(at, most)
        at |= {cut: sum(order(value) >= order(cut) for value in values) for cut in wanted}
    return cuts(at, len(values), most)


def fitting(value: str | None, ranged: Sequence[str], order: Callable[[str], str]) -> int:
    """Return how many ranges a value fits in a directory that orders names by `order`."""

    def fits(term: str) -> bool:
        _name, operator, operand = term.split(" ", 2)
        if value is None or operator == "eq":
            return value is None and operator == "eq"
        cut = operand.strip("'")
        return order(value) >= order(cut) if operator == "ge" else order(value) <= order(cut)

    return sum(any(all(fits(term) for term in both.split(" and ")) for both in one.split(" or ")) for one in ranged)


@given(VALUES, st.integers(1, 20), st.sampled_from(ORDERS))
@settings(max_examples=60)
def test_every_object_fits_a_range_in_whatever_order_the_directory_has(
    values: list[str | None], most: int, order: Callable[[str], str]
) -> None:
    """R1 and R2, also where the counts came from another order than the ranges are read in."""
    named = [value for value in values if value is not None]
    where = chosen(named, most)
    ranged = ranges(NAME, where, may_be_null=True)
    if ranged == [""]:
        return
    for value in values:
        found = fitting(value, ranged, order)
        assert found >= 1, (value, ranged)
        if order is str.casefold and (value is None or value.casefold() not in where):
            assert found == 1, (value, ranged)


@given(VALUES, st.integers(1, 20))
@settings(max_examples=60)
def test_the_filters_mean_to_a_directory_what_they_mean_here(values: list[str | None], most: int) -> None:
    ranged = ranges(NAME, chosen([value for value in values if value is not None], most), may_be_null=True)
    for one in [] if ranged == [""] else ranged:
        condition = filters.read(one)
        assert not condition.is_advanced, "an advanced query is answered from a lagging index"
        for value in values:
            assert condition.fits({NAME: value}) == bool(fitting(value, [one], str.casefold))


def test_ranges_hold_no_more_than_was_asked_where_names_differ_soon_enough() -> None:
    """R3."""
    names = [f"{'anna bernd chris'.split()[number % 3]}{number:03d}" for number in range(900)]
    where = chosen(names, 400)
    sizes = [sum(fitting(name, [one], str.casefold) for name in names) for one in ranges(NAME, where, may_be_null=True)]
    assert sum(sizes) == len(names)
    assert len(sizes) > 1
    assert max(sizes) <= 400


def test_names_that_cannot_be_told_apart_are_one_range_and_the_questions_end() -> None:
    names = ["svc"] * 500
    assert len(ranges(NAME, chosen(names, 10), may_be_null=True)) <= 3
    at = {cut: 500 if cut <= "svc" else 0 for cut in questions({}, 10)}
    for _round in range(ROUNDS_MAX):
        at |= {cut: 500 if cut <= "svc" else 0 for cut in questions(at, 10)}
    assert len(at) < 36 + 11 * ROUNDS_MAX + 1


def test_a_small_collection_is_read_whole() -> None:
    assert ranges(NAME, [], may_be_null=True) == [""]
