"""A tenant that does not hold still: other applications change it while the listings of a capture are read.

They stop before the roll-forward ends, so a correct snapshot is exactly the tenant they leave behind: a report against
it, read afresh, finds nothing.
"""

from __future__ import annotations

import random

import pytest

from shared.catalogue.types import TYPES
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Options, State
from shared.domain.scope import EVERYTHING
from simulator.applications import CARELESS_SCRIPT
from simulator.errors import GraphError
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform

SEEDS = range(40)
ACTS_PER_REQUEST = 3
STATES = ("enabled", "disabled", "enabledForReportingButNotEnforced")
# Things move once the tokens of all of these are taken, until one is first used.
DELTA_TYPES = sum(entry.has_delta for entry in TYPES)


class Mover:
    """Changes the tenant at random: properties, links, deletions, restores, policies."""

    def __init__(self, simulator: Simulator, seed: int) -> None:
        self._simulator, self._random = simulator, random.Random(f"mover {seed}")
        self.acts: dict[str, int] = {}

    def act(self) -> None:
        """Do one thing that Graph allows; what it refuses does not count."""
        kind = self._random.choice(["user", "add", "remove", "delete", "restore", "owner"])
        try:
            getattr(self, f"_{kind}")()
        except (GraphError, IndexError):
            return
        self.acts[kind] = self.acts.get(kind, 0) + 1

    def _any(self, name: str, *, deleted: bool = False) -> str:
        store = self._simulator.tenant.directory.stores[name]
        return self._random.choice(sorted(store.deleted if deleted else store.live))

    def _graph(self, method: str, path: str, body: object = None) -> None:
        self._simulator.act(CARELESS_SCRIPT, method, path, body)

    def _user(self) -> None:
        department = f"Department {self._random.randint(1, 9)}"
        self._graph("PATCH", f"/users/{self._any('user')}", {"department": department})

    def _add(self) -> None:
        reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{self._any('user')}"}
        self._graph("POST", f"/groups/{self._any('group')}/members/$ref", reference)

    def _owner(self) -> None:
        reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{self._any('user')}"}
        self._graph("POST", f"/groups/{self._any('group')}/owners/$ref", reference)

    def _remove(self) -> None:
        links = self._simulator.tenant.directory.links
        group = self._any("group")
        member = self._random.choice(sorted(links.targets(group, "members")))
        self._graph("DELETE", f"/groups/{group}/members/{member}/$ref")

    def _delete(self) -> None:
        name = self._random.choice(["user", "group"])
        self._graph("DELETE", f"/{name}s/{self._any(name)}")

    def _restore(self) -> None:
        name = self._random.choice(["user", "group"])
        self._graph("POST", f"/directory/deletedItems/{self._any(name, deleted=True)}/restore", {})

    def policy(self) -> None:
        """Switch one Conditional Access policy to another state."""
        policy = self._any("conditionalAccessPolicy")
        now = self._simulator.tenant.directory.stores["conditionalAccessPolicy"].live[policy]["state"]
        state = self._random.choice([known for known in STATES if known != now])
        self._graph("PATCH", f"/identity/conditionalAccess/policies/{policy}", {"state": state})


async def captured_while_moving(seed: int) -> tuple[dict[str, int], int, State]:
    """Capture a moving tenant; return what moved, and how many objects the report afterwards finds."""
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=seed, objects=150, tenant_id=TENANT)
    platform, mover = Platform(simulator, seed=seed), Mover(simulator, seed)

    delta: list[str] = []

    def move(tail: str) -> None:
        if "/delta" in tail:
            delta.append(tail)
        elif len(delta) == DELTA_TYPES:
            for _act in range(ACTS_PER_REQUEST):
                mover.act()

    platform.transport.after_request = move
    captured = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
    return mover.acts, await found_by_a_report(platform, captured.snapshot_id), captured.state


async def found_by_a_report(platform: Platform, snapshot_id: str) -> int:
    """Return how many objects a report against the snapshot finds, every object of the tenant read again."""
    wire_id, whole = wire_snapshot_id(snapshot_id), Options(reads_whole=True)
    report = await platform.finish(
        await platform.operator.starting.report(TENANT, wire_id, EVERYTHING, whole, requested_by="operator")
    )
    assert report.state is State.SUCCESSFUL, report.error
    return report.counts.get("objectsCalculated", 0)


@pytest.mark.parametrize("part", range(4))
def test_a_snapshot_of_a_moving_tenant_is_the_tenant_it_came_to_be(part: int) -> None:
    wrong: dict[int, int] = {}
    moved: dict[str, int] = {}
    for seed in SEEDS[part::4]:
        acts, found, state = virtual_time.run(captured_while_moving(seed))
        assert state is State.SUCCESSFUL
        for kind, count in acts.items():
            moved[kind] = moved.get(kind, 0) + count
        if found:
            wrong[seed] = found
    assert not wrong
    assert set(moved) == {"user", "add", "remove", "delete", "restore", "owner"}, moved


def settling(changes: int) -> tuple[State, str, int, int]:
    """Capture while policies change after each of the first `changes` readings of their list.

    Return how the capture ended, what a report finds then, and how many changes there were.
    """

    async def story() -> tuple[State, str, int, int]:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(clock=clock.unix_seconds, seed=3, objects=60, tenant_id=TENANT)
        platform, mover = Platform(simulator, seed=3), Mover(simulator, 3)
        left = changes

        def move(tail: str) -> None:
            nonlocal left
            if tail.startswith("/identity/conditionalAccess/policies") and left:
                mover.policy()
                left -= 1

        platform.transport.after_request = move
        job = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
        found = await found_by_a_report(platform, job.snapshot_id) if job.state is State.SUCCESSFUL else -1
        return job.state, job.error, found, changes - left

    return virtual_time.run(story())


def test_a_list_without_delta_is_read_until_it_holds_still() -> None:
    assert settling(3) == (State.SUCCESSFUL, "", 0, 3)


def test_a_list_that_never_holds_still_fails_the_capture_by_name() -> None:
    state, error, _found, changes = settling(1_000)
    assert state is State.FAILED
    assert 5 < changes < 20, "the list changed after every reading, and reading it ended"
    assert "conditionalAccessPolicy: the list kept changing" in error
