"""The promises of shared/recover/chosen.py, each over generated reports."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.changes import Action, Change, Difference
from shared.domain.chosen import Chosen
from shared.domain.errors import InputError
from shared.domain.jobs import Options
from shared.recover.chosen import check, picked
from shared.recover.plan import foreseen_links, left_alone, object_changes
from tests.properties.strategies import modest, reports
from tests.support.builders import a_difference

Effect = tuple[str, str, str, str]


@st.composite
def choices(draw: st.DrawFn) -> tuple[list[Difference], Chosen]:
    """Return a report and a choice of its rows, whole ones and parts of others."""
    report = draw(reports)
    rows: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in report:
        if not draw(st.booleans()):
            continue
        known = sorted({*row.target, *(link.reference for link in row.links)})
        is_cut = row.action in {Action.UPDATE, Action.RESTORE} and known and draw(st.booleans())
        names = draw(st.lists(st.sampled_from(known), min_size=1, unique=True)) if is_cut else []
        rows.setdefault(row.type, {})[row.object_id] = tuple(names)
    return report, Chosen(report="r", rows=rows)


def effects(report: list[Difference], allowed: Options) -> dict[Effect, Any]:
    """Return what a plan comes to: the last value of each property, each link, and what is done to whole objects."""
    found: dict[Effect, Any] = {}
    plan = [change for _wave, some in sorted(object_changes(report, allowed).items()) for change in some]
    for change in [*plan, *foreseen_links(report, allowed)]:
        found |= _effects(change)
    return found


def _effects(change: Change) -> dict[Effect, Any]:
    if change.action is Action.UPDATE:
        return {(change.type, change.object_id, name, ""): value for name, value in change.target.items()}
    return {(change.type, change.object_id, f"{change.action}{change.reference}", change.other_id): change.target}


@modest
@given(both=choices(), newer=st.booleans())
def test_h1_the_plan_of_chosen_rows_is_the_filter_of_the_full_plan(
    both: tuple[list[Difference], Chosen], newer: bool
) -> None:
    report, chosen = both
    allowed = Options(soft_delete_newer=newer)
    references = {(row.type, row.object_id, f"{link.action}{link.reference}", link.other_id): link.reference
                  for row in report for link in row.links}  # fmt: skip

    def is_chosen(effect: Effect) -> bool:
        names = chosen.names_of(effect[0], effect[1])
        if not names:
            return names is not None
        is_whole = effect[2] in {Action.RESTORE, Action.SOFT_DELETE, Action.RECREATE}
        return is_whole or references.get(effect, effect[2]) in names

    full = {effect: value for effect, value in effects(report, allowed).items() if is_chosen(effect)}
    assert effects(picked(report, chosen)[0], allowed) == full


@modest
@given(both=choices(), newer=st.booleans())
def test_h1_what_is_left_alone_as_a_whole_stays_left_alone(both: tuple[list[Difference], Chosen], newer: bool) -> None:
    report, chosen = both
    allowed = Options(soft_delete_newer=newer)
    whole = {(row.type, row.object_id): left_alone(row, allowed) for row in report}
    for row in picked(report, chosen)[0]:
        assert bool(left_alone(row, allowed)) >= bool(whole[row.type, row.object_id])


@modest
@given(both=choices())
def test_h2_every_row_that_was_chosen_and_is_not_there_is_named(both: tuple[list[Difference], Chosen]) -> None:
    report, chosen = both
    check(chosen, report)
    for kind, some in chosen.rows.items():
        for object_id in some:
            rest = [row for row in report if (row.type, row.object_id) != (kind, object_id)]
            with pytest.raises(InputError, match=object_id):
                check(chosen, rest)


@modest
@given(both=choices())
def test_h2_a_property_that_a_row_does_not_have_is_named(both: tuple[list[Difference], Chosen]) -> None:
    report, chosen = both
    for kind, some in chosen.rows.items():
        for object_id in some:
            wrong = {**chosen.rows, kind: {**some, object_id: ("noSuchProperty",)}}
            with pytest.raises(InputError, match=r"noSuchProperty|as a whole"):
                check(Chosen(report="r", rows=wrong), report)


def test_h1_a_safe_part_of_a_row_that_could_lock_out_stays_left_alone_with_it() -> None:
    row = a_difference(type="application", target={"isDisabled": True, "notes": "x"}, current={})
    assert left_alone(row, Options())
    chosen = Chosen(report="r", rows={"application": {row.object_id: ("notes",)}})
    ((kept,), partly) = picked([row], chosen)
    assert (kept.target, partly, left_alone(kept, Options())) == ({"notes": "x"}, 1, left_alone(row, Options()))
