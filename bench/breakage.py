"""Break a simulated tenant in exactly counted ways, and say what putting it right must cost at the least.

Runs in the tenant's process. What it says is the change set itself, counted while breaking: no line of the product is
asked, so the floor made of it (bench/recover.py) is independent of what is measured.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import msgspec

from bench.tenant import IDENTITIES
from simulator.applications import CARELESS_SCRIPT
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from simulator.switches import Lag, Switches

LINKS_PER_WRITE_MAX = 20  # "Add members": 20 links a PATCH
FAULT_SHARE = 0.01
REPLICAS_SECONDS = [0.0, 2.0, 5.0]  # how far the replicas a read may meet are behind
PROPERTIES = {"jobTitle": "Wiped", "department": None, "officeLocation": None}


class Mix(msgspec.Struct, frozen=True):
    """How many changes of each kind to make; a property change is one object with three wrong values."""

    links: int
    properties: int
    restores: int


def break_tenant(simulator: Simulator, mix: Mix) -> dict[str, Any]:
    """Take links away, overwrite properties and delete users; return what was done, by kind, and the least writes.

    Raises ValueError when the tenant is too small for the mix.
    """
    draw = random.Random(7)  # noqa: S311  chooses victims; nothing secret depends on it
    directory = simulator.tenant.directory
    users = [
        each["id"]
        for each in _live(simulator, "user")
        if not each.get("onPremisesSyncEnabled") and "@odata.type" not in each and each.get("userType") != "Guest"
    ]
    draw.shuffle(users)
    if len(users) < mix.properties + mix.restores:
        raise ValueError(f"{len(users)} users of the cloud are too few for {mix.properties + mix.restores} changes")
    changed, removed = users[: mix.properties], users[mix.properties : mix.properties + mix.restores]
    for user_id in changed:
        simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user_id}", PROPERTIES)
    taken = _take_links(simulator, draw, mix.links, set(removed))
    for user_id in removed:
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/users/{user_id}")
    link_writes = sum(math.ceil(count / LINKS_PER_WRITE_MAX) for count in taken.values())
    return {
        "links": sum(taken.values()),
        "properties": len(changed),
        "restores": len(removed),
        "least_writes": link_writes + len(changed) + len(removed),
        "longest_lane": max((math.ceil(count / LINKS_PER_WRITE_MAX) for count in taken.values()), default=0),
        "live": {name: len(directory.stores[name].live) for name in ("user", "group")},
    }


def _take_links(simulator: Simulator, draw: random.Random, count: int, spared: set[str]) -> Counter[str]:
    """Remove members of groups until `count` links are gone; return how many each group lost."""
    directory, taken = simulator.tenant.directory, Counter[str]()
    groups = [
        each["id"]
        for each in _live(simulator, "group")
        if not each.get("onPremisesSyncEnabled") and not each.get("membershipRule")
    ]
    draw.shuffle(groups)
    for group_id in groups:
        for member in list(directory.links.targets(group_id, "members")):
            if taken.total() == count:
                return taken
            if member not in spared and directory.live(member) is not None:
                simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{group_id}/members/{member}/$ref")
                taken[group_id] += 1
    raise ValueError(f"{taken.total()} links are too few for {count} changes")


def _live(simulator: Simulator, name: str) -> list[dict[str, Any]]:
    store = simulator.tenant.directory.stores[name]
    return [store.live[each] for each in store.order if each in store.live]


def make_trouble(simulator: Simulator) -> None:
    """From now on let one request in a hundred fail, half of them after it took effect, and let reads lag."""
    half = FAULT_SHARE / 2
    simulator.world.faults = Faults(
        [Rule(kind=Fault.STATUS_503, probability=half), Rule(kind=Fault.STATUS_504_AFTER, probability=half)],
        seed=1,
    )
    simulator.world.switch(Switches(lag=Lag(replicas=REPLICAS_SECONDS, seed=1)))


def account(simulator: Simulator) -> dict[str, Any]:
    """Return how many writes of ours took effect, what became of the faults, and every hard delete."""
    counted = simulator.world.counted()
    ours = sum(len(simulator.tenant.history.of(one.app_id)) for one in IDENTITIES)
    return {"writes": ours, "faults": counted["faults"], "hard_deletes": counted["hard_deletes"]}
