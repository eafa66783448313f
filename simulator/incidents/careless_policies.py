"""The careless script among the Conditional Access policies: few writes, great harm.

Kept small on purpose: the service takes one Conditional Access request a second, so each object harmed here is at
least one second of recovery. When policies were loaded from files, a third of those is harmed before any other.
"""

import math
from random import Random

from simulator.incidents.story import Story
from simulator.types.conditional_access import COMPLIANT_NETWORK, LOCATION, POLICY
from simulator.types.schema import JsonObject

POLICIES_MAX = 10
LOADED_SHARE = 1 / 3
DELETED_SHARE = 1 / 3
_PLACE = "/identity/conditionalAccess"


def harm_policies(story: Story, draw: Random, scale: float) -> None:
    """Weaken some policies and delete others; change one named location and delete one."""
    chosen = _chosen(story, draw, scale)
    deleted = round(len(chosen) * DELETED_SHARE)
    for index, policy in enumerate(chosen):
        place = f"{_PLACE}/policies/{policy['id']}"
        if index < deleted:
            story.write("policies_deleted", "DELETE", place, about=policy)
        else:
            story.write("policies_changed", "PATCH", place, _weakened(story, policy, index), about=policy)
    _harm_locations(story)


def _chosen(story: Story, draw: Random, scale: float) -> list[JsonObject]:
    policies = list(story.directory.stores[POLICY].live.values())
    loaded_ids = set(story.tenant.loaded_ids)
    loaded = [policy for policy in policies if policy["id"] in loaded_ids]
    others = [policy for policy in policies if policy["id"] not in loaded_ids]
    draw.shuffle(loaded)
    draw.shuffle(others)
    of_loaded = math.ceil(len(loaded) * LOADED_SHARE * scale)
    of_others = round(min(max(0, POLICIES_MAX - of_loaded), len(others) * LOADED_SHARE * 2) * scale)
    return loaded[:of_loaded] + others[:of_others]


def _weakened(story: Story, policy: JsonObject, index: int) -> JsonObject:
    users = policy["conditions"].get("users")
    if index % 2 and isinstance(users, dict):
        everybody = next(iter(story.directory.stores["group"].live))
        largest = [everybody, *users.get("excludeGroups", [])]
        return {"conditions": {"users": {"excludeGroups": largest}}}
    return {"state": "enabledForReportingButNotEnforced" if policy["state"] == "disabled" else "disabled"}


def _harm_locations(story: Story) -> None:
    places = list(story.directory.stores[LOCATION].live.values())
    named = str([policy["conditions"] for policy in story.directory.stores[POLICY].live.values()])
    open_to_change = [place for place in places if place["@odata.type"] != COMPLIANT_NETWORK]
    if not open_to_change:
        return
    changed = open_to_change[0]
    body: JsonObject = {"@odata.type": changed["@odata.type"]}
    if "ipRanges" in changed:
        everywhere = {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "0.0.0.0/1"}
        body["ipRanges"] = [*changed["ipRanges"], everywhere]
    else:
        body["countriesAndRegions"] = [*changed["countriesAndRegions"], "AQ"]
    story.write("locations_changed", "PATCH", f"{_PLACE}/namedLocations/{changed['id']}", body, about=changed)
    unnamed = [place for place in open_to_change[1:] if place["id"] not in named]
    for place in (unnamed or open_to_change[1:])[:1]:
        story.write("locations_deleted", "DELETE", f"{_PLACE}/namedLocations/{place['id']}", about=place)


def leave_policy_behind(story: Story) -> None:
    """Make a policy that excludes everyone from the rule it pretends to set."""
    everybody = list(story.directory.stores["group"].live)[:2]
    body = {
        "displayName": "Temp: MFA rollout",
        "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"], "excludeGroups": everybody, "excludeUsers": ["GuestsOrExternalUsers"]},
            "applications": {"includeApplications": ["All"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    }
    about = {"displayName": body["displayName"]}
    story.write("policies_created", "POST", f"{_PLACE}/policies", body, about=about)
