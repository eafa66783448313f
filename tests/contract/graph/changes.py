"""Builders of writes as a recovery makes them, and a look into the simulated tenant past the gateway."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.domain.writes import Write
from tests.contract.graph.worlds import World

POLICIES = "/identity/conditionalAccess/policies"
DELETED_POLICIES = "/identity/conditionalAccess/deletedItems/policies"


def a_patch(path: str, object_id: str, **values: Any) -> Write:
    """Return a write that sets properties of one object."""
    body = msgspec.json.encode(values)
    return Write(write_id=f"patch {object_id}", lane=object_id, method="PATCH", path=f"{path}/{object_id}", body=body)


def a_delete(path: str, object_id: str) -> Write:
    """Return a write that soft-deletes one object."""
    return Write(write_id=f"delete {object_id}", lane=object_id, method="DELETE", path=f"{path}/{object_id}")


def a_restore(object_id: str, bin_path: str = "/directory/deletedItems") -> Write:
    """Return a write that brings one object back from its recycle bin."""
    path = f"{bin_path}/{object_id}/restore"
    return Write(write_id=f"restore {object_id}", lane=object_id, method="POST", path=path)


def an_unlink(group_id: str, member_id: str) -> Write:
    """Return a write that takes one member out of a group; the lane is the group."""
    path = f"/groups/{group_id}/members/{member_id}/$ref"
    return Write(write_id=f"unlink {group_id} {member_id}", lane=group_id, method="DELETE", path=path)


def live(world: World, type_name: str) -> dict[str, Any]:
    """Return the live objects of a type by id, as the tenant holds them."""
    return dict(world.simulator.tenant.directory.stores[type_name].live)


def deleted(world: World, type_name: str) -> dict[str, Any]:
    """Return the softly deleted objects of a type by id."""
    return dict(world.simulator.tenant.directory.stores[type_name].deleted)


def cloud_users(world: World, count: int) -> list[str]:
    """Return the ids of `count` users that are not synced from elsewhere, so that they may be written."""
    users = live(world, "user")
    return [user_id for user_id, user in users.items() if not user.get("onPremisesSyncEnabled")][:count]


def members(world: World, group_id: str) -> list[str]:
    """Return the live members of a group."""
    directory = world.simulator.tenant.directory
    return [other for _, other in directory.links.targets(group_id, "members").since(0) if directory.live(other)]


def a_plain_group(world: World, size_min: int) -> str:
    """Return a group that is assigned, not synced, and has at least `size_min` members."""
    for group_id, group in live(world, "group").items():
        is_plain = not group.get("onPremisesSyncEnabled") and "DynamicMembership" not in group.get("groupTypes", [])
        if is_plain and len(members(world, group_id)) >= size_min:
            return group_id
    raise AssertionError(f"no plain group of {size_min} members in this tenant")
