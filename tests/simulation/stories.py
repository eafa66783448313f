"""One story, told under one seed: a tenant is captured, damaged, reported on and recovered while workers die.

The seed decides the tenant, the incident, the deaths, the duplicate messages and Graph's faults. What should be true
afterwards is judged against the simulated tenant itself, which shares no code with the product.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from shared.domain.changes import Difference, Outcome
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, Step
from shared.domain.scope import EVERYTHING
from simulator.applications import TIDEMARK
from simulator.directory.fingerprint import fingerprint
from simulator.faults import Fault, Faults, Rule
from simulator.http import Request
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.history import two_holders
from tests.support.platform import TENANT, Deaths, Platform
from tests.support.referee import HAS_SLICE, SLICE, complaints

SEEDS = range(200)
# Seeds that failed once stay here for good, with what they found.
KEPT_SEEDS: tuple[int, ...] = ()
CALLS_OF_A_STORY = 700  # a story of this size makes about that many port and Graph calls
ROGUE = ("users_created", "groups_created", "policies_created", "locations_created")


@dataclass
class Told:
    """What a story came to."""

    seed: int
    capture: Job
    same_report: Job
    damage_report: Job
    recovery: Job
    second: Job
    after: list[Difference]
    outcomes: list[Outcome]
    planned: list[str]
    fingerprint_before: str = ""
    fingerprint_after: str = ""
    second_writes: int = 0
    hard_deletes: int = 0
    breaches: list[str] = field(default_factory=list)
    vault_breaches: list[str] = field(default_factory=list)
    fired: dict[str, int] = field(default_factory=dict)
    complaints: list[dict[str, Any]] = field(default_factory=list)


@cache
def told(seed: int) -> Told:
    """Return the story of one seed; told once however many laws ask."""
    return virtual_time.run(_tell(seed))


def faults_of(seed: int) -> list[Rule]:
    """Return what goes wrong at Graph in this world."""
    chance = random.Random(f"faults of {seed}")
    kinds = [
        Fault.STATUS_503,
        Fault.STATUS_500,
        Fault.THROTTLED,
        Fault.RESET,
        Fault.STATUS_504_AFTER,
        Fault.RESET_AFTER,
    ]
    return [Rule(kind=kind, probability=0.03, times=4) for kind in chance.sample(kinds, 3)]


def deaths_of(seed: int) -> Deaths:
    """Return when workers die in this world: a few calls of the story, before or after they take effect."""
    chance = random.Random(f"deaths of {seed}")
    calls = chance.sample(range(1, CALLS_OF_A_STORY), chance.randint(2, 6))
    return Deaths({call: chance.choice(["before", "after"]) for call in calls})


async def _tell(seed: int) -> Told:
    chance = random.Random(f"world {seed}")
    clock = virtual_time.VirtualClock()
    simulator = Simulator(
        clock=clock.unix_seconds,
        seed=seed,
        objects=chance.randint(40, 160),
        tenant_id=TENANT,
        faults=Faults(faults_of(seed), seed=seed),
        validate=SLICE if HAS_SLICE else None,
    )
    platform = Platform(simulator, seed=seed, deaths=deaths_of(seed), workers=chance.randint(1, 3))
    platform.duplicates = 0.15
    operator = platform.operator
    before = fingerprint(simulator.tenant.directory)
    capture = await platform.finish(await operator.starting.capture(TENANT, clock.now()))
    wire = wire_snapshot_id(capture.snapshot_id)
    same = await platform.finish(await operator.starting.report(TENANT, wire, EVERYTHING, requested_by="operator"))
    rogue = play_incident(simulator, seed)
    damage = await platform.finish(await operator.starting.report(TENANT, wire, EVERYTHING, requested_by="operator"))
    recovery = await platform.finish(
        await operator.starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator")
    )
    after_job = await platform.finish(await operator.starting.report(TENANT, wire, EVERYTHING, requested_by="operator"))
    after, _more = await operator.asking.differences(TENANT, after_job.job_id, skip=0, top=999)
    writes = _writes(simulator)
    second = await platform.finish(
        await operator.starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator")
    )
    return Told(
        seed=seed,
        capture=capture,
        same_report=same,
        damage_report=damage,
        recovery=recovery,
        second=second,
        after=after,
        outcomes=await operator.asking.outcomes(TENANT, recovery.job_id),
        planned=await planned_ids(platform, recovery),
        fingerprint_before=before,
        fingerprint_after=fingerprint(simulator.tenant.directory, ignoring=frozenset(rogue)),
        second_writes=_writes(simulator) - writes,
        hard_deletes=simulator.tenant.history.hard_deletes,
        breaches=two_holders(platform.rows.history),
        vault_breaches=platform.vault.policy.breaches,
        complaints=complaints(simulator) if HAS_SLICE else [],
        fired={"deaths": platform.deaths.fired, "graph": sum(rule.fired for rule in simulator.world.faults.rules)},
    )


async def planned_ids(platform: Platform, job: Job) -> list[str]:
    """Return the change ids of every batch the recovery laid out, read from its plan files."""
    from shared.domain.changes import Change
    from shared.formats.records import CHANGES, decode_records

    ids: list[str] = []
    for batch in await platform.operator.ledger.batches(TENANT, job.job_id):
        if batch.step is Step.APPLY:
            name = batch.argument["name"]
            changes = decode_records(await platform.work.read(name), Change, CHANGES, name=name)
            ids += [change.change_id for change in changes]
    return ids


def play_incident(simulator: Simulator, seed: int) -> set[str]:
    """Play the careless script; return the ids of the objects it created."""
    body = msgspec.json.encode({"seed": seed, "scale": 1.0})
    request = Request("POST", "/_sim/incidents/careless-script", {"host": "localhost"}, body, "http")
    answer: dict[str, Any] = msgspec.json.decode(simulator.handle(request).body)
    return {made["id"] for kind in ROGUE for made in answer["objects"].get(kind, [])}


def _writes(simulator: Simulator) -> int:
    return len(simulator.tenant.history.of(TIDEMARK.app_id))
