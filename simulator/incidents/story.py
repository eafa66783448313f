"""What every incident is told with: whom it acts as, what it may do, and the account it gives of itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulator.directory.state import Directory
from simulator.operations.call import Answer
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject


class Act(Protocol):
    """Does one Graph operation at once, past quotas and faults."""

    def __call__(self, app_id: str, method: str, path: str, body: Any = None) -> Answer:
        """Do it; GraphError when the tenant refuses."""
        ...


@dataclass(slots=True)
class Story:
    """Acts as one application and keeps account of what was done to which object."""

    tenant: Tenant
    app_id: str
    act: Act
    done: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def directory(self) -> Directory:
        """Return the tenant's state, to choose victims from; it is changed through `write` only."""
        return self.tenant.directory

    def write(self, action: str, method: str, path: str, body: Any = None, *, about: JsonObject) -> Answer:
        """Do one write and note it under `action`."""
        shown = {"id": str(about.get("id", "")), "displayName": str(about.get("displayName", ""))}
        answer = self.act(self.app_id, method, path, body)
        shown["id"] = shown["id"] or answer.object_id
        self.done.setdefault(action, []).append(shown)
        return answer

    def account(self) -> dict[str, Any]:
        """Return how often each action was done, and to which objects (each named once)."""
        named = {action: list({each["id"]: each for each in things}.values()) for action, things in self.done.items()}
        return {"actions": {action: len(things) for action, things in self.done.items()}, "objects": named}

    def cloud_users(self) -> list[JsonObject]:
        """Return the live users whose authority is the cloud, in the order they were made."""
        return [user for user in self._live("user") if not user.get("onPremisesSyncEnabled")]

    def cloud_groups(self) -> list[JsonObject]:
        """Return the live groups whose authority is the cloud, in the order they were made."""
        return [group for group in self._live("group") if not group.get("onPremisesSyncEnabled")]

    def live_targets(self, group_id: str, relation: str) -> list[str]:
        """Return whom a group's link leads to, hidden ones left out."""
        return [each for each in self.directory.links.targets(group_id, relation) if self.directory.live(each)]

    def _live(self, name: str) -> Iterator[JsonObject]:
        store = self.directory.stores[name]
        return (store.live[each] for each in store.order if each in store.live)
