"""Which method and path is which operation, what it costs, which permission opens it. What is not here is a 501."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from simulator.audit import reading as auditing
from simulator.errors import MissingBehaviourError
from simulator.native import serving as recovery
from simulator.operations import linking, reading, undeleting, writing
from simulator.operations.call import Answer, Call
from simulator.operations.delta import OPTIONS as DELTA_OPTIONS
from simulator.operations.delta import delta
from simulator.operations.resources import upserting
from simulator.tenant import Tenant
from simulator.throttle import Cost
from simulator.type_routes import rows
from simulator.types.conditional_access import LOCATION, POLICY

Operation = Callable[[Tenant, Call], Answer]
_KEY = re.compile(r"^([A-Za-z0-9.]+)\('([^']*)'\)$")
_ALTERNATE = re.compile(r"^([A-Za-z0-9.]+)\((\w+='[^']*')\)$")
_LIST = frozenset({"$select", "$top", "$skiptoken", "$filter", "$count", "$orderby", "$search"})
_POLICIES = frozenset({"$select"})
CONDITIONAL_ACCESS = "conditionalAccess"
AUDIT, RECOVERY = "audit", "recovery"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `units` is the table's price before `$select`, `$expand` and `$top` change it.

    One that `is_beta` is not there in v1.0.
    """

    method: str
    pattern: tuple[str, ...]
    operation: Operation
    area: str
    object_type: str = ""
    relation: str = ""
    options: frozenset[str] = frozenset()
    units: int = 1
    is_read: bool = False
    cast: str = ""
    parent_type: str = ""
    is_beta: bool = False

    @property
    def is_write(self) -> bool:
        """Tell whether a success changes the tenant and counts against the write quotas."""
        return self.method != "GET" and not self.is_read

    def cost(self, options: dict[str, str]) -> Cost:
        """Return the price of one call: Microsoft Graph page "service-specific throttling limits", identity part."""
        if self.area == CONDITIONAL_ACCESS:
            return Cost(1, is_conditional_access=True)
        if self.area == AUDIT:
            return Cost(1, is_audit=True)
        if self.is_write:
            return Cost(1, is_write=True)
        if self.is_read:
            return Cost(2 if "$select" in options else self.units)
        units = self.units - ("$select" in options) + ("$expand" in options)
        page = options.get("$top", "")
        units -= page.isdigit() and int(page) < 20
        return Cost(max(1, units))


def _route(
    line: str,
    operation: Operation,
    area: str,
    *,
    object_type: str = "",
    relation: str = "",
    options: frozenset[str] = frozenset(),
    units: int = 1,
    is_read: bool = False,
    cast: str = "",
    parent_type: str = "",
    is_beta: bool = False,
) -> Route:
    method, path = line.split()
    about = (object_type, relation, options, units, is_read, cast, parent_type, is_beta)
    return Route(method, tuple(path.split("/")), operation, area, *about)


def _routes() -> Iterator[Route]:
    yield from _objects()
    yield from _links()
    yield from _deleted()
    yield from _conditional_access("policies", POLICY)
    yield from _conditional_access("namedlocations", LOCATION)
    yield from _behaviours()
    for line, operation, area, more in rows():
        yield _route(line, operation, area, **more)


def _behaviours() -> Iterator[Route]:
    paged = frozenset({"$select", "$top", "$skiptoken", "$filter", "$orderby", "$count"})
    yield _route("GET auditlogs/directoryaudits", auditing.list_audits, AUDIT, options=paged)
    yield _route("GET auditlogs/directoryaudits/{id}", auditing.read_audit, AUDIT)
    jobs = frozenset({"$select", "$top", "$skip", "$filter", "$orderby"})
    place, area = "directory/recovery", RECOVERY
    yield _route(f"GET {place}", recovery.read_recovery, area, options=frozenset({"$select"}))
    yield _route(f"GET {place}/snapshots", recovery.list_snapshots, area, options=jobs)
    yield _route(f"GET {place}/snapshots/$count", recovery.count_snapshots, area)
    yield _route(f"GET {place}/snapshots/{{id}}", recovery.read_snapshot, area)
    yield _route(f"GET {place}/jobs", recovery.list_jobs, area, options=jobs)
    yield _route(f"GET {place}/jobs/{{job}}", recovery.read_job, area)
    for cancel in ("cancel", "microsoft.graph.entrarecoveryservices.cancel"):
        yield _route(f"POST {place}/jobs/{{job}}/{cancel}", recovery.cancel_job, area)
    for kind, listed in (("recoveryPreviewJob", "getchanges"), ("recoveryJob", "getfailedchanges")):
        below = f"{place}/snapshots/{{id}}/{kind.lower()}s"
        yield _route(f"GET {below}", recovery.list_jobs, area, relation=kind, options=jobs)
        yield _route(f"POST {below}", recovery.start_job, area, relation=kind)
        yield _route(f"GET {below}/{{job}}", recovery.read_job, area)
        for name in (listed, f"microsoft.graph.entrarecoveryservices.{listed}"):
            yield _route(f"GET {below}/{{job}}/{name}", recovery.list_changes, area, options=jobs)


