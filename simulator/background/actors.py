"""Who is at work beside us, each with an application of its own and the changes it makes.

The office edits people and groups, personnel moves people about, the pipeline ships applications, the policy desk
turns policies, roles and units. A change the tenant refuses is counted and forgotten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from simulator.applications import BUSY_OFFICE, PERSONNEL, PIPELINE, POLICY_DESK, Application
from simulator.background.hands import Hands

Change = Callable[[Hands], None]
_DEPARTMENTS = ("Sales", "Finance", "Engineering", "Operations", "Legal")
_TITLES = ("Analyst", "Engineer", "Lead", "Manager", "Director")
_STATES = ("enabled", "enabledForReportingButNotEnforced")
_NO_ROLE_IN_PARTICULAR = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Actor:
    """One application at work; each of its changes is as likely as another."""

    app: Application
    changes: tuple[Change, ...]


def edit_user(hands: Hands) -> None:
    """Move somebody to another department and room."""
    change = {"department": hands.random.choice(_DEPARTMENTS), "officeLocation": f"{hands.random.randint(1, 40)}"}
    hands.do("PATCH", f"/users/{hands.any('user')}", change)


def join(hands: Hands) -> None:
    """Put somebody into a group."""
    reference = hands.reference("user")
    hands.do("POST", f"/groups/{hands.any('group')}/members/$ref", reference)


def leave(hands: Hands) -> None:
    """Take somebody out of a group."""
    group_id = hands.any("group")
    member_id = hands.held(group_id, "members")
    if member_id is not None:
        hands.do("DELETE", f"/groups/{group_id}/members/{member_id}/$ref")


def hire(hands: Hands) -> None:
    """Make a user."""
    number = hands.number()
    body = {
        "accountEnabled": True,
        "displayName": f"New colleague {number}",
        "mailNickname": f"new.{number}",
        "userPrincipalName": f"new.{number}@{hands.tenant.domain}",
        "passwordProfile": {"password": number},
    }
    hands.make("user", "/users", body)


def fire(hands: Hands) -> None:
    """Delete a user it made."""
    hands.unmake("user", "/users")


def rename(hands: Hands) -> None:
    """Describe a group anew."""
    hands.do("PATCH", f"/groups/{hands.any('group')}", {"description": f"Seen {hands.random.randint(1, 999)}"})


def promote(hands: Hands) -> None:
    """Give somebody another title."""
    hands.do("PATCH", f"/users/{hands.any('user')}", {"jobTitle": hands.random.choice(_TITLES)})


def report_to(hands: Hands) -> None:
    """Give somebody another manager."""
    hands.do("PUT", f"/users/{hands.any('user')}/manager/$ref", hands.reference("user"))


def sponsor(hands: Hands) -> None:
    """Give somebody one more sponsor."""
    hands.do("POST", f"/users/{hands.any('user')}/sponsors/$ref", hands.reference("user"))


def own(hands: Hands) -> None:
    """Give a group one more owner."""
    hands.do("POST", f"/groups/{hands.any('group')}/owners/$ref", hands.reference("user"))


def register(hands: Hands) -> None:
    """Make an application and its service principal."""
    made = hands.make("application", "/applications", {"displayName": f"Service {hands.number()}"})
    app_id = hands.tenant.directory.stores["application"].live[made]["appId"]
    hands.do("POST", "/servicePrincipals", {"appId": app_id})


def withdraw(hands: Hands) -> None:
    """Delete an application it made."""
    hands.unmake("application", "/applications")


def tag(hands: Hands) -> None:
    """Note something on an application and on a service principal."""
    hands.do("PATCH", f"/applications/{hands.any('application')}", {"notes": f"Release {hands.number()}"})
    hands.do("PATCH", f"/servicePrincipals/{hands.any('servicePrincipal')}", {"notes": f"Release {hands.number()}"})


def rotate(hands: Hands) -> None:
    """Give an application it made a new secret."""
    mine = hands.made.get("application")
    if mine:
        hands.do("POST", f"/applications/{hands.random.choice(mine)}/addPassword", {})


def maintain(hands: Hands) -> None:
    """Give an application one more owner."""
    hands.do("POST", f"/applications/{hands.any('application')}/owners/$ref", hands.reference("user"))


def assign(hands: Hands) -> None:
    """Let somebody use an application."""
    user_id = hands.any("user")
    body = {"principalId": user_id, "resourceId": hands.any("servicePrincipal"), "appRoleId": _NO_ROLE_IN_PARTICULAR}
    hands.do("POST", f"/users/{user_id}/appRoleAssignments", body)


def consent(hands: Hands) -> None:
    """Consent for one user to what an application asks."""
    ends = {"clientId": hands.any("servicePrincipal"), "resourceId": hands.any("servicePrincipal")}
    body = {**ends, "consentType": "Principal", "principalId": hands.any("user"), "scope": "User.Read"}
    hands.do("POST", "/oauth2PermissionGrants", body)


def turn_policy(hands: Hands) -> None:
    """Turn a Conditional Access policy between enforced and reporting."""
    place = f"/identity/conditionalAccess/policies/{hands.any('conditionalAccessPolicy')}"
    hands.do("PATCH", place, {"state": hands.random.choice(_STATES)})


def rename_location(hands: Hands) -> None:
    """Give a named location another name."""
    location_id = hands.any("namedLocation")
    location = hands.tenant.directory.stores["namedLocation"].find(location_id) or {}
    body = {"@odata.type": location.get("@odata.type"), "displayName": f"Site {hands.number()}"}
    hands.do("PATCH", f"/identity/conditionalAccess/namedLocations/{location_id}", body)


def empower(hands: Hands) -> None:
    """Assign a role."""
    body = {"principalId": hands.any("user"), "roleDefinitionId": hands.any("unifiedRoleDefinition")}
    hands.make("assignment", "/roleManagement/directory/roleAssignments", {**body, "directoryScopeId": "/"})


def depose(hands: Hands) -> None:
    """Take away a role it assigned."""
    hands.unmake("assignment", "/roleManagement/directory/roleAssignments")


def enrol(hands: Hands) -> None:
    """Put somebody into an administrative unit."""
    unit_id = hands.any("administrativeUnit")
    hands.do("POST", f"/directory/administrativeUnits/{unit_id}/members/$ref", hands.reference("user"))


def describe_unit(hands: Hands) -> None:
    """Describe an administrative unit anew."""
    place = f"/directory/administrativeUnits/{hands.any('administrativeUnit')}"
    hands.do("PATCH", place, {"description": f"Seen {hands.number()}"})


ACTORS: Mapping[str, Actor] = MappingProxyType(
    {
        "office": Actor(BUSY_OFFICE, (edit_user, edit_user, join, leave, hire, fire, rename)),
        "personnel": Actor(PERSONNEL, (promote, report_to, sponsor, own, hire, fire)),
        "pipeline": Actor(PIPELINE, (register, withdraw, tag, rotate, maintain, assign, consent)),
        "policies": Actor(POLICY_DESK, (turn_policy, rename_location, empower, depose, enrol, describe_unit)),
    }
)
