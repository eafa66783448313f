"""A directory that keeps a journal of what every change replaced. The rules of change are its base's, untouched."""

from typing import Any

from simulator.directory.state import Directory
from simulator.replicas.journal import Journal
from simulator.types.schema import JsonObject


class WitnessedDirectory(Directory):
    """A directory whose changes can be undone and told."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = Journal()

    def record(self) -> None:
        """Start the logs and the journal."""
        super().record()
        self.journal.is_recording = True

    def add(self, type_name: str, thing: JsonObject, at: float) -> None:
        """Make one live object."""
        super().add(type_name, thing, at)
        key = str(thing[self.stores[type_name].schema.key])
        self.journal.append(at, "created", type_name, key, changes=thing)

    def update(self, type_name: str, object_id: str, changes: JsonObject, at: float) -> None:
        """Set properties of one live object."""
        self._note(at, "updated", type_name, object_id, changes=changes)
        super().update(type_name, object_id, changes, at)

    def soft_delete(self, type_name: str, object_id: str, at: float) -> None:
        """Take one live object out of sight."""
        self._note(at, "deleted", type_name, object_id)
        super().soft_delete(type_name, object_id, at)

    def restore(self, type_name: str, object_id: str, at: float) -> None:
        """Bring one softly deleted object back."""
        self._note(at, "restored", type_name, object_id)
        super().restore(type_name, object_id, at)

    def remove(self, type_name: str, object_id: str, at: float) -> None:
        """Make one object gone for good; the links it had are told one by one."""
        if self.journal.is_recording:
            for relation in self.links.relations:
                for target_id in list(self.links.targets(object_id, relation)):
                    self.unlink(object_id, relation, target_id, at)
        self._note(at, "purged", type_name, object_id)
        super().remove(type_name, object_id, at)

    def link(self, source_id: str, relation: str, target_id: str, at: float) -> bool:
        """Make one link."""
        made = super().link(source_id, relation, target_id, at)
        if made:
            self._note_link(at, "linked", source_id, relation, target_id)
        return made

    def unlink(self, source_id: str, relation: str, target_id: str, at: float) -> bool:
        """Take one link away."""
        taken = super().unlink(source_id, relation, target_id, at)
        if taken:
            self._note_link(at, "unlinked", source_id, relation, target_id)
        return taken

    def _note(self, at: float, happened: str, type_name: str, object_id: str, **more: Any) -> None:
        if not self.journal.is_recording:
            return
        store = self.stores[type_name]
        place = "live" if object_id in store.live else "deleted"
        thing = store.find(object_id)
        before = dict(thing) if thing is not None else None
        self.journal.append(at, happened, type_name, object_id, place=place, before=before, **more)

    def _note_link(self, at: float, happened: str, source_id: str, relation: str, target_id: str) -> None:
        if self.journal.is_recording:
            source_type = self.type_of(source_id)
            self.journal.append(at, happened, source_type, source_id, relation=relation, target_id=target_id)
