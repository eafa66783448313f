"""A client that keeps a copy of a tenant by delta queries alone, merging pages as they come, in any order, repeated."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.unit.simulator.client import Client

SELECTS = {"users": "displayName,department", "groups": "displayName,members,owners"}


@dataclass
class Follower:
    """Objects and links as delta told; `between` is called after every page, to let others write meanwhile."""

    client: Client
    between: Callable[[], None] = lambda: None
    things: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {"users": {}, "groups": {}})
    links: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _deltas: dict[str, str] = field(default_factory=dict)

    def catch_up(self) -> None:
        """Read one round of users and one of groups."""
        for name, select in SELECTS.items():
            link = self._deltas.get(name, f"/{name}/delta?$select={select}")
            while link:
                page = self.client.get(link)
                assert page.status == 200, page.body
                for item in page.body["value"]:
                    self._merge(name, item)
                self._deltas[name] = page.body.get("@odata.deltaLink", "")
                link = page.body.get("@odata.nextLink", "")
                self.between()

    def _merge(self, name: str, item: dict[str, Any]) -> None:
        if "@removed" in item:
            self.things[name].pop(item["id"], None)
            return
        self.things[name].setdefault(item["id"], {}).update(
            {key: value for key, value in item.items() if not key.endswith("@delta")}
        )
        for relation in ("members", "owners"):
            targets = self.links.setdefault((item["id"], relation), set())
            for each in item.get(f"{relation}@delta", ()):
                (targets.discard if "@removed" in each else targets.add)(each["id"])

    def copy(self) -> dict[str, Any]:
        """Return what the follower believes lives, links among the living only."""
        living = set(self.things["users"]) | set(self.things["groups"])
        return {
            "users": {each: thing["department"] for each, thing in self.things["users"].items()},
            "groups": {each: thing["displayName"] for each, thing in self.things["groups"].items()},
            "links": {
                (group, relation): targets & living
                for (group, relation), targets in self.links.items()
                if group in self.things["groups"] and targets & living
            },
        }

    def truth(self) -> dict[str, Any]:
        """Return the same from the tenant's own state."""
        directory = self.client.directory
        users, groups = directory.stores["user"].live, directory.stores["group"].live
        links = {
            (group, relation): {each for each in directory.links.targets(group, relation) if directory.live(each)}
            for group in groups
            for relation in ("members", "owners")
        }
        return {
            "users": {each: thing.get("department") for each, thing in users.items()},
            "groups": {each: thing["displayName"] for each, thing in groups.items()},
            "links": {key: targets for key, targets in links.items() if targets},
        }
