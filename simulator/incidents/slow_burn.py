"""A slow-burn backdoor: one or two small changes a day for thirty days, each of which looks like daily work.

Nothing is deleted. Day by day it adds a secret or a federated credential to an application nobody watches, an owner to
another, a member to a group that policies exclude, a range to a trusted location, an app role to a principal, a guest
to a privileged place. Days are virtual: the tenant's clock runs on a day after each. `first_day` and `last_day` play a
part of it, so that a snapshot can be taken in between; what a day does depends on the seed and the day alone.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from simulator.generate.applications import GRAPH_APP, GRAPH_ROLES
from simulator.generate.groups import EMERGENCY_GROUP
from simulator.generate.roles import BUILT_IN
from simulator.incidents.story import Incident, Stage, Story
from simulator.moments import DAY_SECONDS
from simulator.operations.applications import principal_of
from simulator.types import group
from simulator.types.application import APPLICATION
from simulator.types.conditional_access import LOCATION
from simulator.types.grants import ASSIGNMENT
from simulator.types.schema import JsonObject

NAME = "slow-burn"
APP_ID = "dead0000-0000-4000-8000-0000000000d6"
_LOCATIONS = "/identity/conditionalAccess/namedLocations"


def play(stage: Stage, *, seed: int, scale: float) -> dict[str, Any]:
    """Play the days asked for, `scale` of them in all; return the account of it."""
    story = Story(stage, APP_ID)
    if scale <= 0:
        return story.account()
    for day in range(stage.first_day, stage.last_day + 1):
        draw = Random(f"{NAME} {seed} {day}")
        if draw.random() < scale:
            STEPS[(day - 1) % len(STEPS)](story, draw, day)
        stage.wait(DAY_SECONDS)
    return story.account()


def _secret(story: Story, draw: Random, day: int) -> None:
    thing = _application(story, draw)
    if thing is not None:
        body = {"passwordCredential": {"displayName": f"rotation {day}"}}
        story.write("secrets_added", "POST", f"/applications/{thing['id']}/addPassword", body, about=thing)


def _federate(story: Story, draw: Random, day: int) -> None:
    thing = _application(story, draw)
    if thing is not None:
        body: JsonObject = {"name": f"build-{day}", "subject": f"repo:c0ntoso/tools:ref:refs/heads/{day}"}
        body |= {"issuer": "https://token.actions.githubusercontent.com", "audiences": ["api://AzureADTokenExchange"]}
        place = f"/applications/{thing['id']}/federatedIdentityCredentials"
        story.write("credentials_created", "POST", place, body, about={"displayName": body["name"]})


def _own(story: Story, draw: Random, _day: int) -> None:
    thing, user = _application(story, draw), _user(story, draw)
    if thing is not None and user is not None and user["id"] not in story.live_targets(thing["id"], "owners"):
        link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user['id']}"}
        story.write("owners_added", "POST", f"/applications/{thing['id']}/owners/$ref", link, about=thing)


def _exclude(story: Story, draw: Random, _day: int) -> None:
    excluded = [each for each in story.live("group") if each["displayName"] == EMERGENCY_GROUP]
    user = _user(story, draw)
    if excluded and user is not None and user["id"] not in story.live_targets(excluded[0]["id"], "members"):
        link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user['id']}"}
        story.write("members_added", "POST", f"/groups/{excluded[0]['id']}/members/$ref", link, about=excluded[0])


def _widen(story: Story, draw: Random, day: int) -> None:
    trusted = [each for each in story.live(LOCATION) if each.get("ipRanges") and each.get("isTrusted")]
    if trusted:
        thing = draw.choice(trusted)
        more = {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": f"198.18.{day}.0/24"}
        body = {"@odata.type": thing["@odata.type"], "ipRanges": [*thing["ipRanges"], more]}
        story.write("locations_changed", "PATCH", f"{_LOCATIONS}/{thing['id']}", body, about=thing)


def _empower(story: Story, draw: Random, _day: int) -> None:
    graph_id, thing = principal_of(story.tenant, GRAPH_APP), _application(story, draw)
    principal_id = principal_of(story.tenant, thing["appId"]) if thing is not None else None
    if graph_id is None or principal_id is None or thing is None:
        return
    held = story.directory.hanging.of_type(principal_id, ASSIGNMENT)
    given = {story.directory.stores[ASSIGNMENT].live[each]["appRoleId"] for each in held}
    free = [line.split()[0] for line in GRAPH_ROLES.strip().splitlines() if line.split()[0] not in given]
    if free:
        body = {"principalId": principal_id, "resourceId": graph_id, "appRoleId": draw.choice(free)}
        place = f"/servicePrincipals/{principal_id}/appRoleAssignments"
        story.write("app_roles_created", "POST", place, body, about={"displayName": thing["displayName"]})


def _promote(story: Story, draw: Random, _day: int) -> None:
    roles, user = BUILT_IN.strip().splitlines(), _user(story, draw)
    role_id, name = draw.choice(roles[12:20]).split(" ", 1)
    held = story.directory.stores["unifiedRoleAssignment"].live.values()
    if user is None or any(each["principalId"] == user["id"] and each["roleDefinitionId"] == role_id for each in held):
        return
    body = {"principalId": user["id"], "roleDefinitionId": role_id, "directoryScopeId": "/"}
    place = "/roleManagement/directory/roleAssignments"
    story.write("role_assignments_created", "POST", place, body, about={"displayName": name})


def _join(story: Story, draw: Random, _day: int) -> None:
    groups = [each for each in story.cloud_groups() if each.get("securityEnabled") and not group.is_dynamic(each)]
    user = _user(story, draw)
    if groups and user is not None:
        thing = draw.choice(groups)
        if user["id"] not in story.live_targets(thing["id"], "members"):
            link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user['id']}"}
            story.write("members_added", "POST", f"/groups/{thing['id']}/members/$ref", link, about=thing)


STEPS: tuple[Callable[[Story, Random, int], None], ...] = (
    _secret, _join, _own, _widen, _federate, _empower, _exclude, _promote,
)  # fmt: skip


def _application(story: Story, draw: Random) -> JsonObject | None:
    found = [each for each in story.live(APPLICATION) if "@odata.type" not in each]
    return draw.choice(found) if found else None


def _user(story: Story, draw: Random) -> JsonObject | None:
    found = story.cloud_users()
    return draw.choice(found) if found else None


SLOW_BURN = Incident(
    play,
    "A recovery to the last snapshot before day 1 leaves no added secret, credential, owner, member, range or role, "
    "and every honest change of the thirty days that is not in its scope. A recovery to any later day keeps what was "
    "there by then: the report between two days names exactly the steps between them. Nothing is deleted for good; "
    "secrets and credentials that were added are removed, not merely hidden.",
    APP_ID,
)
