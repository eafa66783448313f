"""Find what names an object that is to be created anew: it did not change, and has to all the same.

A policy that excludes a group goes on naming the group's old id after the group is gone, on both sides of a comparison.
So whatever the snapshot or the tenant has that names one of the plan's old ids is looked for here, while planning.
Reads only the job's own two states; a crash costs reading them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import object_id_of
from shared.catalogue.types import BY_CODE, TYPES
from shared.compare.judge import writable
from shared.domain.changes import Action, Difference, Json
from shared.domain.ids import KEY_BYTES, object_key
from shared.domain.jobs import Job, Options
from shared.domain.scope import Scope
from shared.recover.lockout.stand_ins import StandIns
from shared.recover.plan import object_changes
from shared.recover.recreating import is_created_anew
from shared.recover.rewriting import is_known_by_content, naming_any
from shared.runs.layers import Readable
from shared.runs.watching import Parts

WARNINGS_MAX = 100  # objects that are named one by one; the rest are counted
ObjectName = tuple[str, str]  # type and id
RowName = tuple[str, str, Action]  # an object may have one row that brings it back and one that sets it back
Naming = dict[ObjectName, tuple[ObjectType, Json]]
REFERENCES = {reference.code: (entry, reference.name) for entry in TYPES for reference in entry.references}


class Named(msgspec.Struct, frozen=True):
    """What to plan besides and instead of rows of the report, and what an operator must be told.

    `instead` has another form of some rows; `more` are rows for what did not change and names an old id.
    """

    instead: dict[RowName, Difference] = {}
    more: tuple[Difference, ...] = ()
    warnings: tuple[str, ...] = ()

    def rows(self, of_report: Iterable[Difference]) -> list[Difference]:
        """Return rows of the report in the form in which they are planned."""
        return [self.instead.get((*_name(row), row.action), row) for row in of_report]

    @property
    def made(self) -> list[Difference]:
        """The rows that create objects anew because of others, as principals are of their applications."""
        return [row for row in (*self.instead.values(), *self.more) if is_created_anew(row)]


def old_ids(row: Difference) -> frozenset[str]:
    """Return the ids, appIds among them, under which the object of a row is named and will not be again."""
    if not is_created_anew(row):
        return frozenset()
    app_id = str(row.target.get("appId") or "") if row.type == "application" else ""
    return frozenset(known.lower() for known in (row.object_id, app_id) if known)


def add_made(stand_ins: StandIns, rows: Iterable[Difference], options: Options) -> None:
    """Have an id stand for each object that these rows create anew."""
    for row in rows:
        if is_created_anew(row):
            for changes in object_changes([row], options).values():
                stand_ins.add(changes)


async def with_naming(job: Job, parts: Parts, old: frozenset[str], sides: tuple[Readable, Readable]) -> Named:
    """Return how the report's rows change, and one for each object in scope that names one of the `old` ids.

    The report is read part by part, as often as needed; of it, only rows of what names an old id are held.
    """
    target, live = sides
    wanted = await _naming(target, old)
    instead = principals((await _rows_of(parts, wanted)).values(), wanted, old)
    if instead:
        old |= {object_id for _type, object_id, _action in instead}
        wanted = await _naming(target, old)
    present = await _naming(live, old)
    known = await _rows_of(parts, {**wanted, **present})
    known |= {(type_name, object_id): row for (type_name, object_id, _action), row in instead.items()}
    warnings = list(_unreached(job.scope, wanted, present, known))
    more: list[Difference] = []
    for key, (entry, body) in wanted.items():
        row = known.get(key)
        if not job.scope.covers(entry.name, object_id_of(entry, body)):
            continue
        if is_known_by_content(entry):
            if row is None and key not in present and entry.is_remade:
                more.append(_row(entry, body, Action.RECREATE, body))
            continue
        names = naming_any(entry, body, old)
        values = writable(entry, {name: body[name] for name in names})
        if row is None and not values and key in present:
            warnings.append(_fixed(entry, body, names))
        if row is None and values and key in present:
            more.append(_row(entry, body, Action.UPDATE, values))
        elif row is not None and row.action in {Action.UPDATE, Action.RESTORE} and not row.refusal:
            instead[*key, row.action] = msgspec.structs.replace(row, target={**values, **row.target})
    lost = await _lost_links(target, {object_key(known) for known in old}, job.scope)
    warnings += [f"{count} {name} of {kind} objects out of scope are not linked again" for (kind, name), count in lost]
    told = warnings[:WARNINGS_MAX]
    told += [f"{len(warnings) - WARNINGS_MAX} more of these"] if len(warnings) > WARNINGS_MAX else []
    return Named(instead, tuple(more), tuple(told))


def _name(row: Difference) -> ObjectName:
    return row.type, row.object_id.lower()


async def _rows_of(parts: Parts, names: Collection[ObjectName]) -> dict[ObjectName, Difference]:
    """Return the rows of the report about these objects."""
    return {_name(row): row async for some in parts() for row in some if _name(row) in names}


def principals(rows: Iterable[Difference], wanted: Naming, old: frozenset[str]) -> dict[RowName, Difference]:
    """Return the rows of the principals of applications to be created anew, in the form in which they are planned.

    One in the recycle bin belongs to an appId that nothing has any more: it is left there, and created anew as well.
    """
    found: dict[RowName, Difference] = {}
    for row in rows:
        known = wanted.get(_name(row))
        is_orphan = row.type == "servicePrincipal" and row.action is Action.RESTORE and not row.refusal
        if known is not None and is_orphan and str(known[1].get("appId") or "").lower() in old:
            made = msgspec.structs.replace(row, action=Action.RECREATE, target=known[1], current={}, links=())
            found[*_name(row), row.action] = made
    return found


def _unreached(scope: Scope, wanted: Naming, present: Naming, by_object: Collection[ObjectName]) -> Iterator[str]:
    """Yield what names an old id and is not this recovery's to rewrite; what is out of scope may not have been read."""
    for key, (entry, body) in {**wanted, **present}.items():
        if not scope.covers(entry.name, object_id_of(entry, body)):
            yield _warning(entry, body, "is not in the scope of this recovery")
        elif key not in wanted and key not in by_object:
            yield _warning(entry, body, "names it since the snapshot")