def _objects() -> Iterator[Route]:
    for name, kind in (("users", "user"), ("groups", "group")):
        expand = frozenset({"$expand"})
        units = 2 if kind == "user" else 1
        create = writing.create_user if kind == "user" else writing.create_group
        update = writing.update_user if kind == "user" else upserting(writing.create_group, writing.update_group)
        deletion = "userDeletion" if kind == "user" else "group"
        yield _route(f"GET {name}", reading.list_objects, kind, object_type=kind, options=_LIST | expand, units=units)
        yield _route(f"POST {name}", create, kind, object_type=kind)
        counted = frozenset({"$filter"})
        yield _route(f"GET {name}/$count", reading.count_objects, kind, object_type=kind, options=counted)
        yield _route(f"GET {name}/delta", delta, kind, object_type=kind, options=DELTA_OPTIONS)
        yield _route(f"GET {name}/microsoft.graph.delta", delta, kind, object_type=kind, options=DELTA_OPTIONS)
        yield _route(f"GET {name}/{{id}}", reading.read_object, kind, object_type=kind, options=expand | {"$select"})
        yield _route(f"PATCH {name}/{{id}}", update, kind, object_type=kind)
        yield _route(f"DELETE {name}/{{id}}", writing.delete_object, deletion, object_type=kind)
    select, area = frozenset({"$select"}), "directoryObject"
    yield _route("GET directoryobjects/{id}", reading.read_any, area, options=select)
    for name in ("getbyids", "microsoft.graph.getbyids"):
        yield _route(f"POST directoryobjects/{name}", reading.list_by_ids, area, options=select, units=5, is_read=True)


def _links() -> Iterator[Route]:
    options = frozenset({"$select", "$top", "$skiptoken"})
    for relation, units in (("members", 3), ("owners", 1)):
        place = f"groups/{{id}}/{relation}"
        about: dict[str, Any] = {"object_type": "group", "relation": relation}
        yield _route(f"GET {place}", linking.list_links, "group", options=options, units=units, **about)
        yield _route(f"POST {place}/$ref", linking.add_link, "membership", **about)
        yield _route(f"DELETE {place}/{{target}}/$ref", linking.remove_link, "membership", **about)


def _deleted() -> Iterator[Route]:
    for kind in ("user", "group"):
        place = f"GET directory/deleteditems/microsoft.graph.{kind}"
        yield _route(place, reading.list_deleted, kind, object_type=kind, options=_LIST)
        one, about = f"GET directory/deleteditems/{{id}}/microsoft.graph.{kind}", frozenset({"$select"})
        yield _route(one, reading.read_deleted, kind, object_type=kind, options=about)
    area = "directoryObject"
    yield _route("GET directory/deleteditems/{id}", reading.read_deleted, area, options=frozenset({"$select"}))
    yield _route("DELETE directory/deleteditems/{id}", undeleting.purge_object, area)
    yield _route("POST directory/deleteditems/{id}/restore", undeleting.restore_object, area)
    yield _route("POST directory/deleteditems/{id}/microsoft.graph.restore", undeleting.restore_object, area)


def _conditional_access(name: str, kind: str) -> Iterator[Route]:
    place, bin_place = f"identity/conditionalaccess/{name}", f"identity/conditionalaccess/deleteditems/{name}"
    area = CONDITIONAL_ACCESS
    yield _route(f"GET {place}", reading.list_objects, area, object_type=kind, options=_POLICIES)
    yield _route(f"POST {place}", writing.create_policy, area, object_type=kind)
    yield _route(f"GET {place}/{{id}}", reading.read_object, area, object_type=kind, options=_POLICIES)
    yield _route(f"PATCH {place}/{{id}}", writing.update_policy, area, object_type=kind)
    yield _route(f"DELETE {place}/{{id}}", writing.delete_object, area, object_type=kind)
    yield _route(f"GET {bin_place}", reading.list_deleted, area, object_type=kind, options=_POLICIES)
    yield _route(f"GET {bin_place}/{{id}}", reading.read_deleted_policy, area, object_type=kind, options=_POLICIES)
    yield _route(f"DELETE {bin_place}/{{id}}", undeleting.purge_policy, area, object_type=kind)
    yield _route(f"POST {bin_place}/{{id}}/restore", undeleting.restore_policy, area, object_type=kind)
    yield _route(f"POST {bin_place}/{{id}}/microsoft.graph.restore", undeleting.restore_policy, area, object_type=kind)


ROUTES = tuple(_routes())
_BY_START: dict[tuple[str, int, str], list[Route]] = {}
for _each in ROUTES:
    _BY_START.setdefault((_each.method, len(_each.pattern), _each.pattern[0]), []).append(_each)


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a path below the version, and what its braces hold. Paths ignore case; ids keep theirs."""
    segments: list[str] = []
    for part in path.strip("/").split("/"):
        plain = unquote(part)
        keyed = _KEY.match(plain) or _ALTERNATE.match(plain)
        segments += keyed.groups() if keyed else [plain.removesuffix("()")]
    if segments[0].lower() == "myorganization":
        del segments[0]
    for route in _BY_START.get((method, len(segments), segments[0].lower()), ()) if segments else ():
        params = _params(route.pattern, segments)
        if params is not None:
            return route, params
    raise MissingBehaviourError("no such operation is simulated")


def _params(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for wanted, given in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            if given.startswith("$") or given.lower().startswith("microsoft.graph."):
                return None
            params[wanted[1:-1]] = given
        elif wanted != given.lower():
            return None
    return params
