"""What the tenant should look like after a correct recovery from an incident, and what still separates it from that.

An ending is read off the journal when an incident has played: every object and link the incident touched, as it was
before. A correct recovery brings each of them back, but for the reasons of `REMAINDERS`; whatever else differs is
unexpected, and so is any other object or link that anybody changed since.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.directory.fingerprint import VOLATILE
from simulator.replicas.journal import Entry
from simulator.replicas.witness import WitnessedDirectory
from simulator.types import group
from simulator.types.schema import JsonObject

GONE = "gone for good"
LEFT = "left by the incident"
SYNCED = "mastered on premises"
RULED = "kept by a membership rule"
ANEW = "made anew"
REMAINDERS: Mapping[str, str] = {
    GONE: "nothing brings an object back under its id that has left the recycle bin, or never had one",
    LEFT: "what the incident made stays unless deletion of newer objects is asked for",
    SYNCED: "synced objects are left to the connector: Graph refuses to write them, and it takes deleted ones back",
    RULED: "members of a dynamic group follow its rule, and nobody can write them",
    ANEW: "a re-creation of an object that is gone for good has its type and name, and a new id",
}
_STAMPS = VOLATILE | {"onPremisesLastSyncDateTime", "lastPasswordChangeDateTime"}
Link = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Was:
    """One object before: its type, where it was ("live", "deleted", "" for nowhere) and what it was."""

    type_name: str
    place: str
    before: JsonObject


@dataclass(slots=True)
class Ending:
    """Objects and links as they were after the tenant's `number`th change, before an incident of `app_ids`.

    `made` and `purged` say which application made an object or ended it for good; the tenant's own clock is "".
    """

    number: int
    app_ids: set[str] = field(default_factory=set)
    objects: dict[str, Was] = field(default_factory=dict)
    links: dict[Link, bool] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    purged: dict[str, str] = field(default_factory=dict)

    def learn(self, entries: Iterable[Entry]) -> None:
        """Learn from `entries`, oldest first, what was there before them; what is known already stays."""
        for entry in entries:
            if entry.relation:
                link = (entry.object_id, entry.relation, entry.target_id)
                self.links.setdefault(link, entry.happened == "unlinked")
            else:
                self.objects.setdefault(entry.object_id, Was(entry.type_name, entry.place, entry.before or {}))
                if entry.happened == "created":
                    self.made.setdefault(entry.object_id, entry.operation.app_id)
                if entry.happened == "purged":
                    self.purged[entry.object_id] = entry.operation.app_id

    def why_gone(self, object_id: str) -> str:
        """Return the reason for an object that is nowhere: none when somebody else than the incident purged it."""
        return GONE if self.purged.get(object_id, "") in self.app_ids | {""} else ""

    def why_there(self, object_id: str, type_name: str, name: Any) -> str:
        """Return the reason for an object that was nowhere: none when nobody had to make it."""
        if self.made.get(object_id) in self.app_ids:
            return LEFT
        gone = (
            (was.type_name, was.before.get("displayName")) for key, was in self.objects.items() if self._is_gone(key)
        )
        return ANEW if (type_name, name) in gone else ""

    def _is_gone(self, object_id: str) -> bool:
        return object_id in self.purged and bool(self.why_gone(object_id))

    def join(self, later: "Ending") -> None:
        """Take in a later play of the same incident: what was before it counts where nothing earlier is known."""
        self.app_ids |= later.app_ids
        self.objects = {**later.objects, **self.objects}
        self.links = {**later.links, **self.links}
        self.made = {**later.made, **self.made}
        self.purged |= later.purged

    def copy(self) -> "Ending":
        """Return one that may learn more without this one knowing."""
        return Ending(
            self.number, set(self.app_ids), dict(self.objects), dict(self.links), dict(self.made), dict(self.purged)
        )


def since(directory: WitnessedDirectory, number: int) -> list[Entry]:
    """Return the journal's entries after the `number`th, oldest first."""
    found = []
    for entry in directory.journal.newest_first():
        if entry.number <= number:
            break
        found.append(entry)
    return found[::-1]


def expected(ending: Ending) -> dict[str, Any]:
    """Return what every touched object and link should be, as JSON."""
    return {
        "objects": [
            {"id": object_id, "type": was.type_name, "place": was.place or "nowhere", "properties": was.before or None}
            for object_id, was in ending.objects.items()
        ],
        "links": [
            {"source": source, "relation": relation, "target": target, "is_there": was_there}
            for (source, relation, target), was_there in ending.links.items()
        ],
        "remainders": dict(REMAINDERS),
    }


def differing(directory: WitnessedDirectory, ending: Ending) -> dict[str, Any]:
    """Return every difference between the tenant now and the ending; `unexpected` counts those without a reason."""
    whole = ending.copy()
    whole.learn(since(directory, ending.number))
    rows = [*_objects(directory, whole), *_links(directory, whole)]
    journal = directory.journal
    oldest = journal.count - len(journal)
    return {
        "differences": rows,
        "unexpected": sum(not row["because"] for row in rows),
        "is_whole": oldest <= ending.number,
    }


def _objects(directory: WitnessedDirectory, ending: Ending) -> Iterator[dict[str, Any]]:
    for object_id, was in ending.objects.items():
        store = directory.stores[was.type_name]
        live, deleted = store.live.get(object_id), store.deleted.get(object_id)
        shown = was.before or live or deleted or {}
        row = {"id": object_id, "type": was.type_name, "displayName": shown.get("displayName")}
        synced = SYNCED if was.before.get("onPremisesSyncEnabled") else ""
        if not was.place:
            if live is not None:
                because = ending.why_there(object_id, was.type_name, shown.get("displayName"))
                yield row | {"is": "extra", "because": because}
        elif live is None and deleted is None:
            yield row | {"is": "missing", "because": ending.why_gone(object_id)}
        elif (live is not None) != (was.place == "live"):
            yield row | {"is": "deleted" if live is None else "restored", "because": synced}
        elif names := _changed(was.before, live or deleted or {}):
            yield row | {"is": "changed", "properties": names, "because": synced}


def _links(directory: WitnessedDirectory, ending: Ending) -> Iterator[dict[str, Any]]:
    for (source, relation, target), was_there in ending.links.items():
        if (target in directory.links.targets(source, relation)) == was_there:
            continue
        row = {"source": source, "relation": relation, "target": target}
        if relation == "members" and _is_dynamic(directory, source):
            yield row | {"is": "unlinked" if was_there else "linked", "because": RULED}
            continue
        ends = [_end(directory, ending, each) for each in (source, target)]
        because = next((each for each in ends if each), "")
        yield row | {"is": "unlinked" if was_there else "linked", "because": because}


def _end(directory: WitnessedDirectory, ending: Ending, object_id: str) -> str:
    """Return why a link of this object need not be as before; empty when it must."""
    was = ending.objects.get(object_id)
    if was is not None and not was.place:
        found = directory.stores[was.type_name].find(object_id) or {}
        return ending.why_there(object_id, was.type_name, found.get("displayName"))
    return "" if directory.type_of(object_id) else ending.why_gone(object_id)


def _is_dynamic(directory: WitnessedDirectory, group_id: str) -> bool:
    found = directory.stores["group"].find(group_id)
    return found is not None and group.is_dynamic(found)


def _changed(before: JsonObject, now: JsonObject) -> list[str]:
    names = (before.keys() | now.keys()) - _STAMPS
    return sorted(name for name in names if before.get(name) != now.get(name))
