"""Which path serves which object type, read off the types' own schemas; only what is special is written out here."""

from collections.abc import Iterator
from typing import Any

from simulator.operations import (
    applications,
    granting,
    instances,
    licensing,
    linking,
    memberships,
    policing,
    reading,
    resources,
    roles,
    scheduling,
    scoped_roles,
    transitive,
    undeleting,
    writing,
)
from simulator.operations.delta import OPTIONS as DELTA_OPTIONS
from simulator.operations.delta import delta
from simulator.operations.hung import COLLECTIONS
from simulator.types import application, grants, policies, service_principal
from simulator.types.registry import schemas
from simulator.types.roles import ACTIVE, DIRECTORY_ROLE, ELIGIBILITY, RULES, UNIT
from simulator.types.roles import AREA as ROLE_AREA
from simulator.types.schema import Schema

Row = tuple[str, Any, str, dict[str, Any]]
_LIST = frozenset({"$select", "$top", "$skiptoken", "$filter", "$count", "$expand", "$orderby"})
_LINKS = frozenset({"$select", "$top", "$skiptoken"})
_ONE = frozenset({"$select", "$expand"})
_KINDS = {"user": "users", "group": "groups", "servicePrincipal": "serviceprincipals", "application": "applications"}
# (path, link relation, whose): the reading of links from their far end.
_SOURCES = (
    ("memberof", "members", ("user", "group", "servicePrincipal")),
    ("directreports", "manager", ("user",)),
    ("ownedobjects", "owners", ("user", "servicePrincipal")),
    ("sponsorof", "sponsors", ("user",)),
)


def rows() -> Iterator[Row]:
    """Yield method and path, operation, permission area, and what else a route says."""
    yield from _special()
    yield from _agents()
    for schema in schemas():
        if schema.serves:
            yield from _served(schema)
        if schema.name not in ("user", "group"):
            yield from _linked(schema)
        if schema.bin:
            yield from _binned(schema)
        for name in schema.contained:
            yield from _inside(schema, name)


def _served(schema: Schema) -> Iterator[Row]:
    place, area, kind, verbs = (
        schema.collection.lower(),
        schema.area,
        {"object_type": schema.name},
        schema.serves.split(),
    )
    listing = {"options": _LIST, "units": schema.units, **kind}
    one = {"options": _ONE, "units": schema.units if schema.name == grants.GRANT else 1, **kind}
    update: resources.Operation = resources.update_resource
    if schema.name in ("application", "servicePrincipal"):
        update = resources.upserting(resources.create_resource, update)
    table: dict[str, list[Row]] = {
        "list": [(f"GET {place}", reading.list_objects, area, listing)],
        "count": [(f"GET {place}/$count", reading.count_objects, area, {"options": frozenset({"$filter"}), **kind})],
        "delta": [
            (f"GET {place}/{name}", delta, area, {"options": DELTA_OPTIONS, **kind})
            for name in ("delta", "microsoft.graph.delta")
        ],
        "create": [(f"POST {place}", resources.create_resource, area, kind)],
        "read": [(f"GET {place}/{{id}}", reading.read_object, area, one)],
        "update": [(f"PATCH {place}/{{id}}", update, area, kind)],
        "delete": [(f"DELETE {place}/{{id}}", resources.delete_resource, area, kind)],
        "deleted": [
            (f"GET directory/deleteditems/microsoft.graph.{schema.name.lower()}", reading.list_deleted, area, listing),
            (
                f"GET directory/deleteditems/{{id}}/microsoft.graph.{schema.name.lower()}",
                reading.read_deleted,
                area,
                {"options": _ONE, **kind},
            ),
        ],
        "single": [
            (f"GET {place}", resources.read_only_one, area, one),
            (f"PATCH {place}", resources.update_only_one, area, kind),
        ],
        "replace": [(f"PUT {place}", resources.update_only_one, area, kind)],
    }
    for verb in sorted(verbs, key=tuple(table).index):
        yield from table[verb]


def _linked(schema: Schema) -> Iterator[Row]:
    for relation in schema.relations:
        yield from _relation(schema.collection.lower(), schema.name, relation, schema.area)


