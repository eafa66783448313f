"""What a native recovery changes: the difference between now and a snapshot, and its way back, unseen by delta.

Members of groups come back, owners do not, and nothing that is gone for good does: Microsoft Entra page "Backup and
recovery overview". Its writes leave no delta records, which is why a backup by delta must ask for these jobs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.moments import stamp
from simulator.replicas.journal import Entry, Operation
from simulator.replicas.witness import WitnessedDirectory
from simulator.types.schema import JsonObject

APP_ID = "entra-backup-and-recovery"
NAMES: Mapping[str, str] = {
    "user": "user",
    "group": "group",
    "conditionalAccessPolicy": "conditionalAccessPolicy",
    "namedLocation": "namedLocationPolicy",
    "application": "application",
    "servicePrincipal": "servicePrincipal",
}
_UNTOUCHED = frozenset({"deletedDateTime", "modifiedDateTime"})


@dataclass(slots=True)
class Difference:
    """What separates the tenant from a snapshot: objects by id, and links of groups."""

    objects: dict[str, Entry] = field(default_factory=dict)
    links: dict[tuple[str, str], bool] = field(default_factory=dict)


def difference(directory: WitnessedDirectory, at: float, wanted: Mapping[str, frozenset[str]]) -> Difference:
    """Return what changed after `at`; `wanted` limits it to types and, where not empty, to ids of them."""
    found = Difference()
    for entry in directory.journal.newest_first():
        if entry.at <= at:
            break
        ids = wanted.get(entry.type_name)
        if ids is None or (ids and entry.object_id not in ids):
            continue
        if entry.relation:
            if entry.relation == "members" and entry.type_name == "group":
                found.links[entry.object_id, entry.target_id] = entry.happened == "unlinked"
        else:
            # Entries come newest first: the one kept last says what the object was at the snapshot.
            found.objects[entry.object_id] = entry
    return found


def described(directory: WitnessedDirectory, found: Difference) -> list[JsonObject]:
    """Return the change of every object, as a preview lists it."""
    rows: list[JsonObject] = []
    for object_id in dict.fromkeys([*found.objects, *(group_id for group_id, _ in found.links)]):
        row = _row(directory, object_id, found)
        if row is not None:
            rows.append(row)
    return rows


def _row(directory: WitnessedDirectory, object_id: str, found: Difference) -> JsonObject | None:
    entry = found.objects.get(object_id)
    type_name = entry.type_name if entry else "group"
    store = directory.stores[type_name]
    live, deleted = store.live.get(object_id), store.deleted.get(object_id)
    current = live or deleted
    was_live = entry is None or entry.place == "live"
    if current is None and not was_live:
        return None
    row: JsonObject = {"id": object_id, "entityTypeName": NAMES[type_name]}
    row["displayName"] = (current or (entry.before if entry else None) or {}).get("displayName")
    typed = {"@odata.type": store.schema.odata_type}
    if was_live and live is None:
        gone = deleted.get("deletedDateTime") if deleted else None
        row |= {"recoveryAction": "restore", "deltaFromCurrent": {**typed, "deletedDateTime": None}}
        return row | {"currentState": {**typed, "deletedDateTime": gone}}
    if not was_live:
        if live is None:
            return None
        row |= {"recoveryAction": "softDelete", "currentState": {**typed, "deletedDateTime": None}}
        return row | {"deltaFromCurrent": {**typed, "@removed": {"reason": "changed"}}}
    changes = _differing(entry, live or {})
    links = [
        {"id": target, "@odata.type": "#microsoft.graph.directoryObject"} | ({} if wanted else {"@removed": _REMOVED})
        for (group, target), wanted in found.links.items()
        if group == object_id
    ]
    if not changes and not links:
        return None
    delta: JsonObject = {**typed, **changes} | ({"members@delta": links} if links else {})
    return row | {
        "recoveryAction": "update",
        "deltaFromCurrent": delta,
        "currentState": {**typed, **{name: (live or {}).get(name) for name in changes}},
    }


_REMOVED = {"reason": "changed"}


def _differing(entry: Entry | None, live: JsonObject) -> JsonObject:
    before = (entry.before if entry else None) or (live if entry is None else {})
    names = [name for name in {**before, **live} if name not in _UNTOUCHED]
    return {name: before.get(name) for name in names if before.get(name) != live.get(name)}


def apply(directory: WitnessedDirectory, found: Difference, now: float) -> tuple[list[JsonObject], int]:
    """Take the tenant back, without a word in any delta; return what failed, and how many links changed."""
    directory.journal.operation = Operation(APP_ID, "")
    for store in directory.stores.values():
        store.log.is_recording = False
    try:
        failed = [row for object_id in found.objects if (row := _bring_back(directory, found, object_id, now))]
        links = sum(_relink(directory, *ends, wanted, now) for ends, wanted in found.links.items())
    finally:
        for store in directory.stores.values():
            store.log.is_recording = True
        directory.journal.operation = Operation()
    return failed, links


def _bring_back(directory: WitnessedDirectory, found: Difference, object_id: str, now: float) -> JsonObject | None:
    entry = found.objects[object_id]
    store = directory.stores[entry.type_name]
    if entry.place != "live":
        if object_id in store.live:
            directory.soft_delete(entry.type_name, object_id, now)
        return None
    if object_id in store.deleted:
        directory.restore(entry.type_name, object_id, now)
    if object_id not in store.live:
        name = (entry.before or {}).get("displayName")
        return {"id": object_id, "entityTypeName": NAMES[entry.type_name], "displayName": name} | {
            "recoveryAction": "restore",
            "failureMessage": f"The object was removed for good before {stamp(now)}.",
        }
    changes = _differing(entry, store.live[object_id])
    if changes:
        directory.update(entry.type_name, object_id, changes, now)
    return None


def _relink(directory: WitnessedDirectory, group_id: str, target_id: str, wanted: bool, now: float) -> bool:
    if directory.live(group_id) is None or not directory.type_of(target_id):
        return False
    change = directory.link if wanted else directory.unlink
    return change(group_id, "members", target_id, now)
