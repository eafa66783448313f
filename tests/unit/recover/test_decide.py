"""Just before a write, the live object decides: write, already right, or impossible."""

from __future__ import annotations

import pytest

from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.domain.changes import Action, Change, Result
from shared.domain.writes import Answer
from shared.recover.decide import (
    GONE,
    IN_BIN,
    OVERWRITTEN,
    SYNCED,
    Look,
    before_image,
    outcome,
    settled,
    still_differing,
    was_ours,
)
from tests.support.builders import a_change, a_group_body, a_link_change, a_user_body, an_id

RIGHT, WRONG = Look(a_user_body(city="Oslo")), Look(a_user_body(city="Rome"))
MISSING = Look(None)
BINNED = Look(a_user_body(), is_deleted=True)
SYNCED_USER = Look(a_user_body(city="Rome", onPremisesSyncEnabled=True))
RESTORE, SOFT_DELETE = a_change(action=Action.RESTORE), a_change(action=Action.SOFT_DELETE)
LINK, UNLINK = a_link_change("u"), a_link_change("u", action=Action.UNLINK)
LINKED = Look(a_group_body(), links={"members": frozenset({an_id("u")})})
UNLINKED = Look(a_group_body(), links={"members": frozenset({an_id("v")})})


def answer_now(change: Change, look: Look) -> tuple[Result, str] | None:
    return settled(change, look, GROUP if change.type == "group" else USER)


@pytest.mark.parametrize(
    ("change", "look"),
    [(a_change(), WRONG), (RESTORE, BINNED), (SOFT_DELETE, RIGHT), (LINK, UNLINKED), (UNLINK, LINKED)],
    ids=["update", "restore", "soft-delete", "link", "unlink"],
)
def test_what_is_not_so_yet_is_written(change: Change, look: Look) -> None:
    assert answer_now(change, look) is None


@pytest.mark.parametrize(
    ("change", "look"),
    [
        (a_change(), RIGHT),
        (RESTORE, RIGHT),
        (SOFT_DELETE, BINNED),
        (SOFT_DELETE, MISSING),
        (LINK, LINKED),
        (UNLINK, UNLINKED),
    ],
    ids=["update", "restore", "soft-delete, in the bin", "soft-delete, gone", "link", "unlink"],
)
def test_what_is_so_already_is_not_written(change: Change, look: Look) -> None:
    assert answer_now(change, look) == (Result.ALREADY_RIGHT, "")


@pytest.mark.parametrize("change", [a_change(), RESTORE, LINK, UNLINK])
def test_an_object_deleted_for_good_since_the_comparison_cannot_be_changed(change: Change) -> None:
    assert answer_now(change, MISSING) == (Result.FAILED, GONE)


@pytest.mark.parametrize("change", [a_change(), LINK, UNLINK])
def test_an_object_in_the_recycle_bin_cannot_be_changed(change: Change) -> None:
    assert answer_now(change, BINNED) == (Result.FAILED, IN_BIN)


@pytest.mark.parametrize("change", [a_change(), SOFT_DELETE, LINK])
def test_an_object_that_is_mastered_on_premises_by_now_is_left_alone(change: Change) -> None:
    assert answer_now(change, SYNCED_USER) == (Result.FAILED, SYNCED)


def test_a_link_of_an_object_whose_references_were_not_found_is_written() -> None:
    assert answer_now(LINK, Look(a_group_body())) is None


def test_only_the_values_that_still_differ_are_written() -> None:
    change = a_change(target={"city": "Oslo", "state": "x", "businessPhones": ["1", "2"]})
    live = a_user_body(city="Oslo", businessPhones=["2", "1"])
    assert still_differing(change, live, USER) == {"state": "x"}


def test_a_property_to_be_cleared_is_right_when_it_is_absent() -> None:
    assert still_differing(a_change(target={"city": None}), a_user_body(), USER) == {}


def test_the_before_image_of_an_update_is_the_live_value_of_each_property() -> None:
    change = a_change(target={"city": "Oslo", "state": "x"})
    assert before_image(change, WRONG) == {"city": "Rome", "state": None}


