"""A ransomware operator: policies off, administrators locked out, doors of its own, wide consent.

With a stolen application it switches off or deletes every second Conditional Access policy, opens the trusted
locations to the world, weakens authentication methods and the authorization policy, takes the roles of all other
administrators and disables them (emergency accounts spared, as they are what recovery starts from), makes itself
a Global Administrator and an application with a secret and rights over roles, and consents to it for everybody.
"""

from random import Random
from typing import Any

from simulator.generate.applications import GRAPH_APP
from simulator.generate.roles import GLOBAL_ADMINISTRATOR
from simulator.incidents.story import Incident, Stage, Story, shuffled, taken
from simulator.operations.applications import principal_of
from simulator.types.application import APPLICATION
from simulator.types.conditional_access import COMPLIANT_NETWORK, LOCATION, POLICY
from simulator.types.roles import ASSIGNMENT
from simulator.types.schema import JsonObject

NAME = "ransomware"
APP_ID = "dead0000-0000-4000-8000-0000000000d5"
ROLES_OVER_ROLES = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"  # RoleManagement.ReadWrite.Directory
USER_SHARE = 0.05
_ACCESS = "/identity/conditionalAccess"
_METHODS = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations"


def play(stage: Stage, *, seed: int, scale: float) -> dict[str, Any]:
    """Play the attack; return the account of it."""
    story, draw = Story(stage, APP_ID), Random(f"{NAME} {seed}")
    if scale <= 0:
        return story.account()
    spared = story.spared()
    _settle_in(story)
    _disarm(story, draw, scale)
    _lock_out(story, draw, scale, spared)
    _weaken(story)
    return story.account()


def _settle_in(story: Story) -> None:
    """Make a user, an application with a secret and its principal; give them everything."""
    domain, number = story.tenant.domain, len(story.directory.stores[APPLICATION].order)
    alias = f"azure-health-{number}"
    user: JsonObject = {"accountEnabled": True, "displayName": "Azure Health", "mailNickname": alias}
    user |= {"userPrincipalName": f"{alias}@{domain}", "passwordProfile": {"password": "not-kept-anywhere"}}
    user_id = story.write("users_created", "POST", "/users", user, about={"displayName": "Azure Health"}).object_id
    body = {"displayName": "Microsoft Compliance Connector", "signInAudience": "AzureADMultipleOrgs"}
    made = story.write("applications_created", "POST", "/applications", body, about=body)
    about = {**body, "id": made.object_id}
    place = f"/applications/{made.object_id}/addPassword"
    story.write("secrets_added", "POST", place, {"passwordCredential": {"displayName": "k"}}, about=about)
    wish = {"appId": made.body["appId"]}
    principal_id = story.write("principals_created", "POST", "/servicePrincipals", wish, about=body).object_id
    graph_id = principal_of(story.tenant, GRAPH_APP)
    if graph_id is not None:
        right = {"principalId": principal_id, "resourceId": graph_id, "appRoleId": ROLES_OVER_ROLES}
        place = f"/servicePrincipals/{graph_id}/appRoleAssignedTo"
        story.write("app_roles_created", "POST", place, right, about=body)
        consent = {"clientId": principal_id, "resourceId": graph_id, "consentType": "AllPrincipals"}
        scope = {"scope": "Mail.ReadWrite Files.ReadWrite.All offline_access"}
        story.write("grants_created", "POST", "/oauth2PermissionGrants", consent | scope, about=body)
    for holder in (user_id, principal_id):
        role = {"principalId": holder, "roleDefinitionId": GLOBAL_ADMINISTRATOR, "directoryScopeId": "/"}
        place = "/roleManagement/directory/roleAssignments"
        story.write("role_assignments_created", "POST", place, role, about={"displayName": "Global Administrator"})


def _disarm(story: Story, draw: Random, scale: float) -> None:
    """Switch policies off or delete them; trust half of the internet."""
    policies = shuffled(draw, list(story.live(POLICY)))
    for number, policy in enumerate(policies[: round(len(policies) * scale)]):
        place = f"{_ACCESS}/policies/{policy['id']}"
        if number % 2:
            story.write("policies_deleted", "DELETE", place, about=policy)
        elif policy["state"] != "disabled":
            story.write("policies_disabled", "PATCH", place, {"state": "disabled"}, about=policy)
    for location in list(story.live(LOCATION)):
        if location["@odata.type"] != COMPLIANT_NETWORK and "ipRanges" in location:
            wide = {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "0.0.0.0/1"}
            body = {
                "@odata.type": location["@odata.type"],
                "isTrusted": True,
                "ipRanges": [*location["ipRanges"], wide],
            }
            place = f"{_ACCESS}/namedLocations/{location['id']}"
            story.write("locations_changed", "PATCH", place, body, about=location)


def _lock_out(story: Story, draw: Random, scale: float, spared: set[str]) -> None:
    """Take the administrators' roles, disable them, and disable people at random."""
    made = {each["id"] for name in ("users_created", "principals_created") for each in story.done.get(name, ())}
    victims: dict[str, JsonObject] = {}
    for assignment in list(story.live(ASSIGNMENT)):
        holder = assignment["principalId"]
        if holder in spared or holder in made:
            continue
        place = f"/roleManagement/directory/roleAssignments/{assignment['id']}"
        found = story.directory.live(holder)
        if found is None:
            continue
        story.write("role_assignments_deleted", "DELETE", place, about=found[1] | {"id": assignment["id"]})
        if found[0] == "user" and not found[1].get("onPremisesSyncEnabled"):
            victims[holder] = found[1]
    ordinary = [user for user in story.cloud_users() if user["id"] not in spared | made | victims.keys()]
    chosen = taken(shuffled(draw, ordinary), len(ordinary) * USER_SHARE * scale)
    for user in [*victims.values(), *chosen]:
        if user.get("accountEnabled"):
            story.write("users_disabled", "PATCH", f"/users/{user['id']}", {"accountEnabled": False}, about=user)


def _weaken(story: Story) -> None:
    """Weaken the single policies: no keys, no authenticator, guests invite guests, consent for anything."""
    for name in ("Fido2", "MicrosoftAuthenticator"):
        story.write("methods_changed", "PATCH", f"{_METHODS}/{name}", {"state": "disabled"}, about={"id": name})
    authorization = {"allowInvitesFrom": "everyone", "allowUserConsentForRiskyApps": True}
    authorization["defaultUserRolePermissions"] = {"allowedToCreateApps": True}
    about = {"id": "authorizationPolicy", "displayName": "Authorization Policy"}
    story.write("settings_changed", "PATCH", "/policies/authorizationPolicy", authorization, about=about)
    consent = {"isEnabled": False}
    about = {"id": "adminConsentRequestPolicy", "displayName": "Admin consent"}
    story.write("settings_changed", "PATCH", "/policies/adminConsentRequestPolicy", consent, about=about)


RANSOMWARE = Incident(
    play,
    "Policies, locations, methods and settings are as before; administrators hold their roles again (assignments "
    "under new ids) and are enabled. The operator's user, application, service principal, secret, grants and roles "
    "are softly deleted or removed where deletion of newer objects was asked for; otherwise they are listed as "
    "leftovers, first of all. No policy is switched on before the emergency accounts are seen to be excluded from it.",
    APP_ID,
)
