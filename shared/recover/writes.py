"""Turn changes into Graph requests.

Pure. Every request says what shall be, so that repeating it after a lost reply is harmless. Links are packed 20 to a
PATCH, Graph's limit; a pack that Graph refuses is halved until the one bad link stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.catalogue.entry import ObjectType
from shared.compare.values import TYPE_ANNOTATION, stated
from shared.domain.changes import Action, Change, Json
from shared.domain.writes import Write

LINKS_PER_PATCH_MAX = 20  # "Add members": 20 link changes a request, counting every relation
REFERENCE_ROOT = "https://graph.microsoft.com/v1.0/directoryObjects/"  # the form Graph documents, whatever the host


class Stroke(msgspec.Struct, frozen=True):
    """One request and the changes it makes come true together."""

    changes: tuple[Change, ...]
    write: Write


def object_stroke(entry: ObjectType, change: Change, current: Json, target: Json) -> Stroke:
    """Return the request for a change to an object that is `current` now; `target` is what still differs."""
    if change.action is Action.RESTORE:
        write = _write(change, "POST", f"{entry.deleted_path}/{change.object_id}/restore", b"{}")
    elif change.action is Action.SOFT_DELETE:
        write = _write(change, "DELETE", f"{entry.path}/{change.object_id}")
    else:
        body = stated(target)
        if TYPE_ANNOTATION in current:
            body = {TYPE_ANNOTATION: current[TYPE_ANNOTATION], **body}
        write = _write(change, "PATCH", f"{entry.path}/{change.object_id}", msgspec.json.encode(body))
    return Stroke((change,), write)


def link_strokes(entry: ObjectType, changes: Sequence[Change]) -> list[Stroke]:
    """Return requests for links that are still missing or still too many, additions packed per object and reference."""
    packs: dict[tuple[str, str], list[Change]] = {}
    strokes: list[Stroke] = []
    for change in changes:
        if change.action is Action.LINK:
            packs.setdefault((change.object_id, change.reference), []).append(change)
        else:
            path = f"{entry.path}/{change.object_id}/{change.reference}/{change.other_id}/$ref"
            strokes.append(Stroke((change,), _write(change, "DELETE", path)))
    added = [
        link_pack(entry, pack[start : start + LINKS_PER_PATCH_MAX])
        for pack in packs.values()
        for start in range(0, len(pack), LINKS_PER_PATCH_MAX)
    ]
    return added + strokes


def link_pack(entry: ObjectType, changes: Sequence[Change]) -> Stroke:
    """Return one PATCH that adds up to 20 links of one reference to one object."""
    first = changes[0]
    assert len(changes) <= LINKS_PER_PATCH_MAX
    body = {f"{first.reference}@odata.bind": [REFERENCE_ROOT + change.other_id for change in changes]}
    return Stroke(tuple(changes), _write(first, "PATCH", f"{entry.path}/{first.object_id}", msgspec.json.encode(body)))


def halves(entry: ObjectType, stroke: Stroke) -> list[Stroke]:
    """Return two packs in place of one that Graph refused as a whole."""
    middle = len(stroke.changes) // 2
    return [link_pack(entry, stroke.changes[:middle]), link_pack(entry, stroke.changes[middle:])]


def _write(change: Change, method: str, path: str, body: bytes = b"") -> Write:
    return Write(write_id=change.change_id, lane=change.object_id, method=method, path=path, body=body)
