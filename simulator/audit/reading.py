"""Reading the audit log: newest first, filtered, in pages; a change shows only after the log's own delay."""

from collections.abc import Iterator

from simulator import odata
from simulator.audit.records import record
from simulator.directory.state import unique_key
from simulator.errors import GraphError, MissingBehaviourError, not_found
from simulator.moments import DAY_SECONDS
from simulator.operations.call import Answer, Call
from simulator.paging import next_link, position
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject
from simulator.types.service_principal import SERVICE_PRINCIPAL

KEPT_SECONDS = 30 * DAY_SECONDS  # Microsoft Entra page "Data retention": 30 days with P1 or P2.
_PROPERTIES = frozenset(
    "id category correlationId result resultReason activityDisplayName activityDateTime loggedByService operationType "
    "initiatedBy targetResources additionalDetails".split()
)


def list_audits(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of the log; a next link continues at a change's own number, so new records never shift it."""
    if not tenant.switches.audit.is_on:
        raise MissingBehaviourError("the audit log, which is switched off")
    condition = odata.read_filter(call.options["$filter"]) if "$filter" in call.options else None
    if condition is not None and (strange := sorted(condition.names - _PROPERTIES)):
        raise GraphError(400, "BadRequest", f"Invalid filter clause: no property {strange[0]}.")
    if "$orderby" in call.options and call.options["$orderby"].lower() != "activitydatetime desc":
        raise MissingBehaviourError(f"$orderby={call.options['$orderby']} of the audit log")
    size = odata.top(call.options["$top"]) if "$top" in call.options else odata.TOP_MAX
    below = position(call, tenant.sealer)
    items: list[JsonObject] = []
    body: JsonObject = {"@odata.context": call.context("auditLogs/directoryAudits")}
    for number, item in _records(tenant, call.now):
        if (below and number >= below) or (condition is not None and not condition.fits(item)):
            continue
        if len(items) == size:
            body["@odata.nextLink"] = next_link(call, tenant.sealer, number + 1)
            break
        items.append(item)
    return Answer(200, {**body, "value": items})


def read_audit(tenant: Tenant, call: Call) -> Answer:
    """Answer one record by its id."""
    for _, item in _records(tenant, call.now):
        if item["id"].lower() == call.object_id:
            context = call.context("auditLogs/directoryAudits/$entity")
            return Answer(200, {"@odata.context": context, **item})
    raise not_found(call.params["id"])


def _records(tenant: Tenant, now: float) -> Iterator[tuple[int, JsonObject]]:
    directory, delay = tenant.directory, tenant.switches.audit.delay_seconds

    def find(object_id: str) -> tuple[str, JsonObject] | None:
        return directory.live(object_id) or directory.deleted(object_id)

    def principal_of(app_id: str) -> tuple[str, str | None] | None:
        principals = directory.stores[SERVICE_PRINCIPAL]
        principal_id = directory.holders.get(unique_key(principals.schema, "appId", app_id)) if app_id else None
        return (principal_id, principals.live[principal_id].get("displayName")) if principal_id else None

    for entry in directory.journal.newest_first():
        if entry.at < now - KEPT_SECONDS:
            return
        if entry.at + delay <= now:
            yield entry.number, record(entry, find, principal_of)
