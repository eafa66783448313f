"""Graph says "already so" with error statuses; a change that is true has not failed."""

from __future__ import annotations

import pytest

from shared.domain.changes import Action
from shared.domain.writes import Answer
from shared.recover.answers import ADVICE, Verdict, explanation, verdict

ALREADY_THERE = "One or more added object references already exist for the following modified properties: 'members'."
NOT_THERE = "One or more removed object references do not exist for the following modified properties: 'members'."


def an_answer(status: int, message: str = "", code: str = "Request_BadRequest") -> Answer:
    return Answer(write_id="c1", status=status, code=code, message=message, request_id="r1")


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_is_applied_whatever_was_asked(action: Action, status: int) -> None:
    assert verdict(an_answer(status), action, links=1) is Verdict.APPLIED


def test_a_link_that_is_there_already_is_true() -> None:
    assert verdict(an_answer(400, ALREADY_THERE), Action.LINK, links=1) is Verdict.ALREADY


def test_a_link_that_is_gone_already_is_true() -> None:
    assert verdict(an_answer(400, NOT_THERE), Action.UNLINK) is Verdict.ALREADY
    assert verdict(an_answer(404), Action.UNLINK) is Verdict.ALREADY


def test_an_object_that_is_gone_already_is_soft_deleted() -> None:
    assert verdict(an_answer(404), Action.SOFT_DELETE) is Verdict.ALREADY


@pytest.mark.parametrize("status", [400, 404])
def test_a_pack_that_is_refused_as_a_whole_is_split(status: int) -> None:
    assert verdict(an_answer(status, ALREADY_THERE), Action.LINK, links=2) is Verdict.SPLIT


@pytest.mark.parametrize("status", [403, 409, 500])
def test_a_pack_that_failed_for_no_links_sake_is_not_split(status: int) -> None:
    assert verdict(an_answer(status), Action.LINK, links=20) is Verdict.FAILED


@pytest.mark.parametrize(
    ("status", "message", "action"),
    [
        (404, "", Action.LINK),
        (404, "", Action.UPDATE),
        (404, "", Action.RESTORE),
        (400, "", Action.LINK),
        (400, "", Action.UNLINK),
        (400, NOT_THERE, Action.LINK),
        (400, ALREADY_THERE, Action.UNLINK),
        (400, NOT_THERE, Action.UPDATE),
        (403, "", Action.SOFT_DELETE),
    ],
)
def test_every_other_refusal_is_a_failure(status: int, message: str, action: Action) -> None:
    assert verdict(an_answer(status, message), action, links=1) is Verdict.FAILED


@pytest.mark.parametrize("code", sorted(ADVICE))
def test_a_refusal_that_is_known_comes_with_what_to_do(code: str) -> None:
    assert explanation(an_answer(403, "no", code)) == f"no ({ADVICE[code]})"


def test_a_refusal_that_is_unknown_is_told_in_graphs_own_words() -> None:
    assert explanation(an_answer(400, "Invalid value specified.")) == "Invalid value specified."


def test_a_refusal_without_words_is_told_by_its_status() -> None:
    assert explanation(an_answer(502)) == "Graph answered 502"


def test_an_object_mastered_on_premises_is_to_be_corrected_there() -> None:
    refused = an_answer(
        400, "Unable to update the specified properties for On-Premises Mastered Directory Sync objects"
    )
    assert explanation(refused).endswith("(correct it in Active Directory)")
