"""The pages of one delta round: a first read of everything, or what the log says was touched since."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.directory import role_members
from simulator.directory.changes import Happened
from simulator.directory.store import Store
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject, Projection, project

_WHOLE = frozenset({Happened.CREATED, Happened.RESTORED, Happened.DELETED, Happened.PURGED})


class Cursor(msgspec.Struct, array_like=True, frozen=True):
    """Where a round stands: log window `start` to `end`, object `at`, and `link` of `relation` inside it.

    `ids` are the only objects it is about, None for all. Another `number` makes another link to the same place.
    """

    phase: str
    select: tuple[str, ...] | None = None
    start: int = 0
    end: int = 0
    at: int = 0
    relation: int = 0
    link: int = 0
    issued_at: float = 0.0
    ids: tuple[str, ...] | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a round shows of each object."""

    store: Store
    plain: Projection
    relations: tuple[str, ...]
    is_minimal: bool


@dataclass(slots=True)
class Touched:
    """What the log window says about one object."""

    is_whole: bool = False
    names: set[str] = field(default_factory=set)
    links: dict[tuple[str, str], str] = field(default_factory=dict)


class _Page:
    """One page being filled, with its two budgets."""

    def __init__(self, tenant: Tenant) -> None:
        self.items: list[JsonObject] = []
        self._objects_max = tenant.delta.objects_per_page_max
        self.links_left = tenant.delta.links_per_page_max

    @property
    def is_full(self) -> bool:
        return len(self.items) >= self._objects_max or self.links_left <= 0

    def link(self, item: JsonObject, relation: str, reference: dict[str, Any]) -> None:
        item.setdefault(f"{relation}@delta", []).append(reference)
        self.links_left -= 1


def first_read(tenant: Tenant, plan: Plan, cursor: Cursor) -> tuple[list[JsonObject], Cursor | None]:
    """Return one page of all live objects and their links, and where the next page goes on."""
    page = _Page(tenant)
    for at, object_id in plan.store.order.since(cursor.at):
        thing = _visible(tenant, plan, object_id)
        if thing is None or (cursor.ids is not None and object_id not in cursor.ids):
            continue
        if page.is_full:
            return page.items, msgspec.structs.replace(cursor, at=at, relation=0, link=0)
        item = project(thing, plan.plain)
        page.items.append(item)
        begun = (cursor.relation, cursor.link) if at == cursor.at else (0, 0)
        for index, position, reference in _links(tenant, plan, object_id, begun):
            if page.links_left == 0:
                return page.items, msgspec.structs.replace(cursor, at=at, relation=index, link=position)
            page.link(item, plan.relations[index], reference)
    return page.items, None


def _visible(tenant: Tenant, plan: Plan, object_id: str) -> JsonObject | None:
    thing = plan.store.live.get(object_id)
    schema = plan.store.schema
    return None if thing is None or (schema.hangs_on and tenant.directory.is_hidden(schema, thing)) else thing


def _links(
    tenant: Tenant, plan: Plan, object_id: str, begun: tuple[int, int]
) -> Iterator[tuple[int, int, dict[str, Any]]]:
    for index in range(begun[0], len(plan.relations)):
        start = begun[1] if index == begun[0] else 0
        for position, target_id in _targets(tenant, plan, object_id, plan.relations[index], start):
            found = tenant.directory.live(target_id)
            if found is not None:
                yield index, position, {"@odata.type": f"#microsoft.graph.{found[0]}", "id": target_id}


def _targets(tenant: Tenant, plan: Plan, object_id: str, relation: str, start: int) -> Iterator[tuple[int, str]]:
    if relation in plan.store.schema.viewed:
        return role_members.members_since(tenant.directory, plan.store.live[object_id], start)
    return tenant.directory.links.targets(object_id, relation).since(start)


def _is_linked(tenant: Tenant, plan: Plan, object_id: str, relation: str, target_id: str) -> bool:
    if relation in plan.store.schema.viewed:
        return any(each == target_id for _, each in _targets(tenant, plan, object_id, relation, 0))
    return target_id in tenant.directory.links.targets(object_id, relation)


def changed_since(tenant: Tenant, plan: Plan, cursor: Cursor) -> tuple[list[JsonObject], Cursor | None]:
    """Return one page of what changed in the log window, as it is now, and where the next page goes on."""
    page = _Page(tenant)
    about = (cursor.ids, tuple(name for name, _ in plan.plain), plan.relations)
    window = plan.store.log.view(cursor.start, cursor.end, about, lambda: list(touched(plan, cursor).items()))
    for at in range(cursor.at, len(window)):
        object_id, what = window[at]
        if page.is_full:
            return page.items, msgspec.structs.replace(cursor, at=at, link=0)
        thing = _visible(tenant, plan, object_id)
        if thing is None:
            reason = "changed" if object_id in plan.store.deleted else "deleted"
            page.items.append({"id": object_id, "@removed": {"reason": reason}})
            continue
        item = _shown(plan, thing, what)
        page.items.append(item)
        links = list(what.links.items())
        for position in range(cursor.link if at == cursor.at else 0, len(links)):
            if page.links_left == 0:
                return page.items, msgspec.structs.replace(cursor, at=at, link=position)
            (relation, target_id), target_type = links[position]
            reference: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{target_type}", "id": target_id}
            if not _is_linked(tenant, plan, object_id, relation, target_id):
                reference["@removed"] = {"reason": "deleted"}
            page.link(item, relation, reference)
    return page.items, None


def touched(plan: Plan, cursor: Cursor) -> dict[str, Touched]:
    """Return what the window holds of interest, by object, in the order of the first mention."""
    tracked = {name for name, _ in plan.plain}
    found: dict[str, Touched] = {}
    for change in plan.store.log.between(cursor.start, cursor.end):
        if cursor.ids is not None and change.object_id not in cursor.ids:
            continue
        if change.happened in _WHOLE:
            found.setdefault(change.object_id, Touched()).is_whole = True
        elif change.happened is Happened.UPDATED:
            names = tracked.intersection(change.names)
            if names:
                found.setdefault(change.object_id, Touched()).names |= names
        elif change.names[0] in plan.relations:
            what = found.setdefault(change.object_id, Touched())
            what.links[change.names[0], change.target_id] = change.target_type
    return found


def _shown(plan: Plan, thing: JsonObject, what: Touched) -> JsonObject:
    if plan.is_minimal and not what.is_whole:
        return project(thing, tuple(pair for pair in plan.plain if pair[0] == "id" or pair[0] in what.names))
    return project(thing, plan.plain)
