"""The promises of shared/jobs/retention.py, over vaults that hypothesis makes up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.protection import UNPROTECTED, Lock, Protection
from shared.jobs.retention import Rules, Stored, can_outlive, kept_days, outlives, reasons_to_keep

RULES = Rules(retention_days=30, kept_newest=2)
PROTECTIONS = st.one_of(
    st.just(UNPROTECTED),
    st.just(Protection(lock=Lock.UNKNOWN)),
    st.builds(Protection, lock=st.sampled_from([Lock.LOCKED, Lock.UNLOCKED]), days=st.integers(1, 60)),
)
AGES = st.floats(0, 90, allow_nan=False)
SEALED = datetime(2026, 11, 20, 22, tzinfo=UTC)


@st.composite
def vaults(draw: st.DrawFn) -> list[Stored]:
    """Make up what lies in a vault: whole snapshots, and restore points over them that are a little younger."""
    stored: list[Stored] = []
    flags = st.booleans()
    for number in range(draw(st.integers(0, 8))):
        whole = Stored(
            snapshot_id=f"s{number}",
            age_days=draw(AGES),
            is_proven=draw(st.integers(0, 9)) > 0,
            is_good=draw(flags),
            is_held=draw(st.integers(0, 9)) == 0,
            is_pinned=draw(st.integers(0, 9)) == 0,
            is_wanted=draw(st.integers(0, 9)) == 0,
        )
        stored.append(whole)
        for point in range(draw(st.integers(0, 2))):
            age = max(0.0, whole.age_days - draw(st.floats(0, 1)))
            stored.append(Stored(snapshot_id=f"r{number}-{point}", age_days=age, base_id=whole.snapshot_id))
    return stored


def removed(stored: list[Stored], protection: Protection = UNPROTECTED) -> set[str]:
    """Return the ids that may go."""
    return {name for name, reason in reasons_to_keep(stored, RULES, protection).items() if not reason}


@given(vaults(), PROTECTIONS)
def test_k1_k2_k3_k6_nothing_young_held_wanted_unproven_or_needed_is_removed(
    stored: list[Stored], protection: Protection
) -> None:
    gone = removed(stored, protection)
    needed = {one.base_id for one in stored}
    for one in stored:
        if one.snapshot_id in gone:
            assert one.age_days >= max(30, protection.days)
            assert not one.is_held
            assert not one.is_pinned
            assert not one.is_wanted
            assert one.is_proven
            assert one.snapshot_id not in needed


@given(vaults())
def test_k4_of_those_old_enough_the_newest_and_the_newest_good_ones_stay(stored: list[Stored]) -> None:
    gone = removed(stored)
    for chosen in (lambda one: True, lambda one: one.is_good):
        old = [one for one in stored if one.age_days >= 30 and not one.base_id and one.is_proven and chosen(one)]
        newest = sorted(one.age_days for one in old)[:2]
        staying = sorted(one.age_days for one in old if one.snapshot_id not in gone)
        assert staying[: len(newest)] == newest


@settings(max_examples=200)
@given(vaults(), st.lists(st.tuples(st.floats(0, 29.99), st.booleans(), st.integers(0, 7)), max_size=12), PROTECTIONS)
def test_k5_a_flood_of_snapshots_never_makes_a_snapshot_go(
    stored: list[Stored], flood: list[tuple[float, bool, int]], protection: Protection
) -> None:
    """Whoever can write to the vault today can for the whole retention only make more stay, never less."""
    garbage = [
        Stored(snapshot_id=f"x{number}", age_days=age, base_id=f"s{base}" if is_point else "")
        for number, (age, is_point, base) in enumerate(flood)
    ]
    calm, flooded = removed(stored, protection), removed([*garbage, *stored], protection)
    assert flooded <= calm
    if not any(one.base_id for one in garbage):
        assert flooded == calm


@given(vaults(), st.randoms(use_true_random=False))
def test_what_goes_does_not_depend_on_the_order_in_which_it_is_listed(stored: list[Stored], chance: object) -> None:
    shuffled = list(stored)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert removed(shuffled) == removed(stored)


@given(vaults(), PROTECTIONS)
def test_a_policy_only_makes_more_stay(stored: list[Stored], protection: Protection) -> None:
    assert kept_days(RULES, protection) >= RULES.retention_days
    young = [one for one in stored if one.age_days < kept_days(RULES, protection)]
    assert not removed(stored, protection) & {one.snapshot_id for one in young}


def test_everything_old_enough_goes_but_the_newest() -> None:
    stored = [Stored(snapshot_id=f"s{age}", age_days=age) for age in range(40)]
    assert removed(stored) == {f"s{age}" for age in range(32, 40)}
    assert removed(stored, Protection(lock=Lock.LOCKED, days=35)) == {"s37", "s38", "s39"}
    assert removed(stored, Protection(lock=Lock.UNKNOWN)) == {f"s{age}" for age in range(35, 40)}


def test_a_snapshot_goes_only_after_its_last_restore_point() -> None:
    base = [Stored(snapshot_id=f"s{age}", age_days=age) for age in (31, 32, 33)]
    point = Stored(snapshot_id="r", age_days=32.5, base_id="s33")
    assert removed([*base, point]) == {"r"}
    assert removed([*base, msgspec.structs.replace(point, is_held=True)]) == set()
    assert removed(base) == {"s33"}


@pytest.mark.parametrize(
    ("hours", "days", "is_kept"), [(1, 33, True), (71, 33, True), (73, 33, False), (1, 29, False), (10_000, 0, True)]
)
def test_a_capture_that_took_too_long_would_not_outlive_its_promise(hours: int, days: int, is_kept: bool) -> None:
    protection = Protection(lock=Lock.LOCKED, days=days) if days else UNPROTECTED
    assert outlives(SEALED - timedelta(hours=hours), SEALED, RULES, protection) is is_kept


def test_a_policy_must_be_three_days_longer_than_the_retention() -> None:
    assert [can_outlive(RULES, Protection(lock=Lock.LOCKED, days=days)) for days in (32, 33)] == [False, True]
    assert can_outlive(RULES, UNPROTECTED)