def _relation(place: str, kind: str, relation: str, area: str) -> Iterator[Row]:
    at, about = f"{place}/{{id}}/{relation.lower()}", {"object_type": kind, "relation": relation}
    yield f"GET {at}", linking.list_links, area, {"options": _LINKS, **about}
    yield f"POST {at}/$ref", linking.add_link, area, about
    yield f"DELETE {at}/{{target}}/$ref", linking.remove_link, area, about


def _binned(schema: Schema) -> Iterator[Row]:
    # The recycle bins outside the directory's own are in beta alone.
    place, area, about = schema.bin.lower(), schema.area, {"object_type": schema.name, "is_beta": True}
    yield f"GET {place}", reading.list_deleted, area, {"options": _ONE, **about}
    yield f"GET {place}/{{id}}", reading.read_deleted_policy, area, {"options": _ONE, **about}
    yield f"DELETE {place}/{{id}}", undeleting.purge_policy, area, about
    yield f"POST {place}/{{id}}/restore", undeleting.restore_policy, area, about


def _inside(schema: Schema, name: str) -> Iterator[Row]:
    at, about = f"{schema.collection.lower()}/{{id}}/{name.lower()}", {"object_type": schema.name, "relation": name}
    yield f"GET {at}", policing.list_contained, schema.area, {"options": _ONE, **about}
    yield f"GET {at}/{{target}}", policing.read_contained, schema.area, {"options": _ONE, **about}
    yield f"PATCH {at}/{{target}}", policing.update_contained, schema.area, about
    if schema.name != RULES:
        yield f"POST {at}", policing.add_contained, schema.area, about
        yield f"DELETE {at}/{{target}}", policing.remove_contained, schema.area, about


def _special() -> Iterator[Row]:
    for kind in ("user", "group"):
        for name in ("assignlicense", "microsoft.graph.assignlicense"):
            yield f"POST {_KINDS[kind]}/{{id}}/{name}", licensing.assign_license, "licence", {"object_type": kind}
    manager: dict[str, Any] = {"object_type": "user", "relation": "manager"}
    yield "GET users/{id}/manager", linking.read_single, "user", {"options": frozenset({"$select"}), **manager}
    yield "PUT users/{id}/manager/$ref", linking.set_single, "user", manager
    yield "DELETE users/{id}/manager/$ref", linking.clear_single, "user", manager
    yield from _relation("users", "user", "sponsors", "user")
    for name, relation, kinds in _SOURCES:
        for kind in kinds:
            more: dict[str, Any] = {"object_type": kind, "relation": relation, "options": _LINKS}
            yield f"GET {_KINDS[kind]}/{{id}}/{name}", linking.list_sources, "directoryObject", more
    yield from _at_any_depth()
    yield from _memberships()
    for verb in ("addPassword", "removePassword"):
        operation = applications.add_password if verb == "addPassword" else applications.remove_password
        for kind in (application.APPLICATION, service_principal.SERVICE_PRINCIPAL):
            at = f"POST {_KINDS[kind]}/{{id}}/"
            yield at + verb.lower(), operation, "application", {"object_type": kind}
            yield f"{at}microsoft.graph.{verb.lower()}", operation, "application", {"object_type": kind}
    yield from _hanging()
    yield from _roles()
    at = "policies/authenticationstrengthpolicies/{id}/updateallowedcombinations"
    yield f"POST {at}", policing.update_combinations, "policy", {"object_type": policies.STRENGTH}


def _at_any_depth() -> Iterator[Row]:
    below: dict[str, Any] = {"object_type": "group", "options": _LINKS, "units": 5}
    yield "GET groups/{id}/transitivemembers", transitive.list_below, "group", below
    for kind in ("user", "group", "servicePrincipal"):
        above: dict[str, Any] = {"object_type": kind, "options": _LINKS}
        yield f"GET {_KINDS[kind]}/{{id}}/transitivememberof", transitive.list_above, "directoryObject", above
    for relation in ("members", "owners"):
        counted = {"object_type": "group", "relation": relation}
        yield f"GET groups/{{id}}/{relation}/$count", transitive.count_links, "group", counted


