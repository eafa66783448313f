"""What one seed decides: the tenant, what Tidemark may see of it, who else is at work, and everything that goes wrong.

Most worlds are narrow: the application is granted people, groups and policies only, so its captures read those and
leave every other type out by name (docs/decisions/0009). Every eleventh is wide: all types, and reports besides.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, replace

from shared.domain.scope import EVERYTHING, Scope
from simulator.applications import GRAPH, TIDEMARK
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from simulator.switches import Background, Lag, Switches
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.platform import LEASE_SECONDS, TENANT, WATCHDOG_SECONDS, Platform
from tests.support.referee import HAS_SLICE, SLICE

WIDE_EVERY = 11
NARROW_TYPES = ("user", "group", "conditionalAccessPolicy", "namedLocation")
NARROW_ROLES = (
    "User.Read.All User.ReadWrite.All User.DeleteRestore.All Group.Read.All Group.ReadWrite.All "
    "GroupMember.ReadWrite.All Policy.Read.All Policy.ReadWrite.ConditionalAccess"
).split()
NARROW = replace(TIDEMARK, roles={GRAPH: tuple(NARROW_ROLES)})
CALLS = {"narrow": 700, "wide": 2_000}  # about as many calls of ports and Graph as such a story makes
GRAPH_FAULTS = (
    Fault.STATUS_500,
    Fault.STATUS_503,
    Fault.STATUS_504_AFTER,
    Fault.THROTTLED,
    Fault.CLAIMS,
    Fault.RESET,
    Fault.RESET_AFTER,
)
LAG_SECONDS = 6.0
# Every kind of trouble the suite plants; each must have struck somewhere in any hundred stories.
KINDS = (
    *(f"Graph: {kind}" for kind in GRAPH_FAULTS),
    *("workers killed before a call", "workers killed after a call", "workers frozen", "leases lost"),
    *("late messages", "duplicate messages", "reordered messages"),
    *("storage calls that failed", "storage answers that were lost"),
    *("reads that lagged behind", "changes by others"),
)


@dataclass
class World:
    """One seed's world, before anything has happened in it."""

    seed: int
    is_wide: bool
    is_lagging: bool
    is_busy: bool
    simulator: Simulator
    platform: Platform

    @property
    def scope(self) -> Scope:
        """What reports and recoveries are about."""
        return EVERYTHING if self.is_wide else Scope(types=NARROW_TYPES)

    @property
    def is_newer_deleted(self) -> bool:
        """Whether recoveries are asked to soft-delete what is newer than the snapshot."""
        return self.seed % 2 == 1

    def freeze_somebody(self) -> None:
        """Let one worker stand still in a while, for longer than its lease, where the seed wants it."""
        chance = random.Random(f"frozen {self.seed}")
        if chance.random() < 0.4:
            seconds = LEASE_SECONDS + WATCHDOG_SECONDS + chance.uniform(5, 30)
            asyncio.get_running_loop().call_later(chance.uniform(1, 40), self.platform.freeze_one_worker, seconds)

    def struck(self) -> Counter[str]:
        """Return how often each kind of trouble struck so far."""
        platform, world = self.platform, self.simulator.world
        counts = platform.queue.struck + platform.outages.struck + platform.deaths.struck
        for rule in world.faults.rules:
            counts[f"Graph: {rule.kind}"] += rule.fired
        counts["workers frozen"] += platform.frozen
        counts["reads that lagged behind"] += self.simulator.world.lagging.counts["stale_reads"]
        if world.office is not None:
            counts["changes by others"] += sum(
                count for name, count in world.office.counts.items() if name != "refused"
            )
        tokens: dict[str, set[int]] = {}
        for recorded in platform.rows.history:
            if recorded.lease is not None and recorded.lease.job_id:
                tokens.setdefault(recorded.lease.job_id, set()).add(recorded.lease.fencing_token)
        counts["leases lost"] += sum(len(known) - 1 for known in tokens.values())
        return counts


def a_world(seed: int) -> World:
    """Return the world of a seed; the same in every run."""
    chance = random.Random(f"world {seed}")
    is_wide = seed % WIDE_EVERY == 0
    is_lagging, is_busy = chance.random() < 0.25, chance.random() < 0.25
    clock = virtual_time.VirtualClock()
    lag = Lag(replicas=[0.0, chance.uniform(1, LAG_SECONDS)] if is_lagging else [0.0], seed=seed)
    busy = Background(changes_per_hour=chance.uniform(200, 1_200) if is_busy else 0.0, seed=seed)
    simulator = Simulator(
        clock=clock.unix_seconds,
        seed=seed,
        objects=chance.randint(40, 160) if is_wide else chance.randint(30, 70),
        tenant_id=TENANT,
        faults=Faults(_faults(seed), seed=seed),
        switches=Switches(lag=lag, background=busy),
        validate=SLICE if HAS_SLICE else None,
    )
    platform = Platform(simulator, seed=seed, deaths=_deaths(seed, is_wide), workers=chance.randint(1, 3))
    if not is_wide:
        platform.application = NARROW
    platform.queue.duplicates, platform.queue.late, platform.queue.reordered = 0.15, 0.05, 0.3
    platform.outages.probability, platform.outages.times = 0.01, 4
    return World(seed, is_wide, is_lagging, is_busy, simulator, platform)


def _faults(seed: int) -> list[Rule]:
    """Return what goes wrong at Graph in this world."""
    chance = random.Random(f"faults of {seed}")
    kinds = chance.sample(GRAPH_FAULTS, 3)
    # A token is challenged once: a second challenge in answer to a new token is a refusal.
    return [Rule(kind=kind, probability=0.03, times=1 if kind is Fault.CLAIMS else 4) for kind in kinds]


def _deaths(seed: int, is_wide: bool) -> Deaths:
    """Return when workers die in this world: a few calls of the story, before or after they take effect."""
    chance = random.Random(f"deaths of {seed}")
    calls = chance.sample(range(1, CALLS["wide" if is_wide else "narrow"]), chance.randint(2, 6))
    return Deaths({call: chance.choice(["before", "after"]) for call in calls})
