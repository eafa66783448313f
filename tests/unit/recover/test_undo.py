"""A recovery turned round: what an undo asks for, and what a repetition asks for."""

from __future__ import annotations

import msgspec

from shared.catalogue.user import USER
from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Change, Json, Outcome, Result
from shared.recover.decide import Look, before_image, outcome, overwritten, settled, still_differing
from shared.recover.plan import object_changes
from shared.recover.undo import EVERYTHING_ALLOWED, MADE_AGAIN, repeating, undoing
from tests.support.builders import a_change, a_link_change, a_user_body, an_id

UPDATED = a_change(target={"city": "Oslo", "jobTitle": "Chef"})


def ended(change: Change, before: Json, result: Result = Result.APPLIED) -> Outcome:
    return outcome(change, result, before=before)


def test_u1_an_undo_asks_for_the_values_that_were_there_and_for_links_the_other_way_round() -> None:
    found = undoing(
        [
            ended(UPDATED, {"city": "Rome", "jobTitle": None}),
            ended(a_link_change("u"), {"members": False}),
            ended(a_change("back", action=Action.RESTORE), {"isDeleted": True}),
            ended(a_change("newer", action=Action.SOFT_DELETE), {"isDeleted": False}),
        ]
    )
    rows = {(row.object_id, row.action): row for row in found.differences}
    assert rows[UPDATED.object_id, Action.UPDATE].target == {"city": "Rome", "jobTitle": None}
    links = rows[a_link_change("u").object_id, Action.UPDATE].links
    assert [(link.other_id, link.action) for link in links] == [(an_id("u"), Action.UNLINK)]
    assert (a_change("back").object_id, Action.SOFT_DELETE) in rows
    assert (a_change("newer").object_id, Action.RESTORE) in rows


def test_u1_what_failed_or_was_right_already_is_not_undone() -> None:
    assert not undoing(
        [ended(UPDATED, {"city": "Rome"}, result) for result in (Result.FAILED, Result.ALREADY_RIGHT)]
    ).differences


def test_u1_two_stages_of_one_object_are_undone_once_to_what_the_first_one_found() -> None:
    first = ended(a_change(target={"city": "Oslo"}), {"city": "Rome"})
    second = ended(a_change(target={"city": "Bergen"}), {"city": "Oslo"})
    found = undoing([first, second])
    assert [row.target for row in found.differences] == [{"city": "Rome"}]
    assert found.expected == {("user", first.object_id): {"city": "Bergen"}}


def test_u2_a_value_that_somebody_changed_after_the_recovery_stays() -> None:
    found = undoing([ended(UPDATED, {"city": "Rome", "jobTitle": None})])
    (changes,) = object_changes(found.differences, EVERYTHING_ALLOWED).values()
    undo = found.guarded(changes[0], Wave.UPDATE)
    body = a_user_body(city="Paris", jobTitle="Chef")
    assert still_differing(undo, body, USER) == {"jobTitle": None}
    assert overwritten(undo, body, USER) == ["city"]
    both = settled(undo, Look(a_user_body(city="Paris", jobTitle="Baker")), USER)
    assert both is not None
    assert both[0] is Result.FAILED
    assert "city, jobTitle" in both[1]


def test_u3_a_repetition_asks_for_exactly_what_failed() -> None:
    failed = ended(UPDATED, {"city": "Rome"}, Result.FAILED)
    found = repeating([failed, ended(a_change("other"), {}), ended(a_link_change("u"), {}, Result.FAILED)])
    assert [(row.object_id, row.target) for row in found.differences] == [
        (UPDATED.object_id, UPDATED.target),
        (a_link_change("u").object_id, {}),
    ]
    assert [link.action for row in found.differences for link in row.links] == [Action.LINK]


def test_a_setting_that_was_made_again_stays_because_taking_it_away_would_be_for_good() -> None:
    made = a_change("s", type="groupSetting", action=Action.RECREATE, target={"templateId": "t"})
    (row,) = undoing([ended(made, {"isDeleted": True})]).differences
    assert (row.action, row.refusal) == (Action.SOFT_DELETE, MADE_AGAIN)
    assert object_changes([row], EVERYTHING_ALLOWED) == {}


def test_u1_a_grant_that_was_made_again_is_removed_and_one_that_was_removed_is_made_again_as_it_was() -> None:
    made = a_change("g", type="oAuth2PermissionGrant", action=Action.RECREATE, target={"scope": "User.Read"})
    (change,) = object_changes(undoing([ended(made, {"isDeleted": True})]).differences, EVERYTHING_ALLOWED)[
        Wave.SOFT_DELETE
    ]
    assert (change.action, change.object_id) == (Action.REMOVE, made.object_id)
    removed = a_change("g", type="oAuth2PermissionGrant", action=Action.REMOVE)
    body = {"id": "x", "clientId": "c", "resourceId": "r", "principalId": None, "consentType": "AllPrincipals"}
    before = before_image(removed, Look({**body, "scope": "Mail.Read"}))
    (change,) = object_changes(undoing([ended(removed, before)]).differences, EVERYTHING_ALLOWED)[Wave.LOCATIONS]
    wanted = {"clientId": "c", "resourceId": "r", "consentType": "AllPrincipals", "scope": "Mail.Read"}
    assert (change.action, change.target) == (Action.RECREATE, wanted)


def test_u3_a_removal_that_failed_is_repeated_as_one() -> None:
    removed = a_change("g", type="oAuth2PermissionGrant", action=Action.REMOVE)
    failed = ended(removed, {"isDeleted": False}, Result.FAILED)
    (change,) = object_changes(repeating([failed]).differences, EVERYTHING_ALLOWED)[Wave.SOFT_DELETE]
    assert change.action is Action.REMOVE


def test_a_grant_that_could_not_be_made_again_is_repeated_with_all_it_says() -> None:
    made = a_change("g", type="oAuth2PermissionGrant", action=Action.RECREATE, target={"scope": "User.Read"})
    (row,) = repeating([ended(made, {"isDeleted": True}, Result.FAILED)]).differences
    (change,) = object_changes([row], EVERYTHING_ALLOWED)[Wave.LOCATIONS]
    assert (change.action, change.target) == (Action.RECREATE, {"scope": "User.Read"})


def test_undoing_another_manager_brings_the_one_before_back_instead_of_none() -> None:
    link = msgspec.structs.replace(a_link_change("new", "user-1"), type="user", reference="manager")
    before = before_image(link, Look(a_user_body(), links={"manager": frozenset({an_id("old")})}))
    (row,) = undoing([ended(link, before)]).differences
    assert [(one.action, one.other_id) for one in row.links] == [(Action.LINK, an_id("old"))]
    nobody = before_image(link, Look(a_user_body(), links={"manager": frozenset()}))
    (row,) = undoing([ended(link, nobody)]).differences
    assert [(one.action, one.other_id) for one in row.links] == [(Action.UNLINK, an_id("new"))]
