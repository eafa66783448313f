"""What every incident is told with: whom it acts as, what it may do, and the account it gives of itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from simulator.directory.state import Directory
from simulator.errors import GraphError
from simulator.generate.groups import EMERGENCY_GROUP
from simulator.operations.call import Answer
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject


class Act(Protocol):
    """Does one Graph operation at once, past quotas and faults."""

    def __call__(self, app_id: str, method: str, path: str, body: Any = None) -> Answer:
        """Do it; GraphError when the tenant refuses."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """Where an incident plays: the tenant, how to act in it, and how to let its clock run on (seconds).

    An incident of many days plays only `first_day` to `last_day` of them, so that snapshots can be taken between.
    """

    tenant: Tenant
    act: Act
    wait: Callable[[float], None]
    now: Callable[[], float]
    first_day: int = 1
    last_day: int = 30


Play = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident: how it plays, in words what the tenant looks like after a correct recovery, and whom it acts as."""

    play: Play
    after_recovery: str
    app_id: str


@dataclass(slots=True)
class Story:
    """Acts as one application and keeps account of what was done to which object."""

    stage: Stage
    app_id: str
    done: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def tenant(self) -> Tenant:
        """Return the tenant, to look at."""
        return self.stage.tenant

    @property
    def directory(self) -> Directory:
        """Return the tenant's state, to choose victims from; it is changed through `write` only."""
        return self.tenant.directory

    def write(self, action: str, method: str, path: str, body: Any = None, *, about: JsonObject) -> Answer:
        """Do one write and note it under `action`; one a restricted unit forbids is noted as refused."""
        shown = {"id": str(about.get("id", "")), "displayName": str(about.get("displayName", ""))}
        try:
            answer = self.stage.act(self.app_id, method, path, body)
        except GraphError as error:
            if error.status != 403 or not self.tenant.switches.restricted_units:
                raise
            answer, action = Answer(403), f"{action}_refused"
        shown["id"] = shown["id"] or answer.object_id
        self.done.setdefault(action, []).append(shown)
        return answer

    def account(self) -> dict[str, Any]:
        """Return how often each action was done, and to which objects (each named once)."""
        named = {action: list({each["id"]: each for each in things}.values()) for action, things in self.done.items()}
        return {"actions": {action: len(things) for action, things in self.done.items()}, "objects": named}

    def cloud_users(self) -> list[JsonObject]:
        """Return the live users whose authority is the cloud, in the order they were made; agents' users not."""
        return [
            user for user in self.live("user") if not user.get("onPremisesSyncEnabled") and "@odata.type" not in user
        ]

    def cloud_groups(self) -> list[JsonObject]:
        """Return the live groups whose authority is the cloud, in the order they were made."""
        return [group for group in self.live("group") if not group.get("onPremisesSyncEnabled")]

    def spared(self) -> set[str]:
        """Return the emergency accounts and their group: whoever recovers signs in with these."""
        ids: set[str] = set()
        for thing in self.cloud_groups():
            if thing["displayName"] == EMERGENCY_GROUP:
                ids |= {thing["id"], *self.live_targets(thing["id"], "members")}
        return ids

    def live_targets(self, group_id: str, relation: str) -> list[str]:
        """Return whom a group's link leads to, hidden ones left out."""
        return [each for each in self.directory.links.targets(group_id, relation) if self.directory.live(each)]

    def live(self, name: str) -> Iterator[JsonObject]:
        """Return the live objects of one type, in the order they were made."""
        store = self.directory.stores[name]
        return (store.live[each] for each in store.order if each in store.live)


def taken(things: list[JsonObject], count: float) -> list[JsonObject]:
    """Return the first `count` of a list, but one at least."""
    return things[: max(1, round(count))]


def shuffled(draw: Random, things: list[JsonObject]) -> list[JsonObject]:
    """Return the list in an order the seed decides."""
    return draw.sample(things, len(things))
