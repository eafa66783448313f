"""Records of the audit log are believed only as far as they have the shape of one, and the best one explains a row."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.compare.causes import KEPT_PER_OBJECT_MAX, by_object, cause_for, cause_of
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
