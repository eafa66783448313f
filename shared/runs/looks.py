"""Look at the live objects that changes are about, references included where links are: before a write, and after.

Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.catalogue.entry import ObjectType
from shared.domain.changes import Action, Change, Json, Outcome
from shared.ports import Directory
from shared.recover.decide import Look


async def looked(
    directory: Directory, entry: ObjectType, changes: Sequence[Change] | Sequence[Outcome]
) -> dict[str, Look]:
    """Return what is live of every object that `changes`, all of one type, are about."""
    ids = sorted({change.object_id for change in changes})
    binned = frozenset(change.object_id for change in changes if change.action is Action.RESTORE)
    found = await directory.find(entry, ids, deleted=binned)
    links: dict[str, dict[str, frozenset[str]]] = {object_id: {} for object_id in ids}
    for reference in sorted({change.reference for change in changes if change.reference}):
        concerned = sorted({change.object_id for change in changes if change.reference == reference})
        live = [known for known in concerned if found[known].body is not None and not found[known].is_deleted]
        for object_id, others in (await directory.references(entry, reference, live)).items():
            links[object_id][reference] = frozenset(others)
    looks: dict[str, Look] = {}
    for object_id in ids:
        body = found[object_id].body
        json: Json | None = msgspec.json.decode(body) if body is not None else None
        looks[object_id] = Look(json, found[object_id].is_deleted, links[object_id])
    return looks
