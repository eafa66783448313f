"""Shows the tenant as it was: undoes the newest changes, lets a read happen, and does them again.

R1  inside `rewound` nothing younger than the horizon is there, and whatever it replaced is, under its name of then
R2  afterwards the tenant is what it was, link positions included, so that next links keep their meaning
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from simulator.directory.changes import Change
from simulator.directory.state import unique_keys
from simulator.replicas.journal import Entry
from simulator.replicas.witness import WitnessedDirectory
from simulator.types.schema import JsonObject, Schema

Redo = Callable[[], None]
Value = TypeVar("Value")


@contextmanager
def rewound(directory: WitnessedDirectory, horizon: float) -> Iterator[int]:
    """Make the directory what it was at `horizon` while the block runs; yields how many changes are undone."""
    redone: list[Redo] = []
    for entry in directory.journal.newest_first():
        if entry.at <= horizon:
            break
        redone.append(_undo_link(directory, entry) if entry.relation else _undo(directory, entry))
    cut = _cut_logs(directory, horizon) if redone else {}
    try:
        yield len(redone)
    finally:
        for name, tail in cut.items():
            directory.stores[name].log.extend(tail)
        for redo in reversed(redone):
            redo()


def _undo(directory: WitnessedDirectory, entry: Entry) -> Redo:
    store, object_id = directory.stores[entry.type_name], entry.object_id
    now_live, now_deleted = store.live.get(object_id), store.deleted.get(object_id)
    deleted_at = directory.deleted_at.get(object_id)
    _put(store.live, object_id, entry.before if entry.place == "live" else None)
    _put(store.deleted, object_id, entry.before if entry.place == "deleted" else None)
    _put(directory.deleted_at, object_id, (deleted_at or entry.at) if entry.place == "deleted" else None)
    names = _rename(directory, store.schema, now_live, store.live.get(object_id))

    def redo() -> None:
        for key, holder in reversed(names):
            _put(directory.holders, key, holder)
        _put(store.live, object_id, now_live)
        _put(store.deleted, object_id, now_deleted)
        _put(directory.deleted_at, object_id, deleted_at)

    return redo


def _rename(
    directory: WitnessedDirectory, schema: Schema, now: JsonObject | None, before: JsonObject | None
) -> list[tuple[str, str | None]]:
    """Let what is found by name be found by the names of then; return who held them, for the way back."""
    dropped = unique_keys(schema, now) if now is not None else []
    taken = unique_keys(schema, before) if before is not None else []
    if dropped == taken:
        return []
    held = []
    for key in dropped:
        if now is not None and directory.holders.get(key) == now[schema.key]:
            held.append((key, directory.holders.pop(key, None)))
    for key in taken:
        held.append((key, directory.holders.get(key)))
        directory.holders[key] = before[schema.key] if before is not None else ""
    return held


def _put(things: dict[str, Value], key: str, value: Value | None) -> None:
    if value is None:
        things.pop(key, None)
    else:
        things[key] = value


def _undo_link(directory: WitnessedDirectory, entry: Entry) -> Redo:
    links, ends = directory.links, (entry.object_id, entry.relation, entry.target_id)
    if entry.happened == "linked":
        position = links.hide(*ends)
        return lambda: links.unhide(*ends, position)
    links.lend(*ends)
    return lambda: links.take_back(*ends)


def _cut_logs(directory: WitnessedDirectory, horizon: float) -> dict[str, list[Change]]:
    cut = {}
    for name, store in directory.stores.items():
        tail = store.log.cut(horizon)
        if tail:
            cut[name] = tail
    return cut
