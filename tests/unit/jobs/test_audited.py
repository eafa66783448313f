"""Which lists are read again because of what the audit log says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.catalogue.application import APPLICATION
from shared.catalogue.service_principal import SERVICE_PRINCIPAL
from shared.catalogue.types import TYPES
from shared.catalogue.user import USER
from shared.jobs.audited import audited_references, named_in
from tests.support.builders import an_id

APP, PRINCIPAL, PERSON = an_id("app"), an_id("principal"), an_id("person")


def a_record(activity: Any, *targets: Any) -> bytes:
    return msgspec.json.encode({"activityDisplayName": activity, "targetResources": list(targets)})


def a_target(object_id: Any, kind: Any) -> dict[str, Any]:
    return {"id": object_id, "type": kind, "modifiedProperties": []}


@pytest.mark.parametrize("activity", ["Add owner to application", "Remove owner from application"])
def test_the_application_of_an_owner_who_came_or_went_is_named_and_the_owner_is_not(activity: str) -> None:
    records = [a_record(activity, a_target(PERSON, "User"), a_target(APP.upper(), "Application"))]
    assert named_in(records, APPLICATION, APPLICATION.reference("owners")) == {APP}
    assert named_in(records, SERVICE_PRINCIPAL, SERVICE_PRINCIPAL.reference("owners")) == set()


def test_a_target_whose_type_is_not_said_may_be_the_object() -> None:
    records = [a_record("Add owner to service principal", a_target(PRINCIPAL, None), {"id": APP})]
    assert named_in(records, SERVICE_PRINCIPAL, SERVICE_PRINCIPAL.reference("owners")) == {PRINCIPAL, APP}


@pytest.mark.parametrize("activity", ["Add sponsor to user", "Add a sponsor", "Remove a sponsor from user"])
def test_both_ends_of_a_sponsorship_are_users_so_both_are_named(activity: str) -> None:
    records = [a_record(activity, a_target(PERSON, "User"), a_target(APP, "user"))]
    assert named_in(records, USER, USER.reference("sponsors")) == {PERSON, APP}


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"activityDisplayName":"Add owner","targetResources":' + b"[" * 10_000,
        a_record(7, a_target(APP, "Application")),
        a_record("Add owner", APP),
        a_record("Add owner", a_target("../users", "Application")),
        a_record("Add owner", a_target(None, "Application")),
        a_record("Update application", a_target(APP, "Application")),
        a_record("Self-add owner", a_target(APP, "Application")),
    ],
)
def test_what_is_no_record_of_an_owner_names_nothing(record: bytes) -> None:
    assert named_in([record], APPLICATION, APPLICATION.reference("owners")) == set()


def test_the_log_is_asked_about_just_the_links_that_delta_is_not_known_to_tell_of() -> None:
    asked = {f"{entry.name}.{known.name}" for entry in TYPES for known in audited_references(entry)}
    assert asked == {"application.owners", "servicePrincipal.owners", "user.sponsors"}
