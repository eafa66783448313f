"""Find what names an object that is to be created anew: it did not change, and has to all the same.

A policy that excludes a group goes on naming the group's old id after the group is gone, on both sides of a comparison.
So whatever the snapshot or the tenant has that names one of the plan's old ids is looked for here, while planning.
Reads only the job's own two states; a crash costs reading them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import object_id_of
from shared.catalogue.types import BY_CODE, TYPES
from shared.compare.judge import writable
from shared.domain.changes import Action, Difference, Json
from shared.domain.ids import KEY_BYTES, object_key
from shared.domain.jobs import Job
from shared.domain.scope import Scope
from shared.recover.recreating import is_created_anew
from shared.recover.rewriting import is_known_by_content, naming_any
from shared.runs.layers import Readable

WARNINGS_MAX = 100  # objects that are named one by one; the rest are counted
ObjectName = tuple[str, str]  # type and id
Naming = dict[ObjectName, tuple[ObjectType, Json]]
REFERENCES = {reference.code: (entry, reference.name) for entry in TYPES for reference in entry.references}


class Named(msgspec.Struct, frozen=True):
    """The rows of the report with those that name an old id besides, and what an operator must be told."""

    rows: list[Difference]
    warnings: tuple[str, ...] = ()


def old_ids(rows: Collection[Difference]) -> frozenset[str]:
    """Return the ids, appIds among them, under which the objects of these rows are named and will not be again."""
    made = [row for row in rows if is_created_anew(row)]
    app_ids = {str(row.target.get("appId") or "") for row in made if row.type == "application"}
    return frozenset(known.lower() for known in {*(row.object_id for row in made), *app_ids} if known)


async def with_naming(
    job: Job, rows: list[Difference], acted_on: Collection[Difference], sides: tuple[Readable, Readable]
) -> Named:
    """Return the report's rows, and one for each object in scope that names what `acted_on` creates anew."""
    old = old_ids(acted_on)
    if not old:
        return Named(rows)
    target, live = sides
    wanted = await _naming(target, old)
    found, more = principals(rows, wanted, old)
    if more:
        old |= more
        wanted = await _naming(target, old)
    present = await _naming(live, old)
    by_object = {(row.type, row.object_id.lower()): place for place, row in enumerate(found)}
    warnings = list(_unreached(job.scope, wanted, present, by_object))
    for key, (entry, body) in wanted.items():
        place = by_object.get(key)
        if not job.scope.covers(entry.name, object_id_of(entry, body)):
            continue
        if is_known_by_content(entry):
            if place is None and key not in present and entry.is_remade:
                found.append(_row(entry, body, Action.RECREATE, body))
            continue
        names = naming_any(entry, body, old)
        values = writable(entry, {name: body[name] for name in names})
        if place is None and not values and key in present:
            warnings.append(_fixed(entry, body, names))
        if place is None and values and key in present:
            found.append(_row(entry, body, Action.UPDATE, values))
        elif place is not None and found[place].action in {Action.UPDATE, Action.RESTORE} and not found[place].refusal:
            row = found[place]
            found[place] = msgspec.structs.replace(row, target={**values, **row.target})
    lost = await _lost_links(target, {object_key(known) for known in old}, job.scope)
    warnings += [f"{count} {name} of {kind} objects out of scope are not linked again" for (kind, name), count in lost]
    told = warnings[:WARNINGS_MAX]
    told += [f"{len(warnings) - WARNINGS_MAX} more of these"] if len(warnings) > WARNINGS_MAX else []
    return Named(found, tuple(told))


def principals(rows: list[Difference], wanted: Naming, old: frozenset[str]) -> tuple[list[Difference], frozenset[str]]:
    """Return the rows with the principals of applications to be created anew, and the ids of those principals.

    One in the recycle bin belongs to an appId that nothing has any more: it is left there, and created anew as well.
    """
    more: set[str] = set()
    found = list(rows)
    for place, row in enumerate(rows):
        known = wanted.get((row.type, row.object_id.lower()))
        is_orphan = row.type == "servicePrincipal" and row.action is Action.RESTORE and not row.refusal
        if known is None or not is_orphan or str(known[1].get("appId") or "").lower() not in old:
            continue
        more.add(row.object_id.lower())
        found[place] = msgspec.structs.replace(row, action=Action.RECREATE, target=known[1], current={}, links=())
    return found, frozenset(more)


def _unreached(scope: Scope, wanted: Naming, present: Naming, by_object: Mapping[ObjectName, int]) -> Iterator[str]:
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
