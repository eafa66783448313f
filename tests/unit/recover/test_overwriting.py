"""Who overwrote a change, as far as the audit log says: every promise of shared/recover/overwriting.py."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from shared.domain.changes import Action, Json
from shared.domain.confirmations import Confirmation, Standing
from shared.domain.explanations import Cause, Log
from shared.graph.tokens import application_of
from shared.recover.overwriting import overwriter, reverter
from tests.support.builders import AT, an_id

USER, OURS, OTHERS = an_id("user-1"), an_id("tidemark"), an_id("script")
SECOND = timedelta(seconds=1)


def a_cause(seconds: int, app: str = OTHERS, *properties: str, targets: tuple[str, ...] = (USER,)) -> Cause:
    at = AT + seconds * SECOND
    return Cause(
        audit_id=f"{seconds} {app}", at=at, activity="Update user", app_id=app, properties=properties, targets=targets
    )


def a_confirmation(found: Json | None = None, **members: str) -> Confirmation:
    return Confirmation(
        change_id="c", type="user", object_id=USER, display_name="u", action=Action.UPDATE,
        standing=Standing.OVERWRITTEN, found=found or {"city": "Rome"}, **members,
    )  # fmt: skip


def told(
    *causes: Cause, one: Confirmation | None = None, ours: tuple[str, ...] = (OURS,), is_refused: bool = False
) -> tuple[Log, str]:
    newest_first = sorted(causes, key=lambda cause: cause.at, reverse=True)
    said = overwriter(one or a_confirmation(), {USER: newest_first}, ours=ours, written_at=AT, is_refused=is_refused)
    return said.log, said.cause.audit_id if said.cause else ""


def test_the_newest_record_that_names_what_was_found_is_the_one() -> None:
    assert told(a_cause(1, OTHERS, "city"), a_cause(2, OTHERS, "city"), a_cause(3, OTHERS, "mail")) == (
        Log.FOUND,
        f"2 {OTHERS}",
    )


def test_a_record_that_says_it_set_what_was_found_is_the_one() -> None:
    record = msgspec.structs.replace(a_cause(1, OTHERS, "city"), new_values={"city": '"Rome"'})
    assert told(record) == (Log.FOUND, f"1 {OTHERS}")


def test_w1_the_recoverys_own_record_never_counts_however_new_it_is() -> None:
    assert told(a_cause(1, OTHERS, "city"), a_cause(5, OURS.upper(), "city")) == (Log.FOUND, f"1 {OTHERS}")
    assert told(a_cause(5, OURS, "city")) == (Log.NOT_IN_LOG, "")


def test_w1_where_nobody_knows_our_own_applications_only_records_from_after_the_change_count() -> None:
    assert told(a_cause(-1, OURS, "city"), ours=()) == (Log.NOT_IN_LOG, "")
    assert told(a_cause(0, OURS, "city"), ours=()) == (Log.NOT_IN_LOG, "")
    assert told(a_cause(-1, OURS, "city"), a_cause(1, OTHERS, "city"), ours=()) == (Log.FOUND, f"1 {OTHERS}")


def test_w2_a_log_that_is_silent_and_one_that_was_refused_are_told_apart() -> None:
    assert told() == (Log.NOT_IN_LOG, "")
    assert told(is_refused=True) == (Log.NOT_READABLE, "")


def test_a_link_is_explained_by_the_record_that_names_both_ends() -> None:
    one = a_confirmation({"members": False}, reference="members", other_id=an_id("user-2"))
    both = a_cause(1, OTHERS, targets=(USER, an_id("user-2")))
    assert told(both, a_cause(2, OTHERS, "city"), one=one) == (Log.FOUND, f"1 {OTHERS}")


@pytest.mark.parametrize(
    ("token", "known"),
    [
        ("x.eyJhcHBpZCI6ICJBQkMifQ.y", "abc"),
        ("x.eyJhenAiOiAiYWJjIn0.y", "abc"),
        ("x.e30.y", ""),
        ("opaque", ""),
        ("a.%%%.b", ""),
        ("a.eyJhcHBpZCI6IDF9.b", ""),
        ("", ""),
    ],
)
def test_a_token_says_which_application_it_is_for_or_nothing(token: str, known: str) -> None:
    assert application_of(token) == known


def put_back(found: Json, *causes: Cause, **members: str) -> bool:
    """Tell whether one of the causes is taken for that of a pending change, at which this was found."""
    one = msgspec.structs.replace(a_confirmation(found, **members), standing=Standing.PENDING)
    return reverter(one, {USER: list(causes)}, ours=(OURS,), written_at=AT) is not None


def test_w3_a_later_record_of_somebody_else_that_made_it_as_it_is_names_who_put_it_back() -> None:
    back = msgspec.structs.replace(a_cause(1, OTHERS, "city"), new_values={"city": '"Rome"'})
    assert put_back({"city": "Rome"}, back)
    assert not put_back({"city": "Oslo"}, back)
    assert not put_back({"city": "Rome"}, a_cause(1, OTHERS, "city")), "it does not say what it made of it"
    assert not put_back({"city": "Rome"}, msgspec.structs.replace(back, at=AT)), "the harm that was recovered from"
    assert not put_back({"city": "Rome"}, msgspec.structs.replace(back, app_id=OURS))
    early, own = msgspec.structs.replace(back, at=AT - SECOND), a_cause(-2, OURS, "city")
    assert put_back({"city": "Rome"}, early, own), "it is newer than our own record"
    assert not put_back({"city": "Rome"}, msgspec.structs.replace(own, at=AT), early)


@pytest.mark.parametrize(
    ("found", "activity", "other"),
    [
        ({"members": False}, "Remove member from group", "Add member to group"),
        ({"members": True}, "Add member to group", "Remove member from group"),
        ({"isDeleted": True}, "Delete user", "Restore user"),
        ({"isDeleted": False}, "Restore user", "Delete user"),
    ],
)
def test_w3_of_links_and_deletions_the_activity_says_what_was_made(found: Json, activity: str, other: str) -> None:
    ends = {"reference": "members", "other_id": an_id("user-2")} if "members" in found else {}
    targets = (USER, *([an_id("user-2")] if ends else []))
    made = a_cause(1, OTHERS, targets=targets)
    assert put_back(found, msgspec.structs.replace(made, activity=activity), **ends)
    assert not put_back(found, msgspec.structs.replace(made, activity=other), **ends)
