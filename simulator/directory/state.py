"""The tenant's state and the only functions that change it. Every change is recorded in the log of its type.

These functions keep the state whole; whether a client may ask for a change is decided before they are called.

  S1  an object is live, softly deleted or gone; only `remove` makes it gone
  S2  a link lives as long as both its ends exist, deleted softly or not
  S3  no two live objects hold the same unique key (user principal name, proxy address, application id, ...)
  S4  every change is one entry in the log of its object's type, in the order it took effect
  S5  what hangs on an object (assignments, grants, credentials) goes with it, and is hidden while it is hidden
"""

from collections import deque
from collections.abc import Iterable

from simulator.directory import role_members
from simulator.directory.changes import Change, Happened
from simulator.directory.hanging import Hanging, anchors
from simulator.directory.links import Links
from simulator.directory.store import Store
from simulator.moments import DAY_SECONDS, stamp
from simulator.types.registry import schemas
from simulator.types.roles import ASSIGNMENT
from simulator.types.schema import JsonObject, Schema

RETENTION_SECONDS = 30 * DAY_SECONDS  # Microsoft Graph page "deletedItems": 30 days, then gone for good.


class Directory:
    """All objects of one tenant, with their links."""

    def __init__(self) -> None:
        self.stores = {schema.name: Store(schema) for schema in schemas()}
        self.links = Links({name for store in self.stores.values() for name in store.schema.relations})
        self.hanging = Hanging()
        self.holders: dict[str, str] = {}
        self.deleted_at: dict[str, float] = {}
        self._expiring: deque[tuple[float, str, str]] = deque()
        self._is_recording = False
        self.directory_types = tuple(name for name, store in self.stores.items() if store.schema.is_directory_object)

    def record(self) -> None:
        """Start the logs; what happened before is the tenant's past."""
        self._is_recording = True
        for store in self.stores.values():
            store.log.is_recording = True

    def live(self, object_id: str) -> tuple[str, JsonObject] | None:
        """Return (type, object) of a live directory object: a user, group, application, unit, ..."""
        for name in self.directory_types:
            thing = self.stores[name].live.get(object_id)
            if thing is not None:
                return name, thing
        return None

    def deleted(self, object_id: str) -> tuple[str, JsonObject] | None:
        """Return (type, object) of a softly deleted directory object."""
        for name in self.directory_types:
            thing = self.stores[name].deleted.get(object_id)
            if thing is not None:
                return name, thing
        return None

    def is_hidden(self, schema: Schema, thing: JsonObject) -> bool:
        """Tell whether a live object hangs on one that is softly deleted."""
        return bool(schema.hangs_on) and any(each in self.deleted_at for each in anchors(schema, thing))

    def type_of(self, object_id: str) -> str:
        """Return the type of a directory object that exists, deleted or not; empty when there is none."""
        found = self.live(object_id) or self.deleted(object_id)
        return found[0] if found else ""

    def holder(self, keys: Iterable[str], *, other_than: str) -> tuple[str, str] | None:
        """Return the first of `keys` that another live object holds, and that object's id."""
        for key in keys:
            holder = self.holders.get(key)
            if holder is not None and holder != other_than:
                return key, holder
        return None

    def add(self, type_name: str, thing: JsonObject, at: float) -> None:
        """Make one live object."""
        store = self.stores[type_name]
        key = thing[store.schema.key]
        store.live[key] = store.stored(thing)
        store.order.add(key)
        self._claim(store.schema, thing)
        if store.schema.hangs_on:
            self.hanging.add(store.schema, thing)
        store.log.append(Change(at, key, Happened.CREATED))
        if type_name == ASSIGNMENT:
            role_members.note(self, Happened.LINKED, thing, at)

    def update(self, type_name: str, object_id: str, changes: JsonObject, at: float) -> None:
        """Set properties of one live object."""
        store = self.stores[type_name]
        current = store.live[object_id]
        self._release(store.schema, current)
        after = store.stored({**current, **changes})
        current.clear()
        current.update(after)
        self._claim(store.schema, current)
        store.log.append(Change(at, object_id, Happened.UPDATED, tuple(changes)))

    def soft_delete(self, type_name: str, object_id: str, at: float) -> None:
        """Take one live object out of sight, restorable for 30 days; its links stay."""
        store = self.stores[type_name]
        thing = store.live.pop(object_id)
        thing["deletedDateTime"] = stamp(at)
        store.deleted[object_id] = thing
        self._release(store.schema, thing)
        self.deleted_at[object_id] = at
        self._expiring.append((at, type_name, object_id))
        store.log.append(Change(at, object_id, Happened.DELETED))
        self._log_hanging(Happened.DELETED, object_id, at)

    def restore(self, type_name: str, object_id: str, at: float) -> None:
        """Bring one softly deleted object back, links and all.

        All its links get a log entry too: whoever read while it was away never saw them.
        """
        store = self.stores[type_name]
        thing = store.deleted.pop(object_id)
        thing.pop("deletedDateTime", None)
        if store.schema.is_open and "deletedDateTime" in store.schema.properties:
            thing["deletedDateTime"] = None
        store.live[object_id] = thing
        self._claim(store.schema, thing)
        del self.deleted_at[object_id]
        store.log.append(Change(at, object_id, Happened.RESTORED))
        self._log_hanging(Happened.RESTORED, object_id, at)
        for relation in self.links.relations:
            for source_id in self.links.sources(object_id, relation):
                self._log_link(Happened.LINKED, source_id, relation, object_id, at)
            for target_id in self.links.targets(object_id, relation):
                self._log_link(Happened.LINKED, object_id, relation, target_id, at)

    def remove(self, type_name: str, object_id: str, at: float) -> None:
        """Make one object, live or softly deleted, gone for good, with every link and whatever hangs on it."""
        store = self.stores[type_name]
        for name, hanging_id in self.hanging.on(object_id):
            self.remove(name, hanging_id, at)
        for relation in self.links.relations:
            for source_id in self.links.sources(object_id, relation):
                self.unlink(source_id, relation, object_id, at)
            for target_id in list(self.links.targets(object_id, relation)):
                self.links.remove(object_id, relation, target_id)
        thing = store.live.pop(object_id, None)
        if thing is not None:
            self._release(store.schema, thing)
        gone = thing or store.deleted.pop(object_id, None)
        if gone is not None and type_name == ASSIGNMENT:
            role_members.note(self, Happened.UNLINKED, gone, at)
        if gone is not None and store.schema.hangs_on:
            self.hanging.drop(store.schema, gone)
        self.deleted_at.pop(object_id, None)
        store.order.remove(object_id)
        store.log.append(Change(at, object_id, Happened.PURGED))

    def link(self, source_id: str, relation: str, target_id: str, at: float) -> bool:
        """Make one link; return False when it is there already."""
        if not self.links.add(source_id, relation, target_id):
            return False
        self._log_link(Happened.LINKED, source_id, relation, target_id, at)
        return True

    def unlink(self, source_id: str, relation: str, target_id: str, at: float) -> bool:
        """Take one link away; return False when it was not there."""
        if not self.links.remove(source_id, relation, target_id):
            return False
        self._log_link(Happened.UNLINKED, source_id, relation, target_id, at)
        return True

    def expire(self, now: float) -> int:
        """Make gone what was deleted more than 30 days ago; return how many objects that were."""
        gone = 0
        while self._expiring and self._expiring[0][0] + RETENTION_SECONDS < now:
            at, type_name, object_id = self._expiring.popleft()
            if self.deleted_at.get(object_id) == at:
                self.remove(type_name, object_id, now)
                gone += 1
        return gone

    def _log_link(self, happened: Happened, source_id: str, relation: str, target_id: str, at: float) -> None:
        if self._is_recording:
            entry = Change(at, source_id, happened, (relation,), target_id, self.type_of(target_id))
            self.stores[self.type_of(source_id)].log.append(entry)

    def _log_hanging(self, happened: Happened, object_id: str, at: float) -> None:
        for name, hanging_id in self.hanging.on(object_id):
            self.stores[name].log.append(Change(at, hanging_id, happened))

    def _claim(self, schema: Schema, thing: JsonObject) -> None:
        for key in unique_keys(schema, thing):
            self.holders[key] = thing[schema.key]

    def _release(self, schema: Schema, thing: JsonObject) -> None:
        for key in unique_keys(schema, thing):
            if self.holders.get(key) == thing[schema.key]:
                del self.holders[key]


def unique_keys(schema: Schema, thing: JsonObject) -> list[str]:
    """Return what no other live object may hold: the type's unique properties, and every proxy address of anything.

    A key starts with the property's name; several names joined by "+" are unique together.
    """
    keys = []
    for name in schema.unique:
        values = [str(thing.get(each) or "").lower() for each in name.split("+")]
        if all(values):
            keys.append(unique_key(schema, name, *values))
    keys += [f"proxyAddresses {address.lower()}" for address in thing.get("proxyAddresses", ())]
    return keys


def unique_key(schema: Schema, name: str, *values: str) -> str:
    """Return the key under which the holder of these values of a unique property is known."""
    kind = "" if name == "userPrincipalName" else f"{schema.name} "
    return f"{name} {kind}{' '.join(values).lower()}"
