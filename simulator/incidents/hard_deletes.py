"""Hard deletes: what has no recycle bin is deleted, so that every repair is a re-creation under a new id.

At scale 1: half of the distribution and mail-enabled security groups, half of the grants, app-role assignments and
role assignments (the emergency accounts' spared), a custom role definition's assignments, and custom policies.
"""

from random import Random
from typing import Any

from simulator.incidents.story import Incident, Stage, Story, shuffled, taken
from simulator.types import group
from simulator.types.grants import ASSIGNMENT, GRANT
from simulator.types.policies import STS_POLICIES
from simulator.types.roles import ASSIGNMENT as ROLE_ASSIGNMENT
from simulator.types.schema import JsonObject

NAME = "hard-deletes"
APP_ID = "dead0000-0000-4000-8000-0000000000d3"
SHARE = 0.5


def play(stage: Stage, *, seed: int, scale: float) -> dict[str, Any]:
    """Play the deletions; return the account of it."""
    story, draw = Story(stage, APP_ID), Random(f"{NAME} {seed}")
    if scale <= 0:
        return story.account()
    spared = story.spared()
    groups = [each for each in story.cloud_groups() if not group.is_softly_deleted(each)]
    _delete(story, draw, "groups_deleted_for_good", "/groups", groups, scale)
    _delete(story, draw, "grants_deleted", "/oauth2PermissionGrants", list(story.live(GRANT)), scale)
    roles = [each for each in story.live(ROLE_ASSIGNMENT) if each["principalId"] not in spared]
    _delete(story, draw, "role_assignments_deleted", "/roleManagement/directory/roleAssignments", roles, scale)
    _delete(story, draw, "app_roles_revoked", "", list(story.live(ASSIGNMENT)), scale)
    for name in STS_POLICIES:
        _delete(story, draw, "policies_deleted_for_good", f"/policies/{name[:-1]}ies", list(story.live(name)), scale)
    return story.account()


def _delete(story: Story, draw: Random, action: str, place: str, things: list[JsonObject], scale: float) -> None:
    if not things:
        return
    for thing in taken(shuffled(draw, things), len(things) * SHARE * scale):
        below = place or f"/servicePrincipals/{thing['resourceId']}/appRoleAssignedTo"
        if not story.directory.is_hidden(story.directory.stores[ASSIGNMENT].schema, thing):
            story.write(action, "DELETE", f"{below}/{thing['id']}", about=thing)


HARD_DELETES = Incident(
    play,
    "Every deleted group, grant, assignment and policy exists again with the same properties and links under a new id; "
    "what named an old id names the new one. Nothing else changed. Without leave to re-create, all of it is reported.",
    APP_ID,
)
