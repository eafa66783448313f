"""Records of the audit log are believed only as far as they have the shape of one, and the best one explains a row."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.compare.causes import KEPT_PER_OBJECT_MAX, by_object, cause_for, cause_of
from shared.domain.changes import Action
from shared.domain.explanations import Cause
from tests.support.builders import a_difference, a_link, an_id

USER, OTHER = an_id("user-1"), an_id("user-2")


def a_record(number: int = 1, *properties: str, targets: tuple[str, ...] = (USER,), **members: Any) -> bytes:
    modified = [{"displayName": name, "oldValue": '"a"', "newValue": None} for name in properties]
    record = {
        "id": f"Directory_{number:03d}",
        "activityDateTime": f"2026-11-20T10:00:{number:02d}.1234561Z",
        "activityDisplayName": "Update user",
        "result": "success",
        "correlationId": "c",
        "initiatedBy": {"user": {"id": "u", "userPrincipalName": "eve@contoso.com"}, "app": None},
        "targetResources": [{"id": one.upper(), "modifiedProperties": modified} for one in targets],
        "additionalDetails": [],
    }
    return msgspec.json.encode({**record, **members})


def a_cause(number: int = 1, *properties: str, targets: tuple[str, ...] = (USER,), **members: Any) -> Cause:
    found = cause_of(a_record(number, *properties, targets=targets, **members), set(targets))
    assert found is not None
    return found


def test_a_record_tells_who_when_what_and_with_what() -> None:
    cause = a_cause(7, "city", "jobTitle")
    assert (cause.actor_name, cause.actor_id, cause.app_name) == ("eve@contoso.com", "u", "")
    assert (cause.at.isoformat(), cause.activity) == ("2026-11-20T10:00:07.123456+00:00", "Update user")
    assert (cause.properties, cause.targets) == (("city", "jobTitle"), (USER,))
    app = {"app": {"appId": "a", "displayName": "Script", "servicePrincipalId": "s"}, "user": None}
    by_app = a_cause(initiatedBy=app)
    assert (by_app.actor_id, by_app.actor_name, by_app.app_id, by_app.app_name) == ("s", "Script", "a", "Script")


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"nothing",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 5000,
        a_record(activityDateTime="yesterday"),
        a_record(activityDateTime="2026-11-20T10:00:00"),
        a_record(targetResources="everything"),
        a_record(targetResources=None),
        a_record(targetResources=[{"id": None}]),
        a_record(result="failure"),
        a_record(targets=(OTHER,)),
        a_record(initiatedBy=[1]),
    ],
)
def test_what_is_no_record_failed_or_is_about_others_is_not_kept(record: bytes) -> None:
    assert cause_of(record, {USER}) is None


def test_long_texts_and_lists_are_cut() -> None:
    cause = a_cause(1, *(f"p{number}" for number in range(500)), activityDisplayName="x" * 9999)
    assert len(cause.properties) == 50
    assert len(cause.activity) == 200


def test_the_newest_record_that_names_a_property_of_the_row_explains_it() -> None:
    causes = [a_cause(1, "city"), a_cause(2, "city"), a_cause(3, "jobTitle")]
    known = by_object(causes, {USER})
    row = a_difference(target={"city": "Oslo"})
    assert cause_for(row, known) == causes[1]
    assert cause_for(a_difference(target={"state": "x"}), known) == causes[2]
    assert cause_for(a_difference("user-9"), known) is None


def became(number: int, name: str, value: str | None) -> Cause:
    """Return the record of a property that became `value`, as the log writes it."""
    modified = [{"displayName": name, "oldValue": None, "newValue": value}]
    return a_cause(number, targetResources=[{"id": USER, "modifiedProperties": modified}])


@pytest.mark.parametrize(
    ("target", "value"),
    [("Oslo", '"Oslo"'), ("Oslo", '["Oslo"]'), ("Oslo", "Oslo"), (True, "[true]"), (None, None), (None, "[]")],
)
def test_a_record_that_led_back_to_the_target_explains_no_difference(target: Any, value: str | None) -> None:
    row = a_difference(target={"city": target, "state": "x"})
    led_away, led_back = became(1, "City", '"Rome"'), became(2, "City", value)
    assert cause_for(row, by_object([led_away, led_back], {USER})) == led_away
    assert cause_for(row, by_object([led_back], {USER})) is None
    assert cause_for(a_difference(target={"city": "Lyon"}), by_object([led_away, led_back], {USER})) == led_back


@pytest.mark.parametrize(
    ("action", "back", "away"),
    [
        (Action.RESTORE, "Restore user", "Delete user"),
        (Action.SOFT_DELETE, "Delete user", "Restore user"),
        (Action.RECREATE, "Restore user", "Hard Delete user"),
    ],
)
def test_a_restore_does_not_explain_a_deletion_nor_the_reverse(action: Action, back: str, away: str) -> None:
    row = a_difference(action=action)
    records = [a_cause(number, activityDisplayName=name) for number, name in ((1, away), (2, back))]
    assert cause_for(row, by_object(records, {USER})) == records[0]
    assert cause_for(row, by_object(records[1:], {USER})) is None


@pytest.mark.parametrize(("action", "back"), [(Action.LINK, "Add member to group"), (Action.UNLINK, "Remove member")])
def test_a_member_that_was_added_is_not_why_one_is_missing_nor_the_reverse(action: Action, back: str) -> None:
    group = an_id("group-1")
    row = a_difference("group-1", type="group", target={}, links=(a_link("user-2", action=action),))
    record = a_cause(1, targets=(OTHER, group), activityDisplayName=back)
    assert cause_for(row, by_object([record], {group})) is None
    other = a_link("user-2", action=Action.UNLINK if action is Action.LINK else Action.LINK)
    assert cause_for(msgspec.structs.replace(row, links=(other,)), by_object([record], {group})) == record


def test_a_record_of_both_ends_explains_a_link() -> None:
    group = an_id("group-1")
    causes = [
        a_cause(1, targets=(OTHER, group)),
        a_cause(2, targets=(an_id("x"), group)),
        a_cause(3, "x", targets=(group,)),
    ]
    row = a_difference("group-1", type="group", target={}, links=(a_link("user-2"),))
    assert cause_for(row, by_object(causes, {group})) == causes[0]


def test_a_record_that_came_twice_counts_once_and_only_the_newest_are_kept() -> None:
    many = [a_cause(number) for number in range(40)]
    kept = by_object([*many, *many], {USER})[USER]
    assert [cause.audit_id for cause in kept] == [
        f"Directory_{number:03d}" for number in range(39, 39 - KEPT_PER_OBJECT_MAX, -1)
    ]
