"""Schedule instances of Privileged Identity Management: who holds, or may activate, a role at this moment.

Kept nowhere: instances of eligibility are the schedules in force now, instances of assignment are the role
assignments, with their schedule where they have one (Microsoft Graph pages "unifiedRoleEligibilityScheduleInstance"
and "unifiedRoleAssignmentScheduleInstance").
"""

import uuid
from collections.abc import Iterator

from simulator import odata
from simulator.errors import GraphError, not_found
from simulator.operations.call import Answer, Call
from simulator.operations.scheduling import span
from simulator.tenant import Tenant
from simulator.types.roles import ACTIVE, ASSIGNMENT, ELIGIBILITY
from simulator.types.schema import JsonObject

_SPACE = uuid.UUID("5a9d1c1e-0000-4000-8000-00000000051c")
_ENDS = ("principalId", "roleDefinitionId", "directoryScopeId")
_NAMES = frozenset({"id", "appScopeId", *_ENDS, "startDateTime", "endDateTime", "memberType"})
_MORE = {
    ELIGIBILITY: frozenset({"roleEligibilityScheduleId"}),
    ACTIVE: frozenset({"assignmentType", "roleAssignmentOriginId", "roleAssignmentScheduleId"}),
}


def list_instances(tenant: Tenant, call: Call) -> Answer:
    """Answer all instances of one kind, filtered."""
    items = list(_instances(tenant, call))
    if "$filter" in call.options:
        condition = odata.read_filter(call.options["$filter"])
        for name in sorted(condition.names):
            _refuse_unknown(call, name)
        items = [item for item in items if condition.fits(item)]
    context = call.context(call.path.strip("/"))
    return Answer(200, {"@odata.context": context, "value": [_shown(call, item) for item in items]})


def read_instance(tenant: Tenant, call: Call) -> Answer:
    """Answer one instance by its id; 404 when it is not in force."""
    for item in _instances(tenant, call):
        if item["id"] == call.object_id:
            context = call.context(f"{call.path.strip('/').rpartition('/')[0]}/$entity")
            return Answer(200, {"@odata.context": context, **_shown(call, item)})
    raise not_found(call.params["id"])


def _shown(call: Call, item: JsonObject) -> JsonObject:
    select = odata.names(call.options.get("$select"))
    for name in select or ():
        _refuse_unknown(call, name)
    return item if select is None else {name: item[name] for name in dict.fromkeys(("id", *select))}


def _refuse_unknown(call: Call, name: str) -> None:
    if name not in _NAMES | _MORE[call.object_type]:
        raise GraphError(400, "BadRequest", f"Could not find a property named '{name}' on this schedule instance.")


def _instances(tenant: Tenant, call: Call) -> Iterator[JsonObject]:
    schedules = {_place(each): each for each in _visible(tenant, call.object_type)}
    if call.object_type == ELIGIBILITY:
        for schedule in schedules.values():
            start, end = span(schedule.get("scheduleInfo") or {})
            if start <= call.now < end:
                yield _instance(schedule, schedule, roleEligibilityScheduleId=schedule["id"])
        return
    for assignment in _visible(tenant, ASSIGNMENT):
        schedule = schedules.get(_place(assignment), {})
        yield _instance(
            assignment,
            schedule,
            assignmentType=schedule.get("assignmentType", "Assigned"),
            roleAssignmentOriginId=assignment["id"],
            roleAssignmentScheduleId=schedule["id"] if schedule else assignment["id"],
        )


def _visible(tenant: Tenant, kind: str) -> Iterator[JsonObject]:
    store = tenant.directory.stores[kind]
    return (each for each in store.live.values() if not tenant.directory.is_hidden(store.schema, each))


def _place(thing: JsonObject) -> tuple[str, ...]:
    return tuple(str(thing.get(name)) for name in _ENDS)


def _instance(source: JsonObject, schedule: JsonObject, **more: str) -> JsonObject:
    information = schedule.get("scheduleInfo") or {}
    return {
        "id": str(uuid.uuid5(_SPACE, source["id"])),
        "appScopeId": source.get("appScopeId"),
        **{name: source[name] for name in _ENDS},
        "startDateTime": information.get("startDateTime"),
        "endDateTime": (information.get("expiration") or {}).get("endDateTime"),
        "memberType": schedule.get("memberType", "Direct"),
        **more,
    }