def _memberships() -> Iterator[Row]:
    actions = {
        "getmembergroups": memberships.get_member_groups,
        "getmemberobjects": memberships.get_member_objects,
        "checkmembergroups": memberships.check_member_groups,
        "checkmemberobjects": memberships.check_member_objects,
    }
    places = {**{name: kind for kind, name in _KINDS.items() if kind != "application"}, "directoryobjects": ""}
    for place, kind in places.items():
        about: dict[str, Any] = {"object_type": kind, "is_read": True}
        for name, operation in actions.items():
            for spelled in (name, f"microsoft.graph.{name}"):
                yield f"POST {place}/{{id}}/{spelled}", operation, "directoryObject", about


def _hanging() -> Iterator[Row]:
    for hung in COLLECTIONS:
        for parent in hung.parents:
            at = f"{_KINDS[parent]}/{{parent}}/{hung.name.lower()}"
            units = 2 if (parent, hung.name) == ("servicePrincipal", "appRoleAssignments") else 1
            kind, area = hung.object_type, hung.area
            about = {"object_type": kind, "relation": hung.end, "parent_type": parent}
            yield f"GET {at}", granting.list_hanging, area, {"options": _LIST, "units": units, **about}
            read = granting.below_parent(reading.read_object)
            yield f"GET {at}/{{id}}", read, area, {"options": _ONE, **about}
            if kind != grants.GRANT:
                yield f"POST {at}", resources.create_resource, area, about
                remove = granting.below_parent(resources.delete_resource)
                yield f"DELETE {at}/{{id}}", remove, area, about
            if kind == application.CREDENTIAL:
                yield f"PATCH {at}/{{id}}", granting.below_parent(resources.update_resource), area, about


def _roles() -> Iterator[Row]:
    for kind, name in ((ELIGIBILITY, "roleeligibilityschedulerequests"), (ACTIVE, "roleassignmentschedulerequests")):
        place = f"POST rolemanagement/directory/{name}"
        yield place, scheduling.request_schedule, ROLE_AREA, {"object_type": kind}
    for kind, name in ((ELIGIBILITY, "roleeligibilityscheduleinstances"), (ACTIVE, "roleassignmentscheduleinstances")):
        place, seen = f"GET rolemanagement/directory/{name}", {"object_type": kind}
        yield place, instances.list_instances, ROLE_AREA, {"options": frozenset({"$select", "$filter"}), **seen}
        yield f"{place}/{{id}}", instances.read_instance, ROLE_AREA, {"options": frozenset({"$select"}), **seen}
    at, about = "directoryroles/{id}/members", {"object_type": DIRECTORY_ROLE}
    yield f"GET {at}", roles.list_role_members, ROLE_AREA, {"options": _LINKS, **about}
    yield f"POST {at}/$ref", roles.add_role_member, ROLE_AREA, about
    yield f"DELETE {at}/{{target}}/$ref", roles.remove_role_member, ROLE_AREA, about
    at, about = "directory/administrativeunits/{id}/scopedrolemembers", {"object_type": UNIT}
    yield f"GET {at}", scoped_roles.list_scoped, ROLE_AREA, about
    yield f"POST {at}", scoped_roles.add_scoped, ROLE_AREA, about
    yield f"DELETE {at}/{{target}}", scoped_roles.remove_scoped, ROLE_AREA, about


def _agents() -> Iterator[Row]:
    casts = (
        ("user", service_principal.AGENT_USER, "user", writing.create_user),
        ("application", application.BLUEPRINT, "agent", resources.create_resource),
        ("servicePrincipal", service_principal.AGENT_IDENTITY, "agent", resources.create_resource),
        ("servicePrincipal", service_principal.BLUEPRINT_PRINCIPAL, "agent", resources.create_resource),
    )
    for kind, cast, area, create in casts:
        name, about = cast.removeprefix("#").lower(), {"object_type": kind, "cast": cast}
        yield f"GET {_KINDS[kind]}/{name}", reading.list_objects, area, {"options": _LIST, **about}
        counted = {"options": frozenset({"$filter"}), **about}
        yield f"GET {_KINDS[kind]}/{name}/$count", reading.count_objects, area, counted
        yield f"POST {_KINDS[kind]}/{name}", create, area, about
        for at in (f"{_KINDS[kind]}/{name}/{{id}}", f"{_KINDS[kind]}/{{id}}/{name}"):
            update = writing.update_user if kind == "user" else resources.update_resource
            yield f"GET {at}", reading.read_object, area, {"options": _ONE, **about}
            yield f"PATCH {at}", update, area, about
