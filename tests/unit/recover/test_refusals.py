"""What a job no longer sends after Graph's refusals, told from its figures alone."""

from __future__ import annotations

from typing import Any

from shared.domain.changes import Action, Outcome, Result
from shared.recover.answers import DENIED, QUOTA
from shared.recover.refusals import DENIALS_MAX, QUOTA_CODE, broken_by, held, refused, warnings_of
from tests.support.builders import a_change, a_link_change, an_outcome

ENOUGH = {"denied.user.update": DENIALS_MAX}


def denied(label: str, **members: Any) -> Outcome:
    return an_outcome(label, result=Result.FAILED, error_code=DENIED, **members)


def test_nothing_is_held_before_graph_has_refused_often_enough() -> None:
    assert held(a_change(), {}) is None
    assert held(a_change(), {"denied.user.update": DENIALS_MAX - 1}) is None


def test_a_kind_of_change_is_held_once_it_was_refused_often_enough_and_the_answer_says_why() -> None:
    answer = held(a_change(), ENOUGH)
    assert answer is not None
    assert (answer.code, answer.request_id) == (DENIED, "")
    assert "not sent" in answer.message
    assert "user" in answer.message


def test_a_type_is_held_whole_when_all_its_refusals_together_are_enough_and_other_types_are_not() -> None:
    half = {"denied.user.update": DENIALS_MAX // 2, "denied.user.restore": DENIALS_MAX // 2}
    assert held(a_change(action=Action.RESTORE), half) is not None
    assert held(a_link_change("user-1"), half) is None
    assert held(a_change(type="userLike"), half) is None


def test_refusals_beside_successes_are_about_single_objects_and_hold_nothing() -> None:
    assert held(a_change(), {**ENOUGH, "outcome.user.update.applied": 1}) is None
    assert held(a_change(), {**ENOUGH, "outcome.user.update.alreadyRight": 1}) is not None


def test_one_kind_is_held_though_another_kind_of_the_same_type_goes_through() -> None:
    counts = {**ENOUGH, "outcome.user.restore.applied": 5}
    assert held(a_change(), counts) is not None
    assert held(a_change(action=Action.RESTORE), counts) is None


def test_refusals_are_counted_by_object_so_one_pack_of_links_is_one() -> None:
    pack = [denied("group-1", type="group", action=Action.LINK, other_id=str(number)) for number in range(20)]
    assert refused(pack) == {"denied.group.link": 1}
    assert refused([an_outcome(result=Result.FAILED, error_code="Request_BadRequest"), an_outcome()]) == {}


def test_a_full_tenant_holds_everything_and_breaks_the_job_by_that_name() -> None:
    full = refused([an_outcome(result=Result.FAILED, error_code=QUOTA, action=Action.RECREATE)])
    assert held(a_link_change("user-1"), full) is not None
    code, text = broken_by({**full, "objects.applied": 3, "objects.failed": 4, "links.failed": 5})
    assert code == QUOTA_CODE
    assert "3 changes were applied and stay, 9 failed or were not sent" in text
    assert broken_by(ENOUGH) == ("", "")


def test_an_objects_own_limit_of_references_does_not_break_the_job() -> None:
    assert refused([an_outcome(result=Result.FAILED, error_code=QUOTA, action=Action.LINK)]) == {}


def test_the_operator_is_told_which_kind_stopped_and_what_to_grant() -> None:
    (said,) = warnings_of(ENOUGH)
    assert "user (update)" in said
    assert "User.ReadWrite.All" in said
    assert warnings_of({**ENOUGH, "outcome.user.update.applied": 1}) == ()
