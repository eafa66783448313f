"""Delta queries: everything first, then what changed since, from the change log and nothing else.

  D1  whoever follows a round to its delta link, and later rounds from there, ends with the tenant's state
  D2  a round never misses a change, it may show one twice: a change during a round comes again in the next
  D3  a page holds at most so many objects and so many links; a bigger group comes back, page after page

Follows the Microsoft Graph pages "Use delta query to track changes" and "group: delta".
"""

from collections.abc import Callable, Mapping

import msgspec

from simulator import filters, odata
from simulator.errors import GraphError, MissingBehaviourError
from simulator.operations.call import Answer, Call
from simulator.operations.rounds import Cursor, Plan, changed_since, first_read
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject

_PHASES: Mapping[str, Callable[[Tenant, Plan, Cursor], tuple[list[JsonObject], Cursor | None]]] = {
    "first": first_read,
    "changes": changed_since,
    "latest": lambda _tenant, _plan, _cursor: ([], None),
}
FILTERED_IDS_MAX = 50  # Microsoft Graph page "Use delta query": `$filter=id eq` of at most 50 objects.
# Microsoft Graph page "Use delta query": what it takes beside tokens are $select and $filter.
_UNSUPPORTED = ("$expand", "$orderby", "$top", "$count", "$search", "$skip")
OPTIONS = frozenset({"$select", "$deltatoken", "$skiptoken", "$filter", *_UNSUPPORTED})
_NAVIGATION = frozenset({"manager", "sponsors", "memberOf", "directReports", "ownedObjects"})


def delta(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of a delta round, with a next link inside the round and a delta link at its end."""
    cursor = _current(tenant, call)
    plan = _plan(tenant, call, cursor)
    items, following = _PHASES[cursor.phase](tenant, plan, cursor)
    selected = f"({','.join(cursor.select)})" if cursor.select else ""
    body = {"@odata.context": call.context(f"{plan.store.schema.collection}{selected}")}
    if following is None:
        done = Cursor("changes", cursor.select, start=cursor.end, issued_at=call.now, ids=cursor.ids)
        body["@odata.deltaLink"] = call.link_to(deltatoken=tenant.sealer.seal(_kind(call, "delta"), done))
    else:
        following = msgspec.structs.replace(following, issued_at=call.now)
        body["@odata.nextLink"] = call.link_to(skiptoken=tenant.sealer.seal(_kind(call, "round"), following))
    return Answer(200, {**body, "value": items})


def deferred(tenant: Tenant, call: Call, number: int) -> Answer:
    """Answer a page without objects whose next link leads to the page that was asked for."""
    cursor = msgspec.structs.replace(_current(tenant, call), issued_at=call.now, number=number)
    collection = tenant.directory.stores[call.object_type].schema.collection
    link = call.link_to(skiptoken=tenant.sealer.seal(_kind(call, "round"), cursor))
    return Answer(200, {"@odata.context": call.context(collection), "@odata.nextLink": link, "value": []})


def _current(tenant: Tenant, call: Call) -> Cursor:
    """Return where the round stands; 400 for options delta does not take, 410 for a token past its life."""
    for option in _UNSUPPORTED:
        if option in call.options:
            raise GraphError(400, "Request_UnsupportedQuery", f"{option} is not supported with a delta query.")
    cursor = _cursor(tenant, call)
    if tenant.delta.token_life_seconds < call.now - cursor.issued_at:
        raise _too_old(call, cursor)
    return cursor


def _cursor(tenant: Tenant, call: Call) -> Cursor:
    log_end = len(tenant.directory.stores[call.object_type].log)
    select = odata.names(call.options.get("$select"))
    token = call.options.get("$deltatoken")
    if "$skiptoken" in call.options:
        return _opened(tenant, _kind(call, "round"), call.options["$skiptoken"])
    if token is None or token == "":
        return Cursor("first", select, end=log_end, issued_at=call.now, ids=_ids(call))
    if token.lower() == "latest":
        return Cursor("latest", select, end=log_end, issued_at=call.now, ids=_ids(call))
    opened = _opened(tenant, _kind(call, "delta"), token)
    start = max(0, opened.start - tenant.delta.replayed_entries)
    return msgspec.structs.replace(opened, start=start, end=log_end)


def _ids(call: Call) -> tuple[str, ...] | None:
    if "$filter" not in call.options:
        return None
    ids = filters.read(call.options["$filter"]).ids
    if ids is None or len(ids) > FILTERED_IDS_MAX:
        message = f"A delta query filters by id only, {FILTERED_IDS_MAX} ids at most."
        raise GraphError(400, "Request_UnsupportedQuery", message)
    return ids


def _opened(tenant: Tenant, kind: str, token: str) -> Cursor:
    try:
        return msgspec.convert(tenant.sealer.unseal(kind, token), Cursor)
    except ValueError as error:
        raise GraphError(400, "syncStateInvalid", "The sync state token is malformed.") from error


def _plan(tenant: Tenant, call: Call, cursor: Cursor) -> Plan:
    store = tenant.directory.stores[call.object_type]
    names = cursor.select
    tracked = (*store.schema.relations, *store.schema.viewed)
    for name in names or ():
        if name in _NAVIGATION and name not in tracked:
            raise MissingBehaviourError(f"tracking {name} of {store.schema.name}")
    relations = tuple(name for name in names or () if name in tracked)
    plain = store.schema.default if names is None else store.schema.projection(n for n in names if n not in relations)
    is_minimal = "return=minimal" in call.headers.get("prefer", "").lower()
    return Plan(store, plain, relations, is_minimal=is_minimal)


def _too_old(call: Call, cursor: Cursor) -> GraphError:
    again = {"deltatoken": ""} | ({"select": ",".join(cursor.select)} if cursor.select else {})
    message = "The sync state is too old. Start again with a full synchronization."
    return GraphError(410, "resyncRequired", message, headers={"Location": call.link_to(**again)})


def _kind(call: Call, what: str) -> str:
    return f"{what} {call.object_type}"
