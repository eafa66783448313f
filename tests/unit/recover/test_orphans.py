"""Grants and assignments of what stays gone are left to people; all others are made again."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.changes import Action, Difference
from shared.domain.jobs import Options
from shared.recover.manual import manual_steps
from shared.recover.orphans import ORPHANED, ORPHANED_UNASKED, orphaned, staying_gone
from tests.support.builders import an_id

ASKED = Options(recreate_deleted=True)
MAILING = {"displayName": "Mailing", "mailEnabled": True, "groupTypes": [], "securityEnabled": False}
TEAM = {"displayName": "Team", "mailEnabled": False, "groupTypes": [], "securityEnabled": True}


def a_row(type_name: str, object_id: str, target: dict[str, Any], action: Action = Action.RECREATE) -> Difference:
    return Difference(type=type_name, object_id=object_id, display_name="", action=action, target=target)


def an_assignment(principal: str) -> Difference:
    ends = {"resourceId": an_id("app"), "principalId": an_id(principal), "appRoleId": an_id("role")}
    return a_row("appRoleAssignment", "/".join(ends.values()), ends)


REPORT = (a_row("group", an_id("mailing"), MAILING), a_row("group", an_id("team"), TEAM))


@pytest.mark.parametrize(
    ("options", "principal", "reason"),
    [
        (ASKED, "mailing", ORPHANED),
        (ASKED, "team", ""),
        (ASKED, "somebody", ""),
        (Options(), "mailing", ORPHANED_UNASKED),
        (Options(), "team", ORPHANED_UNASKED),
        (Options(), "somebody", ""),
    ],
)
def test_o1_an_assignment_is_left_alone_exactly_when_it_names_what_stays_gone(
    options: Options, principal: str, reason: str
) -> None:
    assert orphaned(an_assignment(principal), options, staying_gone(REPORT, options)) == reason


def test_o1_what_is_no_grant_is_never_orphaned() -> None:
    gone = staying_gone(REPORT, ASKED)
    assert not orphaned(a_row("group", an_id("mailing"), MAILING), ASKED, gone)
    assert not orphaned(a_row("user", an_id("ann"), {"city": "Oslo"}, Action.UPDATE), ASKED, gone)


def test_an_orphan_is_a_step_for_people_once_re_creation_was_asked_for() -> None:
    (step,) = manual_steps(an_assignment("mailing"), ASKED, ORPHANED)
    assert step.reason == ORPHANED
    assert not list(manual_steps(an_assignment("mailing"), Options(), ORPHANED_UNASKED))
