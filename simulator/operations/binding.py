"""Which links a client may make: binding many in one body, targets of the right type, no cycles, no dynamic members."""

from simulator.errors import GraphError, MissingBehaviourError, already_linked, bad_request, not_found
from simulator.operations import quotas
from simulator.tenant import Tenant
from simulator.types import group
from simulator.types.schema import JsonObject
from simulator.types.user import SINGLE, refuse_synced

LINKS_PER_REQUEST_MAX = 20  # Microsoft Graph page "Add members": members and owners together.
Wanted = tuple[tuple[str, str], ...]
Touched = tuple[tuple[str, str, str], ...]


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
        listed = [value] if relation in SINGLE and isinstance(value, str) else value
        if not isinstance(listed, list):
            raise bad_request(f"A list of references is required for '{name}'.")
        wanted += [(relation, referenced(each)) for each in listed]
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


def checked(tenant: Tenant, type_name: str, source_id: str, wanted: Wanted) -> Wanted:
    """Return `wanted` when every single link may be made; otherwise refuse, so that nothing is half done."""
    thing = tenant.directory.stores[type_name].live[source_id]
    for relation, target_id in wanted:
        refuse_unwritable(thing, relation)
        if target_id in tenant.directory.links.targets(source_id, relation):
            raise already_linked(relation)
    check_targets(tenant, type_name, thing, wanted)
    return wanted


def check_new(tenant: Tenant, type_name: str, thing: JsonObject, wanted: Wanted) -> Wanted:
    """Return `wanted` when an object that is about to be made may have these links."""
    for relation, _ in wanted:
        refuse_unwritable(thing, relation)
    check_targets(tenant, type_name, thing, wanted)
    return wanted


def check_targets(tenant: Tenant, type_name: str, thing: JsonObject, wanted: Wanted) -> None:
    """Refuse targets that are not there, of a type the relation cannot lead to, or too many."""
    if len(set(wanted)) != len(wanted):
        raise bad_request("The same reference was specified more than once.")
    allowed = tenant.directory.stores[type_name].schema.targets
    for relation, target_id in wanted:
        found = _found(tenant, allowed[relation], target_id)
        if found is None:
            raise not_found(target_id)
        if found not in allowed[relation] or (found != "user" and not _may_hold_others(thing, relation)):
            raise bad_request(f"Objects of type '{found}' cannot be in '{relation}' of this {type_name}.")
        if found == "group" and relation == "members" and type_name == "group":
            refuse_nesting(tenant, thing, target_id)
    quotas.check_links(tenant, type_name, thing, wanted)


def _found(tenant: Tenant, kinds: frozenset[str], target_id: str) -> str | None:
    directory = tenant.directory
    for name in kinds:
        if target_id in directory.stores[name].live:
            return name
    found = directory.live(target_id)
    return None if found is None else found[0]


def _may_hold_others(thing: JsonObject, relation: str) -> bool:
    return relation != "members" or not group.is_unified(thing)


def refuse_nesting(tenant: Tenant, thing: JsonObject, target_id: str) -> None:
    """Refuse a group inside itself, at any depth, and any group inside one that roles may be assigned to."""
    group_id = thing.get("id", "")
    if target_id == group_id:
        raise bad_request("A group cannot be a member of itself.")
    if thing.get("isAssignableToRole"):
        raise bad_request("Groups cannot be members of a group that is assignable to roles.")
    above, seen = [group_id], {group_id}
    while above:
        for parent_id in tenant.directory.links.sources(above.pop(), "members"):
            if parent_id == target_id:
                tenant.refusals["nesting cycle"] += 1
                raise bad_request("The group cannot be added: it contains this group, directly or through others.")
            if parent_id not in seen:
                seen.add(parent_id)
                above.append(parent_id)


def refuse_unwritable(thing: JsonObject, relation: str) -> None:
    """Refuse link writes to synced objects, and member writes to dynamic groups."""
    refuse_synced(thing)
    if relation == "members" and group.is_dynamic(thing):
        raise GraphError(400, "Request_BadRequest", "Cannot update the members of a group with dynamic membership.")


def linked(tenant: Tenant, source_id: str, wanted: Wanted, now: float) -> Touched:
    """Make links that were checked; return them as a write's touched links."""
    for relation, target_id in wanted:
        tenant.directory.link(source_id, relation, target_id, now)
    return tuple((relation, target_id, "added") for relation, target_id in wanted)
