"""Requests for what a PATCH of the object cannot write."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.catalogue.application import APPLICATION
from shared.catalogue.authentication import AUTHENTICATION_STRENGTH
from shared.catalogue.entry import ObjectType
from shared.catalogue.grants import APP_ROLE_ASSIGNMENT
from shared.catalogue.roles import ROLE_ELIGIBILITY, ROLE_MANAGEMENT_POLICY
from shared.catalogue.tenant_settings import ADMIN_CONSENT
from shared.catalogue.user import USER
from shared.domain.changes import Action, Change, Json
from shared.domain.writes import Answer
from shared.recover.answers import Verdict, verdict
from shared.recover.plan import link_changes
from shared.recover.writes import link_strokes, object_strokes
from tests.support.builders import a_link, an_id


def an_answer(status: int, code: str, message: str) -> Answer:
    """Return Graph's last word on a write."""
    return Answer(write_id="c", status=status, code=code, message=message)


def a_licence(sku: str) -> Json:
    """Return one licence with all its plans."""
    return {"skuId": sku, "disabledPlans": []}


E5, P2, F1 = a_licence("e5"), a_licence("p2"), a_licence("f1")


def sent(entry: ObjectType, current: Json, target: Json, *, object_id: str = "", action: Action = Action.UPDATE) -> Any:
    """Return method, address and body of each request for one change."""
    known = object_id or an_id("one")
    change = Change(change_id="c", type=entry.name, object_id=known, display_name="", action=action, target=target)
    strokes = object_strokes(entry, change, {"id": known, **current}, target)
    return [(one.write.method, one.write.path, msgspec.json.decode(one.write.body)) for one in strokes]


def test_licences_are_added_and_removed_in_one_call_of_their_own_after_the_properties() -> None:
    trimmed = {**P2, "disabledPlans": ["x"]}
    requests = sent(USER, {"assignedLicenses": [E5, P2]}, {"assignedLicenses": [trimmed, F1], "usageLocation": "NL"})
    at = f"/users/{an_id('one')}"
    assert requests == [
        ("PATCH", at, {"usageLocation": "NL"}),
        ("POST", f"{at}/assignLicense", {"addLicenses": [trimmed, F1], "removeLicenses": ["e5"]}),
    ]


def test_taking_away_a_licence_that_an_earlier_try_took_away_is_success() -> None:
    gone = an_answer(400, "Request_BadRequest", "User does not have a corresponding license: 'e5'.")
    assert verdict(gone, Action.UPDATE) is Verdict.ALREADY
    assert verdict(an_answer(400, "Request_BadRequest", "no"), Action.UPDATE) is Verdict.FAILED


def test_an_enabled_role_is_switched_off_before_it_changes_or_goes() -> None:
    kept, old, gone = ({"id": name, "isEnabled": True, "value": name} for name in ("kept", "old", "gone"))
    new = {**old, "value": "new"}
    requests = sent(APPLICATION, {"appRoles": [kept, old, gone]}, {"appRoles": [kept, new]})
    assert [(method, body["appRoles"]) for method, _at, body in requests] == [
        ("PATCH", [kept, {**old, "isEnabled": False}, {**gone, "isEnabled": False}]),
        ("PATCH", [kept, new]),
    ]


def test_scopes_are_guarded_like_roles_and_new_or_disabled_ones_need_no_first_step() -> None:
    on, off = {"id": "a", "isEnabled": True, "value": "a"}, {"id": "b", "isEnabled": False, "value": "b"}
    changed = {"oauth2PermissionScopes": [{**on, "value": "x"}, off]}
    first, second = sent(APPLICATION, {"api": {"oauth2PermissionScopes": [on, off]}}, {"api": changed})
    assert first[2] == {"api": {"oauth2PermissionScopes": [{**on, "isEnabled": False}, off]}}
    assert second[2] == {"api": changed}
    more = {"api": {"oauth2PermissionScopes": [on, {**off, "value": "y"}, {"id": "c", "isEnabled": True}]}}
    assert len(sent(APPLICATION, {"api": {"oauth2PermissionScopes": [on, off]}}, more)) == 1


