"""Requests of Privileged Identity Management: making somebody eligible for a role or active in it, and ending that.

Follows the Microsoft Graph pages "Create roleEligibilityScheduleRequests" and "Create roleAssignmentScheduleRequests":
administrators' actions (adminAssign, adminRemove), which take effect at once here. Others are a 501.
"""

from datetime import UTC, datetime

from simulator.errors import MissingBehaviourError, bad_request, not_found
from simulator.moments import stamp
from simulator.operations import roles
from simulator.operations.call import Answer, Call
from simulator.tenant import Tenant
from simulator.types.roles import ACTIVE, ASSIGNMENT
from simulator.types.schema import JsonObject

ENDS = ("principalId", "roleDefinitionId", "directoryScopeId")


def request_schedule(tenant: Tenant, call: Call) -> Answer:
    """Make or end one schedule; an active one has its role assignment with it."""
    body = call.json()
    wanted = {name: str(body.get(name) or "").lower() for name in ENDS[:2]}
    wanted["directoryScopeId"] = str(body.get("directoryScopeId") or "")
    span(body.get("scheduleInfo") or {})
    held = _held(tenant, call.object_type, wanted)
    if body.get("action") == "adminAssign":
        if held is not None:
            raise bad_request("The Role assignment already exists.", "RoleAssignmentExists")
        checked = roles.OF_ASSIGNMENTS.creating(tenant, call, dict(wanted))
        schedule_id = _made(tenant, call, {name: checked[name] for name in ENDS}, body)
        status = "Provisioned"
    elif body.get("action") == "adminRemove":
        if held is None:
            raise not_found(wanted["principalId"])
        schedule_id, status = held, "Revoked"
        tenant.directory.remove(call.object_type, held, call.now)
        if call.object_type == ACTIVE:
            _end_assignment(tenant, call, wanted)
        tenant.history.hard_deletes += 1
    else:
        raise MissingBehaviourError(f"the action {body.get('action')}")
    shown = {
        "id": tenant.new_id(),
        "status": status,
        "action": body["action"],
        "targetScheduleId": schedule_id,
        **wanted,
    }
    shown |= {"createdDateTime": stamp(call.now), "scheduleInfo": body.get("scheduleInfo")}
    shown["justification"] = body.get("justification")
    context = call.context(f"{call.path.strip('/')}/$entity")
    return Answer(201, {"@odata.context": context, **shown}, object_type=call.object_type, object_id=schedule_id)


def _held(tenant: Tenant, kind: str, wanted: JsonObject) -> str | None:
    live = tenant.directory.stores[kind].live
    for each in tenant.directory.hanging.of_type(wanted["principalId"], kind):
        if all(live[each][name] == wanted[name] for name in ENDS):
            return each
    return None


def _made(tenant: Tenant, call: Call, wanted: JsonObject, body: JsonObject) -> str:
    at = stamp(call.now)
    thing: JsonObject = {"id": tenant.new_id(), **wanted, "createdDateTime": at, "modifiedDateTime": at}
    thing |= {"status": "Provisioned", "memberType": "Direct"}
    endless = {"type": "noExpiration", "endDateTime": None, "duration": None}
    thing["scheduleInfo"] = {"startDateTime": at, "recurrence": None, "expiration": endless} | (
        body.get("scheduleInfo") or {}
    )
    if call.object_type == ACTIVE:
        thing["assignmentType"] = "Assigned"
        principal_id, role_id, scope = (str(wanted[name]) for name in ENDS)
        roles.assign(tenant, principal_id, role_id, scope, call.now)
    tenant.directory.add(call.object_type, thing, call.now)
    return str(thing["id"])


def _end_assignment(tenant: Tenant, call: Call, wanted: JsonObject) -> None:
    found = _held(tenant, ASSIGNMENT, wanted)
    if found is not None:
        tenant.directory.remove(ASSIGNMENT, found, call.now)


def span(information: JsonObject) -> tuple[float, float]:
    """Return from when to when a schedule is in force, in unix seconds; 400 for what is no time.

    A missing start is always, a missing end never.
    """
    try:
        end = (information.get("expiration") or {}).get("endDateTime")
        return _seconds(information.get("startDateTime"), float("-inf")), _seconds(end, float("inf"))
    except (ValueError, TypeError, AttributeError) as error:
        raise bad_request("The schedule's times are not valid.", "InvalidRoleAssignmentRequest") from error


def _seconds(moment: str | None, otherwise: float) -> float:
    if not moment:
        return otherwise
    read = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
