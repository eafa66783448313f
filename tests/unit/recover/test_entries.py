"""Entries of a ledger: what may be asked of them, what they left, and their lines for a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from shared.domain.changes import Action, Json, Result
from shared.domain.confirmations import Standing
from shared.domain.ledgers import Entry
from shared.recover.entries import COLUMNS, Wanted, csv_of
from tests.support.builders import AT, an_id, an_outcome

HOSTILE = '=cmd|"/c calc"!A1\r\n\u202e,evil'


def an_entry(label: str = "user-1", **members: object) -> Entry:
    return Entry(outcome=an_outcome(label, **members), batch=20_000, at=AT, standing=Standing.CONFIRMED)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(types=("user",)), True),
        (Wanted(types=("group",)), False),
        (Wanted(actions=(Action.UPDATE, Action.LINK)), True),
        (Wanted(actions=(Action.LINK,)), False),
        (Wanted(results=(Result.FAILED,)), False),
        (Wanted(object_id=an_id("user-1").upper()), True),
        (Wanted(object_id=an_id("user-2")), False),
        (Wanted(text="OSLO"), True),
        (Wanted(text="rome"), True),
        (Wanted(text="CITY"), True),
        (Wanted(text="paris"), False),
        (Wanted(types=("user",), text="paris"), False),
    ],
)
def test_entries_are_chosen_by_what_they_say(wanted: Wanted, fits: bool) -> None:
    test = wanted.test()
    assert test is not None
    entry = an_entry(action=Action.UPDATE, result=Result.APPLIED, before={"city": "Rome"}, target={"city": "Oslo"})
    assert test(entry) is fits


def test_nothing_asked_for_is_no_test_at_all() -> None:
    assert Wanted().test() is None


@pytest.mark.parametrize(
    ("members", "after"),
    [
        ({"action": Action.UPDATE, "target": {"city": "Oslo"}}, {"city": "Oslo"}),
        ({"action": Action.UPDATE, "target": {"city": "Oslo"}, "result": Result.FAILED}, {"city": "Rome"}),
        ({"action": Action.RESTORE}, {"isDeleted": False}),
        ({"action": Action.SOFT_DELETE}, {"isDeleted": True}),
        ({"action": Action.LINK, "reference": "members"}, {"members": True}),
        ({"action": Action.UNLINK, "reference": "members"}, {"members": False}),
        ({"action": Action.RECREATE, "target": {"clientId": "x"}}, {"clientId": "x"}),
    ],
)
def test_what_a_change_left_follows_from_what_it_was_and_how_it_ended(members: Json, after: Json) -> None:
    given: Json = {"result": Result.APPLIED, "before": {"city": "Rome"}, **members}
    assert an_entry(**given).after == after


def test_a_line_holds_every_fact_and_no_name_can_be_a_formula_or_leave_its_cell() -> None:
    entry = an_entry(display_name=HOSTILE, before={"city": HOSTILE}, target={"city": None}, message="-2+3")
    content = csv_of([entry], has_header=True)
    assert content.count(b"\r\n") == 2
    header, line = csv.reader(io.StringIO(content.decode(), newline=""))
    assert header == COLUMNS
    found = dict(zip(COLUMNS, line, strict=True))
    assert (found["time"], found["batch"], found["id"]) == ("2026-11-20T22:00:00Z", "20000", an_id("user-1"))
    assert found["displayName"].startswith("'=cmd")
    assert found["message"] == "'-2+3"
    assert "\u202e" not in content.decode()
    assert csv_of([], has_header=False) == b""