def test_the_before_image_of_a_link_says_whether_it_was_there() -> None:
    assert before_image(LINK, UNLINKED) == {"members": False}
    assert before_image(UNLINK, LINKED) == {"members": True}


def test_the_before_image_of_a_restore_or_a_soft_delete_says_whether_it_was_deleted() -> None:
    assert before_image(RESTORE, BINNED) == {"isDeleted": True}
    assert before_image(SOFT_DELETE, RIGHT) == {"isDeleted": False}
    assert before_image(SOFT_DELETE, MISSING) == {"isDeleted": True}


@pytest.mark.parametrize(
    ("change", "earlier"),
    [
        (a_change(), WRONG),
        (RESTORE, BINNED),
        (SOFT_DELETE, RIGHT),
        (LINK, UNLINKED),
        (UNLINK, LINKED),
    ],
    ids=["update", "restore", "soft-delete", "link", "unlink"],
)
def test_what_a_dead_attempt_found_undone_and_is_done_now_was_our_doing(change: Change, earlier: Look) -> None:
    assert was_ours(change, before_image(change, earlier), GROUP if change.type == "group" else USER)


@pytest.mark.parametrize(
    ("change", "earlier"),
    [
        (a_change(), RIGHT),
        (RESTORE, RIGHT),
        (SOFT_DELETE, BINNED),
        (SOFT_DELETE, MISSING),
        (LINK, LINKED),
        (UNLINK, UNLINKED),
    ],
    ids=["update", "restore", "soft-delete, in the bin", "soft-delete, gone", "link", "unlink"],
)
def test_what_a_dead_attempt_found_done_already_was_not_our_doing(change: Change, earlier: Look) -> None:
    assert not was_ours(change, before_image(change, earlier), GROUP if change.type == "group" else USER)


@pytest.mark.parametrize("change", [a_change(), RESTORE, SOFT_DELETE, LINK, UNLINK])
def test_without_a_dead_attempt_nothing_was_our_doing(change: Change) -> None:
    assert not was_ours(change, None, GROUP if change.type == "group" else USER)


def test_an_applied_change_records_what_was_there_and_what_is_there_now() -> None:
    answer = Answer(write_id="c1", status=204, request_id="r1")
    record = outcome(a_change(), Result.APPLIED, before={"city": "Rome"}, answer=answer)
    assert (record.before, record.target) == ({"city": "Rome"}, {"city": "Oslo"})
    assert (record.error_code, record.message, record.request_id) == ("", "", "r1")
    assert record.change_id == a_change().change_id


def test_a_failed_change_records_graphs_words_and_what_was_wanted() -> None:
    answer = Answer(write_id="c1", status=403, code="Authorization_RequestDenied", message="No.", request_id="r1")
    record = outcome(a_change(), Result.FAILED, before={"city": "Rome"}, answer=answer)
    assert (record.target, record.error_code, record.request_id) == (
        {"city": "Oslo"},
        "Authorization_RequestDenied",
        "r1",
    )
    assert record.message.startswith("No. (grant")


def test_a_change_that_needed_no_write_records_our_own_reason() -> None:
    record = outcome(a_change(), Result.FAILED, before={}, message=GONE)
    assert (record.message, record.error_code, record.request_id) == (GONE, "", "")


def test_the_outcome_of_a_link_names_the_link() -> None:
    record = outcome(LINK, Result.APPLIED, before={"members": False})
    assert (record.reference, record.other_id, record.action) == ("members", an_id("u"), Action.LINK)


def test_an_applied_change_records_only_what_was_written_and_names_what_somebody_else_has_set() -> None:
    change = a_change(target={"city": "Oslo", "jobTitle": "Fitter"}, expected={"city": "Rome", "jobTitle": "Welder"})
    found = {"city": "Rome", "jobTitle": "Other"}
    assert still_differing(change, found, USER) == {"city": "Oslo"}
    applied = outcome(change, Result.APPLIED, before=found, message=f"{OVERWRITTEN}jobTitle")
    assert (applied.before, applied.target) == ({"city": "Rome"}, {"city": "Oslo"})
    assert applied.message.endswith("jobTitle")
    failed = outcome(change, Result.FAILED, before=found)
    assert failed.target == change.target, "a retry is about all of it"
