"""A departed administrator's purge: deleted, then removed from the recycle bin, so that no restore helps.

At scale 1: 2 % of the cloud users, 3 % of the groups and a fifth of the applications are deleted; of each kind half is
purged as well, applications together with their service principals, and two policies are purged. What hangs on the
purged goes along: memberships, ownerships, managers, role assignments, grants. Policies keep the ids that dangle.
"""

from random import Random
from typing import Any

from simulator.incidents.story import Incident, Stage, Story, shuffled, taken
from simulator.types import group
from simulator.types.application import APPLICATION
from simulator.types.conditional_access import POLICY
from simulator.types.schema import JsonObject

NAME = "departed-admin"
APP_ID = "dead0000-0000-4000-8000-0000000000d1"
USER_SHARE = 0.02
GROUP_SHARE = 0.03
APPLICATION_SHARE = 0.2
POLICIES = 2
_BIN = "/directory/deletedItems"
_POLICIES = "/identity/conditionalAccess"


def play(stage: Stage, *, seed: int, scale: float) -> dict[str, Any]:
    """Play the purge; return the account of it."""
    story, draw = Story(stage, APP_ID), Random(f"{NAME} {seed}")
    if scale <= 0:
        return story.account()
    spared = story.spared()
    users = [user for user in story.cloud_users() if user["id"] not in spared]
    groups = [each for each in story.cloud_groups() if each["id"] not in spared and group.is_softly_deleted(each)]
    _purge(story, "users", "/users", taken(shuffled(draw, users), len(users) * USER_SHARE * scale))
    _purge(story, "groups", "/groups", taken(shuffled(draw, groups), len(groups) * GROUP_SHARE * scale))
    applications = [each for each in story.live(APPLICATION) if "@odata.type" not in each]
    chosen = taken(shuffled(draw, applications), len(applications) * APPLICATION_SHARE * scale)
    _purge(story, "applications", "/applications", chosen)
    for policy in taken(shuffled(draw, list(story.live(POLICY))), POLICIES * scale):
        story.write("policies_deleted", "DELETE", f"{_POLICIES}/policies/{policy['id']}", about=policy)
        story.write("policies_purged", "DELETE", f"{_POLICIES}/deletedItems/policies/{policy['id']}", about=policy)
    return story.account()


def _purge(story: Story, kind: str, place: str, things: list[JsonObject]) -> None:
    """Delete all of `things`; purge every other one, and the service principal an application took along."""
    for number, thing in enumerate(things):
        principal_id = _principal_of(story, thing)
        story.write(f"{kind}_deleted", "DELETE", f"{place}/{thing['id']}", about=thing)
        if number % 2 == 0:
            story.write(f"{kind}_purged", "DELETE", f"{_BIN}/{thing['id']}", about=thing)
            if principal_id:
                about = {"id": principal_id, "displayName": thing.get("displayName", "")}
                story.write("principals_purged", "DELETE", f"{_BIN}/{principal_id}", about=about)


def _principal_of(story: Story, thing: JsonObject) -> str:
    principals = story.directory.stores["servicePrincipal"].live.values()
    app_id = thing.get("appId")
    return next((str(each["id"]) for each in principals if app_id and each.get("appId") == app_id), "")


DEPARTED_ADMIN = Incident(
    play,
    "What was only deleted is back under its old id, an application and its service principal each restored. What was "
    "purged exists again under a new id, and every link, assignment and policy that named the old id names the new "
    "one; passwords and secrets are new. A recovery that may not re-create leaves those out and says which.",
    APP_ID,
)
