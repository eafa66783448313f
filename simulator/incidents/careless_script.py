"""A clean-up script with a wrong filter, run by an application that may write everything.

What it does, at scale 1, to a tenant of 5,000 objects (about 1,500 changes to bring back):
  disables 4 % of the users, clears department and job title of another 4 %, empties the largest assigned group and
  some more, removes owners, softly deletes 1 % of the users and 5 % of the groups, weakens and deletes Conditional
  Access policies and named locations, and leaves accounts, groups and a policy behind that nobody asked for.

After a correct recovery everything is as before, except for the objects it left behind, unless their deletion was
asked for. It never touches what is synced from on premises, emergency accounts, or members of dynamic groups.
"""

from random import Random
from typing import Any

from simulator.applications import CARELESS_SCRIPT
from simulator.incidents.careless_policies import harm_policies, leave_policy_behind
from simulator.incidents.story import Incident, Stage, Story, taken
from simulator.types import group
from simulator.types.schema import JsonObject

NAME = "careless-script"
DISABLED_SHARE = 0.04
CLEARED_SHARE = 0.04
DELETED_USER_SHARE = 0.01
DELETED_GROUP_SHARE = 0.05
EMPTIED_GROUP_SHARE = 0.03
UNOWNED_GROUP_SHARE = 0.10
EMPTIED_MEMBERS_RANGE = range(4, 61)


def play(stage: Stage, *, seed: int, scale: float) -> dict[str, Any]:
    """Play the incident; return the account of it. Nothing at all happens at scale 0."""
    story = Story(stage, CARELESS_SCRIPT.app_id)
    draw = Random(f"{NAME} {seed}")
    if scale <= 0:
        return story.account()
    spared = story.spared()
    _harm_users(story, draw, scale, spared)
    _harm_groups(story, draw, scale, spared)
    harm_policies(story, draw, scale)
    _leave_behind(story)
    return story.account()


def _harm_users(story: Story, draw: Random, scale: float, spared: set[str]) -> None:
    users = [user for user in story.cloud_users() if user["id"] not in spared]
    draw.shuffle(users)
    total = len(story.directory.stores["user"].live)
    enabled = [user for user in users if user.get("accountEnabled")]
    for user in taken(enabled, total * DISABLED_SHARE * scale):
        story.write("users_disabled", "PATCH", f"/users/{user['id']}", {"accountEnabled": False}, about=user)
    rest = [user for user in users if user.get("accountEnabled") and user.get("jobTitle")]
    for user in taken(rest, total * CLEARED_SHARE * scale):
        cleared: JsonObject = {"jobTitle": None}
        if not _feeds_a_rule(story, user):
            cleared["department"] = None
        story.write("users_cleared", "PATCH", f"/users/{user['id']}", cleared, about=user)
    # From the other end of the shuffled list, so that these were left alone so far.
    for user in taken(users[::-1], total * DELETED_USER_SHARE * scale):
        story.write("users_deleted", "DELETE", f"/users/{user['id']}", about=user)


def _feeds_a_rule(story: Story, user: JsonObject) -> bool:
    return any(
        group.is_dynamic(thing) and str(user.get("department")) in thing.get("membershipRule", "")
        for thing in story.directory.stores["group"].live.values()
    )


def _harm_groups(story: Story, draw: Random, scale: float, spared: set[str]) -> None:
    groups = [thing for thing in story.cloud_groups() if thing["id"] not in spared]
    total = len(story.directory.stores["group"].live)
    sizes = {thing["id"]: len(story.live_targets(thing["id"], "members")) for thing in groups}
    assigned = sorted((thing for thing in groups if not group.is_dynamic(thing)), key=lambda thing: -sizes[thing["id"]])
    middling = [thing for thing in assigned[1:] if sizes[thing["id"]] in EMPTIED_MEMBERS_RANGE]
    draw.shuffle(middling)
    emptied = assigned[:1] + taken(middling, total * EMPTIED_GROUP_SHARE * scale)
    for thing in emptied:
        for member_id in story.live_targets(thing["id"], "members"):
            place = f"/groups/{thing['id']}/members/{member_id}/$ref"
            story.write("members_removed", "DELETE", place, about=thing)
    rest = [thing for thing in groups if thing not in emptied]
    draw.shuffle(rest)
    unowned = taken(rest, total * UNOWNED_GROUP_SHARE * scale)
    for thing in unowned:
        for owner_id in story.live_targets(thing["id"], "owners")[:1]:
            place = f"/groups/{thing['id']}/owners/{owner_id}/$ref"
            story.write("owners_removed", "DELETE", place, about=thing)
    deletable = [thing for thing in rest[len(unowned) :] if group.is_softly_deleted(thing)]
    for thing in taken(deletable, total * DELETED_GROUP_SHARE * scale):
        story.write("groups_deleted", "DELETE", f"/groups/{thing['id']}", about=thing)


def _leave_behind(story: Story) -> None:
    for number in (1, 2, 3):
        alias = f"svc-cleanup{number}"
        taken = f"userPrincipalName {alias}@{story.tenant.domain}" in story.directory.holders
        alias = f"{alias}-{story.tenant.new_id()[:8]}" if taken else alias
        user: JsonObject = {
            "accountEnabled": True,
            "displayName": f"svc cleanup {number}",
            "mailNickname": alias,
            "userPrincipalName": f"{alias}@{story.tenant.domain}",
            "passwordProfile": {"password": "not-kept-anywhere", "forceChangePasswordNextSignIn": False},
        }
        story.write("users_created", "POST", "/users", user, about={"displayName": user["displayName"]})
    for name in ("Cleanup leftovers", "Temp access"):
        thing = {"displayName": name, "mailEnabled": False, "securityEnabled": True}
        thing["mailNickname"] = name.replace(" ", "")
        story.write("groups_created", "POST", "/groups", thing, about={"displayName": name})
    leave_policy_behind(story)


CARELESS = Incident(
    play,
    "Every user, group, policy, location and link is as before, under its old id. Only the three accounts, two groups "
    "and one policy the script made are left over (or softly deleted, where that was asked for). Nothing is purged.",
    CARELESS_SCRIPT.app_id,
)
