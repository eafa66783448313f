"""What a background actor works with: one application's identity, a seeded choice, and Graph operations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simulator.errors import GraphError
from simulator.operations.call import Answer
from simulator.tenant import Tenant

Act = Callable[..., Answer]
_REFERENCE = "https://graph.microsoft.com/v1.0/directoryObjects/"


@dataclass(slots=True)
class Hands:
    """One actor at work. `made` are the ids of what it made itself, by type: only that does it delete."""

    tenant: Tenant
    act: Act
    app_id: str
    random: Random
    made: dict[str, list[str]] = field(default_factory=dict)

    def do(self, method: str, path: str, body: Any = None) -> Answer:
        """Do one Graph operation; GraphError when the tenant refuses."""
        return self.act(self.app_id, method, path, body)

    def make(self, type_name: str, path: str, body: Any) -> str:
        """Make one object and remember it; return its id."""
        object_id = self.do("POST", path, body).object_id
        self.made.setdefault(type_name, []).append(object_id)
        return object_id

    def unmake(self, type_name: str, place: str) -> None:
        """Delete the oldest of what it made, if it made any."""
        mine = self.made.get(type_name)
        if mine:
            self.do("DELETE", f"{place}/{mine.pop(0)}")

    def any(self, type_name: str) -> str:
        """Return the id of some object of a type; GraphError when there is none."""
        object_id = self.tenant.directory.stores[type_name].order.any(self.random)
        if object_id is None:
            raise GraphError(404, "Request_ResourceNotFound", f"There is no {type_name}.")
        return object_id

    def held(self, source_id: str, relation: str) -> str | None:
        """Return the id of some object that `source_id` links to, None when there is none."""
        targets = list(self.tenant.directory.links.targets(source_id, relation))[:50]
        return self.random.choice(targets) if targets else None

    def reference(self, type_name: str) -> dict[str, str]:
        """Return a reference to some object of a type."""
        return {"@odata.id": _REFERENCE + self.any(type_name)}

    def number(self) -> str:
        """Return a number nothing else was named by."""
        return f"{self.random.getrandbits(40):x}"
