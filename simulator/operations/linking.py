"""Members and owners of groups: listing them, adding one, taking one away, and binding many in a PATCH."""

from collections.abc import Mapping
from typing import Any

from simulator import odata
from simulator.errors import GraphError, MissingBehaviourError, already_linked, bad_request, not_found
from simulator.operations.call import Answer, Call
from simulator.operations.reading import resolve
from simulator.operations.showing import MixedShapes
from simulator.paging import envelope, page, position
from simulator.tenant import Tenant
from simulator.types import group
from simulator.types.schema import JsonObject
from simulator.types.user import refuse_synced

LINKS_PER_REQUEST_MAX = 20  # Microsoft Graph page "Add members": members and owners together.
Wanted = tuple[tuple[str, str], ...]


def list_links(tenant: Tenant, call: Call) -> Answer:
    """Answer one page of a group's live members or owners, each with its `@odata.type`."""
    group_id = resolve(tenant, "group", call.params["id"])
    shapes = MixedShapes(tenant.directory, odata.names(call.options.get("$select")))
    order = tenant.directory.links.targets(group_id, call.relation)
    size = odata.top(call.options.get("$top"))
    items, following = page(order, position(call, tenant.sealer), size, shapes.item)
    body = envelope(call, tenant.sealer, context="directoryObjects", items=items, following=following)
    return Answer(200, body)


def add_link(tenant: Tenant, call: Call) -> Answer:
    """Add one member or owner; 400 when it is there already."""
    group_id = resolve(tenant, "group", call.params["id"])
    target = call.json().get("@odata.id")
    wanted = checked(tenant, group_id, ((call.relation, referenced(target)),))
    return Answer(204, object_type="group", object_id=group_id, links=linked(tenant, group_id, wanted, call.now))


def remove_link(tenant: Tenant, call: Call) -> Answer:
    """Take one member or owner away; 404 when it is not there."""
    group_id = resolve(tenant, "group", call.params["id"])
    target_id = call.params["target"].lower()
    refuse_unwritable(tenant.directory.stores["group"].live[group_id], call.relation)
    if not tenant.directory.unlink(group_id, call.relation, target_id, call.now):
        raise not_found(target_id)
    touched = ((call.relation, target_id, "removed"),)
    return Answer(204, object_type="group", object_id=group_id, links=touched)


def bound(body: JsonObject, relations: tuple[str, ...]) -> tuple[JsonObject, Wanted]:
    """Split a body into its plain properties and the links it binds; 400 above 20 links in all."""
    plain, wanted = {}, []
    for name, value in body.items():
        if not name.endswith("@odata.bind"):
            plain[name] = value
            continue
        relation = name.removesuffix("@odata.bind")
        if relation not in relations:
            raise MissingBehaviourError(f"binding {relation}")
        if not isinstance(value, list):
            raise bad_request(f"A list of references is required for '{name}'.")
        wanted += [(relation, referenced(each)) for each in value]
    if len(wanted) > LINKS_PER_REQUEST_MAX:
        raise bad_request(
            f"The request has {len(wanted)} link changes, which exceeds the maximum of {LINKS_PER_REQUEST_MAX}."
        )
    return {name: value for name, value in plain.items() if not name.startswith("@odata.")}, tuple(wanted)


def referenced(reference: object) -> str:
    """Return the id a reference URL names."""
    if not isinstance(reference, str) or "/" not in reference:
        raise bad_request("Invalid URL format specified in @odata.id for a reference.")
    return reference.rstrip("/").rsplit("/", 1)[1].lower()


def checked(tenant: Tenant, group_id: str, wanted: Wanted) -> Wanted:
    """Return `wanted` when every single link may be made; otherwise refuse, so that nothing is half done."""
    thing = tenant.directory.stores["group"].live[group_id]
    present = tenant.directory.links
    for relation, target_id in wanted:
        refuse_unwritable(thing, relation)
        if target_id in present.targets(group_id, relation):
            raise already_linked(relation)
    _check_targets(tenant, thing, wanted)
    return wanted


def check_new(tenant: Tenant, thing: Mapping[str, Any], wanted: Wanted) -> Wanted:
    """Return `wanted` when a group that is about to be made may have these links."""
    for relation, _ in wanted:
        refuse_unwritable(dict(thing), relation)
    _check_targets(tenant, dict(thing), wanted)
    return wanted


def _check_targets(tenant: Tenant, thing: JsonObject, wanted: Wanted) -> None:
    if len(set(wanted)) != len(wanted):
        raise bad_request("The same reference was specified more than once.")
    for relation, target_id in wanted:
        found = tenant.directory.live(target_id)
        if found is None:
            raise not_found(target_id)
        if found[0] != "user" and (relation == "owners" or group.is_unified(thing)):
            raise bad_request(f"Objects of type '{found[0]}' cannot be in '{relation}' of this group.")
        if target_id == thing.get("id"):
            raise bad_request("A group cannot be a member of itself.")


def refuse_unwritable(thing: JsonObject, relation: str) -> None:
    """Refuse link writes to synced groups, and member writes to dynamic ones."""
    refuse_synced(thing)
    if relation == "members" and group.is_dynamic(thing):
        raise GraphError(400, "Request_BadRequest", "Cannot update the members of a group with dynamic membership.")


def linked(tenant: Tenant, group_id: str, wanted: Wanted, now: float) -> tuple[tuple[str, str, str], ...]:
    """Make links that were checked; return them as a write's touched links."""
    for relation, target_id in wanted:
        tenant.directory.link(group_id, relation, target_id, now)
    return tuple((relation, target_id, "added") for relation, target_id in wanted)