def test_the_logo_of_an_application_is_never_written_with_its_other_addresses() -> None:
    info = {"logoUrl": "https://cdn", "supportUrl": "https://help"}
    assert sent(APPLICATION, {}, {"info": info})[0][2] == {"info": {"supportUrl": "https://help"}}


def test_combinations_have_a_call_of_their_own() -> None:
    (request,) = sent(
        AUTHENTICATION_STRENGTH, {"allowedCombinations": ["password,sms"]}, {"allowedCombinations": ["x"]}
    )
    at = f"/policies/authenticationStrengthPolicies/{an_id('one')}/updateAllowedCombinations"
    assert request == ("POST", at, {"allowedCombinations": ["x"]})


def test_only_the_rules_that_differ_are_written_each_at_its_own_address() -> None:
    same, now = {"id": "a", "n": 1}, {"id": "b", "n": 1}
    wanted = {"@odata.type": "#t", "id": "b", "n": 2}
    (request,) = sent(ROLE_MANAGEMENT_POLICY, {"rules": [same, now]}, {"rules": [wanted, same, {"id": "new"}]})
    assert request == ("PATCH", f"/policies/roleManagementPolicies/{an_id('one')}/rules/b", wanted)


def test_what_graph_takes_whole_is_put_whole() -> None:
    current = {"isEnabled": False, "notifyReviewers": True, "version": 3}
    (request,) = sent(ADMIN_CONSENT, current, {"isEnabled": True})
    assert request == ("PUT", ADMIN_CONSENT.path, {"isEnabled": True, "notifyReviewers": True})


def test_an_assignment_is_made_again_where_it_was_and_an_eligibility_by_request() -> None:
    body = {"resourceId": "r", "principalId": "p", "appRoleId": "a"}
    (request,) = sent(APP_ROLE_ASSIGNMENT, {}, body, object_id="r/p/a", action=Action.RECREATE)
    assert request == ("POST", "/servicePrincipals/r/appRoleAssignedTo", body)
    wish = {"principalId": "p", "roleDefinitionId": "d", "directoryScopeId": "/"}
    (request,) = sent(ROLE_ELIGIBILITY, {}, wish, object_id="p/d//", action=Action.RECREATE)
    assert request[1] == "/roleManagement/directory/roleEligibilityScheduleRequests"
    assert request[2] == {**wish, **ROLE_ELIGIBILITY.make_with}


def test_making_what_is_there_already_is_success() -> None:
    for status, words in ((400, "Permission being assigned already exists"), (409, "A conflicting object is present")):
        assert verdict(an_answer(status, "x", words), Action.RECREATE) is Verdict.ALREADY
    assert verdict(an_answer(400, "x", "invalid"), Action.RECREATE) is Verdict.FAILED


def test_another_manager_is_one_request_and_no_manager_is_another() -> None:
    both = [a_link("old"), a_link("new", action=Action.UNLINK)]
    links = [msgspec.structs.replace(link, reference="manager") for link in both]
    changes = link_changes("user", an_id("one"), "one", links)
    (stroke,) = link_strokes(USER, changes)
    assert (stroke.write.method, stroke.write.path) == ("PUT", f"/users/{an_id('one')}/manager/$ref")
    assert an_id("old") in stroke.write.body.decode()
    (alone,) = link_strokes(USER, link_changes("user", an_id("one"), "one", links[1:]))
    assert (alone.write.method, alone.write.path) == ("DELETE", f"/users/{an_id('one')}/manager/$ref")


def test_owners_of_applications_and_sponsors_are_added_one_by_one() -> None:
    links = [msgspec.structs.replace(a_link(name), reference="owners") for name in ("a", "b")]
    strokes = link_strokes(APPLICATION, link_changes("application", an_id("one"), "one", links))
    assert [one.write.method for one in strokes] == ["POST", "POST"]
    assert {one.write.path for one in strokes} == {f"/applications/{an_id('one')}/owners/$ref"}
