"""What an object belongs to, directly or through groups: the actions that get or check memberships.

From the Microsoft Graph pages "directoryObject: getMemberGroups", "... checkMemberGroups" and their Objects twins.
"""

from collections.abc import Iterator

from simulator.errors import bad_request, not_found
from simulator.operations.call import Answer, Call
from simulator.operations.reading import resolve
from simulator.tenant import Tenant

CHECKED_MAX = 20
_UNIT, _ROLE = "administrativeUnit", "directoryRole"


def get_member_groups(tenant: Tenant, call: Call) -> Answer:
    """Answer the ids of all groups the object is in, at any depth."""
    return _got(tenant, call, frozenset({"group"}))


def get_member_objects(tenant: Tenant, call: Call) -> Answer:
    """Answer the ids of all groups, administrative units and directory roles the object is in, at any depth."""
    return _got(tenant, call, frozenset({"group", _UNIT, _ROLE}))


def check_member_groups(tenant: Tenant, call: Call) -> Answer:
    """Answer which of at most 20 groups the object is in."""
    return _checked(tenant, call, "groupIds", frozenset({"group"}))


def check_member_objects(tenant: Tenant, call: Call) -> Answer:
    """Answer which of at most 20 groups, units and roles the object is in."""
    return _checked(tenant, call, "ids", frozenset({"group", _UNIT, _ROLE}))


def _got(tenant: Tenant, call: Call, kinds: frozenset[str]) -> Answer:
    only_security = call.json().get("securityEnabledOnly")
    if only_security is not None and not isinstance(only_security, bool):
        raise bad_request("Invalid value specified for parameter 'securityEnabledOnly'.")
    stores = tenant.directory.stores
    found = [
        object_id
        for kind, object_id in _above(tenant, _asked_about(tenant, call))
        if kind in kinds
        and not (only_security and kind == "group" and not stores["group"].live[object_id].get("securityEnabled"))
    ]
    return _answer(call, found)


def _checked(tenant: Tenant, call: Call, parameter: str, kinds: frozenset[str]) -> Answer:
    asked = call.json().get(parameter)
    if not isinstance(asked, list) or not all(isinstance(each, str) for each in asked):
        raise bad_request(f"A value is required for parameter '{parameter}'.")
    if len(asked) > CHECKED_MAX:
        raise bad_request(f"Too many {parameter}: at most {CHECKED_MAX} are allowed.")
    wanted = {each.lower() for each in asked}
    above = _above(tenant, _asked_about(tenant, call))
    return _answer(call, [object_id for kind, object_id in above if kind in kinds and object_id in wanted])


def _asked_about(tenant: Tenant, call: Call) -> str:
    if call.object_type:
        return resolve(tenant, call.object_type, call.params["id"])
    if tenant.directory.live(call.object_id) is None:
        raise not_found(call.object_id)
    return call.object_id


def _above(tenant: Tenant, object_id: str) -> Iterator[tuple[str, str]]:
    """Yield type and id of everything live that holds the object, nearest first, each once."""
    directory = tenant.directory
    waiting, seen = [object_id], {object_id}
    for held in waiting:
        for holder in directory.links.sources(held, "members"):
            found = directory.live(holder)
            if found is not None and holder not in seen:
                seen.add(holder)
                waiting.append(holder)
                yield found[0], holder


def _answer(call: Call, ids: list[str]) -> Answer:
    return Answer(200, {"@odata.context": call.context("Collection(Edm.String)"), "value": ids})
