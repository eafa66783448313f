"""Turn changes into Graph requests.

Pure. Every request says what shall be, so that repeating it after a lost reply is harmless. Links are packed 20 to a
PATCH, Graph's limit; a pack that Graph refuses is halved until the one bad link stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import address, anchor, collection
from shared.compare.judge import writable
from shared.compare.values import TYPE_ANNOTATION, stated
from shared.domain.changes import Action, Change, Json
from shared.domain.writes import Write
from shared.recover.calls import called, switched_off

LINKS_PER_PATCH_MAX = 20  # "Add members": 20 link changes a request, counting every relation
REFERENCE_ROOT = "https://graph.microsoft.com/v1.0/directoryObjects/"  # the form Graph documents, whatever the host


class Stroke(msgspec.Struct, frozen=True):
    """One request and the changes it makes come true together."""

    changes: tuple[Change, ...]
    write: Write


def object_strokes(entry: ObjectType, change: Change, current: Json, target: Json) -> list[Stroke]:
    """Return the requests for a change to an object that is `current` now, in order; `target` is what still differs."""
    if change.action is not Action.UPDATE:
        return [object_stroke(entry, change, current, target)]
    calls = {name: known.call for name in target if (known := entry.property(name)) is not None and known.call}
    plain = {name: value for name, value in target.items() if name not in calls}
    bodies = [switched_off(entry, current, plain), plain]
    strokes = [object_stroke(entry, change, current, body) for body in bodies if body]
    at = address(entry, change.object_id, current)
    for name, call in calls.items():
        for method, path, body in called(call, name, current.get(name) or [], target[name]):
            strokes.append(Stroke((change,), _write(change, method, at + path, msgspec.json.encode(body))))
    return strokes


def object_stroke(entry: ObjectType, change: Change, current: Json, target: Json) -> Stroke:
    """Return the one request for a change that is no call of its own."""
    at = address(entry, change.object_id, current)
    if change.action is Action.RESTORE:
        write = _write(change, "POST", f"{entry.deleted_path}/{change.object_id}/restore", b"{}")
    elif change.action is Action.SOFT_DELETE:
        write = _write(change, "DELETE", at)
    elif change.action is Action.REMOVE and entry.remove_with:
        said = {name: current.get(name) for name in entry.identity}
        write = _write(change, "POST", entry.make, msgspec.json.encode({**said, **entry.remove_with}))
    elif change.action is Action.REMOVE:
        write = _write(change, "DELETE", at)
    elif change.action is Action.RECREATE:
        body = {**stated(change.target), **entry.make_with}
        place = entry.make or collection(entry, change.object_id)
        write = _write(change, "POST", place, msgspec.json.encode(body))
    else:
        body = stated({name: _sendable(entry, name, value) for name, value in target.items()})
        if entry.replaces:
            body = {**stated(writable(entry, current)), **body}
        if TYPE_ANNOTATION in current:
            body = {TYPE_ANNOTATION: current[TYPE_ANNOTATION], **body}
        write = _write(change, "PUT" if entry.replaces else "PATCH", at, msgspec.json.encode(body))
    return Stroke((change,), write)


def _sendable(entry: ObjectType, name: str, value: Any) -> Any:
    known = entry.property(name)
    if known is None or not known.leaves_out or not isinstance(value, dict):
        return value
    return {member: inner for member, inner in value.items() if member not in known.leaves_out}


def link_strokes(entry: ObjectType, changes: Sequence[Change]) -> list[Stroke]:
    """Return requests for links that are still missing or still too many, additions first.

    Additions are packed per object and reference, where Graph takes several at once.
    """
    packs: dict[tuple[str, str], list[Change]] = {}
    added: list[Stroke] = []
    removed: list[Stroke] = []
    for change in changes:
        reference = entry.reference(change.reference)
        at = f"{entry.path}/{change.object_id}/{change.reference}"
        body = msgspec.json.encode({"@odata.id": REFERENCE_ROOT + change.other_id})
        if change.action is not Action.LINK:
            path = f"{at}/$ref" if reference.is_single else f"{at}/{change.other_id}/$ref"
            removed.append(Stroke((change,), _write(change, "DELETE", path)))
        elif reference.is_single:
            added.append(Stroke((change,), _write(change, "PUT", f"{at}/$ref", body)))
        elif not reference.is_bound:
            added.append(Stroke((change,), _write(change, "POST", f"{at}/$ref", body)))
        else:
            packs.setdefault((change.object_id, change.reference), []).append(change)
    packed = [
        link_pack(entry, pack[start : start + LINKS_PER_PATCH_MAX])
        for pack in packs.values()
        for start in range(0, len(pack), LINKS_PER_PATCH_MAX)
    ]
    return packed + added + removed


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
    return Write(write_id=change.change_id, lane=anchor(change.object_id), method=method, path=path, body=body)
