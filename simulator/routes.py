"""Which method and path is which operation, what it costs, which permission opens it. What is not here is a 501."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from simulator.errors import MissingBehaviourError
from simulator.operations import linking, reading, undeleting, writing
from simulator.operations.call import Answer, Call
from simulator.operations.delta import delta
from simulator.tenant import Tenant
from simulator.throttle import Cost
from simulator.types.conditional_access import LOCATION, POLICY

Operation = Callable[[Tenant, Call], Answer]
_KEY = re.compile(r"^([A-Za-z.]+)\('([^']*)'\)$")
_LIST = frozenset({"$select", "$top", "$skiptoken", "$filter", "$count"})
_POLICIES = frozenset({"$select"})
CONDITIONAL_ACCESS = "conditionalAccess"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `units` is the table's price before `$select`, `$expand` and `$top` change it."""

    method: str
    pattern: tuple[str, ...]
    operation: Operation
    area: str
    object_type: str = ""
    relation: str = ""
    options: frozenset[str] = frozenset()
    units: int = 1
    is_read: bool = False

    @property
    def is_write(self) -> bool:
        """Tell whether a success changes the tenant and counts against the write quotas."""
        return self.method != "GET" and not self.is_read

    def cost(self, options: dict[str, str], *, posted_select: bool = False) -> Cost:
        """Return the price of one call: Microsoft Graph page "service-specific throttling limits", identity part."""
        if self.area == CONDITIONAL_ACCESS:
            return Cost(1, is_conditional_access=True)
        if self.is_write:
            return Cost(1, is_write=True)
        if self.is_read:
            return Cost(2 if "$select" in options or posted_select else self.units)
        units = self.units - ("$select" in options) + ("$expand" in options)
        page = options.get("$top", "")
        units -= page.isdigit() and int(page) < 20
        return Cost(max(1, units))


def _routes() -> list[Route]:
    found: list[Route] = []

    def on(line: str, operation: Operation, area: str, **more: object) -> None:
        method, path = line.split()
        found.append(Route(method, tuple(path.split("/")), operation, area, **more))  # type: ignore[arg-type]

    _objects(on)
    _links(on)
    _deleted(on)
    for name, kind in (("policies", POLICY), ("namedlocations", LOCATION)):
        _conditional_access(on, name, kind)
    return found


def _objects(on: Callable[..., None]) -> None:
    for name, kind, expandable in (("users", "user", False), ("groups", "group", True)):
        expand = frozenset({"$expand"}) if expandable else frozenset()
        units = 2 if kind == "user" else 1
        create = writing.create_user if kind == "user" else writing.create_group
        update = writing.update_user if kind == "user" else writing.update_group
        deletion = "userDeletion" if kind == "user" else "group"
        tokens = frozenset({"$select", "$deltatoken", "$skiptoken"})
        on(f"GET {name}", reading.list_objects, kind, object_type=kind, options=_LIST | expand, units=units)
        on(f"POST {name}", create, kind, object_type=kind)
        on(f"GET {name}/$count", reading.count_objects, kind, object_type=kind)
        on(f"GET {name}/delta", delta, kind, object_type=kind, options=tokens)
        on(f"GET {name}/microsoft.graph.delta", delta, kind, object_type=kind, options=tokens)
        on(f"GET {name}/{{id}}", reading.read_object, kind, object_type=kind, options=expand | {"$select"})
        on(f"PATCH {name}/{{id}}", update, kind, object_type=kind)
        on(f"DELETE {name}/{{id}}", writing.delete_object, deletion, object_type=kind)
    by_ids = {"options": frozenset({"$select"}), "units": 5, "is_read": True}
    on("POST directoryobjects/getbyids", reading.list_by_ids, "directoryObject", **by_ids)
    on("POST directoryobjects/microsoft.graph.getbyids", reading.list_by_ids, "directoryObject", **by_ids)


def _links(on: Callable[..., None]) -> None:
    options = frozenset({"$select", "$top", "$skiptoken"})
    for relation, units in (("members", 3), ("owners", 1)):
        shared = {"object_type": "group", "relation": relation}
        on(f"GET groups/{{id}}/{relation}", linking.list_links, "group", options=options, units=units, **shared)
        on(f"POST groups/{{id}}/{relation}/$ref", linking.add_link, "membership", **shared)
        on(f"DELETE groups/{{id}}/{relation}/{{target}}/$ref", linking.remove_link, "membership", **shared)


def _deleted(on: Callable[..., None]) -> None:
    for kind in ("user", "group"):
        options = _LIST - {"$filter"}
        place = f"GET directory/deleteditems/microsoft.graph.{kind}"
        on(place, reading.list_deleted, kind, object_type=kind, options=options)
    area = "directoryObject"
    on("GET directory/deleteditems/{id}", reading.read_deleted, area, options=frozenset({"$select"}))
    on("DELETE directory/deleteditems/{id}", undeleting.purge_object, area)
    on("POST directory/deleteditems/{id}/restore", undeleting.restore_object, area)
    on("POST directory/deleteditems/{id}/microsoft.graph.restore", undeleting.restore_object, area)


def _conditional_access(on: Callable[..., None], name: str, kind: str) -> None:
    place, bin_place = f"identity/conditionalaccess/{name}", f"identity/conditionalaccess/deleteditems/{name}"
    area = CONDITIONAL_ACCESS
    on(f"GET {place}", reading.list_objects, area, object_type=kind, options=_POLICIES)
    on(f"POST {place}", writing.create_policy, area, object_type=kind)
    on(f"GET {place}/{{id}}", reading.read_object, area, object_type=kind, options=_POLICIES)
    on(f"PATCH {place}/{{id}}", writing.update_policy, area, object_type=kind)
    on(f"DELETE {place}/{{id}}", writing.delete_object, area, object_type=kind)
    on(f"GET {bin_place}", reading.list_deleted, area, object_type=kind, options=_POLICIES)
    on(f"GET {bin_place}/{{id}}", reading.read_deleted_policy, area, object_type=kind, options=_POLICIES)
    on(f"DELETE {bin_place}/{{id}}", undeleting.purge_policy, area, object_type=kind)
    on(f"POST {bin_place}/{{id}}/restore", undeleting.restore_policy, area, object_type=kind)
    on(f"POST {bin_place}/{{id}}/microsoft.graph.restore", undeleting.restore_policy, area, object_type=kind)


_BY_LENGTH: dict[tuple[str, int], list[Route]] = {}
for _route in _routes():
    _BY_LENGTH.setdefault((_route.method, len(_route.pattern)), []).append(_route)


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a path below the version, and what its braces hold. Paths ignore case; ids keep theirs."""
    segments: list[str] = []
    for part in path.strip("/").split("/"):
        plain = unquote(part)
        keyed = _KEY.match(plain)
        segments += keyed.groups() if keyed else [plain.removesuffix("()")]
    if segments[0].lower() == "myorganization":
        del segments[0]
    for route in _BY_LENGTH.get((method, len(segments)), ()):
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