async def _naming(side: Readable, old: frozenset[str]) -> Naming:
    """Return the live objects of one side that name one of the ids, by type and id."""
    codes = {entry.code for entry in TYPES if entry.names}
    found: Naming = {}
    count = side.manifest.shard_count
    for shard in range(count):
        rows = [
            row for row in await side.index(shard, count) if row.type_code in codes and row.length and not row.flags
        ]
        for (_key, code), content in (await side.bodies(rows)).items():
            entry, body = BY_CODE[code], msgspec.json.decode(content)
            if naming_any(entry, body, old):
                found[entry.name, object_id_of(entry, body).lower()] = (entry, body)
    return found


async def _lost_links(side: Readable, keys: set[bytes], scope: Scope) -> Sequence[tuple[tuple[str, str], int]]:
    """Return how many references to the objects start at types that the scope leaves out, by type and reference."""
    counts: Counter[tuple[str, str]] = Counter()
    count = side.manifest.shard_count
    outside = {code: known for code, known in REFERENCES.items() if not scope.covers_type(known[0].name)}
    for shard in range(count) if outside else ():
        for row in await side.links(shard, count):
            if row[0] in outside and row[1 + KEY_BYTES :] in keys:
                entry, name = outside[row[0]]
                counts[entry.name, name] += 1
    return sorted(counts.items())


def _row(entry: ObjectType, body: Json, action: Action, values: Json) -> Difference:
    return Difference(
        type=entry.name,
        object_id=object_id_of(entry, body),
        display_name=str(body.get("displayName") or ""),
        action=action,
        target=values,
        current={},
    )


def _fixed(entry: ObjectType, body: Json, names: Sequence[str]) -> str:
    known = f"{entry.name} {str(body.get('displayName') or '')!r} ({object_id_of(entry, body)})"
    said = ", ".join(names)
    return (
        f"{known} names an object that is created anew in {said}, which Graph fixes at creation: make it again by hand"
    )


def _warning(entry: ObjectType, body: Json, why: str) -> str:
    name = str(body.get("displayName") or "")
    known = f"{entry.name} {name!r} ({object_id_of(entry, body)})"
    return f"{known} names an object that is created anew, and {why}: put the new id there by hand"
