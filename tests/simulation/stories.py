"""One story, told under one seed: a tenant is captured, damaged and recovered while everything goes wrong.

The seed decides the world (tests/simulation/worlds.py). What should be true afterwards is judged against the simulated
tenant itself, which shares no code with the product.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from shared.domain.changes import Outcome
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State, Step
from shared.recover.lockout.unguarded import UNPROVEN
from shared.recover.refusals import LOCK_OUT_COUNT
from simulator.applications import CARELESS_SCRIPT, TIDEMARK
from simulator.http import Request
from simulator.service import Simulator
from simulator.types.group import is_dynamic
from tests.simulation.worlds import LAG_SECONDS, World, a_world
from tests.support import virtual_time
from tests.support.history import two_holders
from tests.support.pictures import Picture, differing, picture
from tests.support.platform import TENANT, Platform
from tests.support.referee import HAS_SLICE, complaints

ROGUE = ("users_created", "groups_created", "policies_created", "locations_created")


@dataclass
class Told:
    """What a story came to."""

    seed: int
    is_busy: bool
    is_lagging: bool
    jobs: dict[str, Job]
    outcomes: list[Outcome]
    planned: list[str]
    differing: list[Any]
    second_writes: int
    hard_deletes: int
    breaches: list[str]
    stale_writes: list[str]
    vault_breaches: list[str]
    struck: Counter[str]
    complaints: list[dict[str, Any]] = field(default_factory=list)


@cache
def told(seed: int) -> Told:
    """Return the story of one seed; told once however many laws ask."""
    return virtual_time.run(_tell(seed))


async def _tell(seed: int) -> Told:
    world = a_world(seed)
    platform, simulator = world.platform, world.simulator
    before = picture(simulator.tenant.directory)
    jobs = {"capture": await _captured(world)}
    assert jobs["capture"].state is State.SUCCESSFUL, f"seed {seed}: {jobs['capture'].error}"
    wire = wire_snapshot_id(jobs["capture"].snapshot_id)
    if world.is_wide:
        jobs["report of nothing"] = await _reported(world, wire)
    rogue = play_incident(simulator, seed)
    slip_in(simulator, seed, rogue)
    await platform.clock.sleep(2 * LAG_SECONDS)
    if world.is_wide:
        jobs["report of the damage"] = await _reported(world, wire)
    world.freeze_somebody()
    jobs["recovery"] = await _recovered(world, wire)
    await platform.clock.sleep(2 * LAG_SECONDS)
    after, writes = picture(simulator.tenant.directory), _writes(simulator)
    if world.is_wide:
        jobs["report of the rest"] = await _reported(world, wire)
    if world.is_wide or seed % 3 == 0:
        jobs["second recovery"] = await _recovered(world, wire)
    return Told(
        seed=seed,
        is_busy=world.is_busy,
        is_lagging=world.is_lagging,
        jobs=jobs,
        outcomes=await platform.operator.asking.outcomes(TENANT, jobs["recovery"].job_id),
        planned=await planned_ids(platform, jobs["recovery"]),
        differing=[
            *_otherwise(world, before, after, rogue, _left_to_others(world, jobs["recovery"])),
            *_left_over(world, after, rogue),
        ],
        second_writes=_writes(simulator) - writes,
        hard_deletes=simulator.tenant.history.hard_deletes,
        breaches=two_holders(platform.rows.history),
        stale_writes=platform.stale_writes,
        vault_breaches=platform.vault.policy.breaches,
        complaints=complaints(simulator) if HAS_SLICE else [],
        struck=world.struck(),
    )


async def _captured(world: World) -> Job:
    platform = world.platform
    return await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))


async def _reported(world: World, wire: str) -> Job:
    starting = world.platform.operator.starting
    return await world.platform.finish(await starting.report(TENANT, wire, world.scope, requested_by="operator"))


async def _recovered(world: World, wire: str) -> Job:
    starting = world.platform.operator.starting
    options = Options(soft_delete_newer=world.is_newer_deleted)
    started = await starting.recovery(TENANT, wire, world.scope, options, requested_by="operator")
    return await world.platform.finish(started)


def _otherwise(world: World, before: Picture, after: Picture, rogue: set[str], left: set[str]) -> list[Any]:
    """Return what is otherwise than the model says: everything as before, but for what others made or have touched.

    Of what others touched, nothing may be missing. `left` is what the recovery rightly left alone.
    """
    touched = rogue | left
    for write in world.simulator.tenant.history.of(None):
        if write.app_id not in {TIDEMARK.app_id, CARELESS_SCRIPT.app_id}:
            touched |= {write.object_id, *(other for _relation, other, _how in write.links)}
    missing = [key for key in before.keys() - after.keys() if key[0] == "live" and key[2] not in left]
    return [*differing(before, after, touched), *missing]


def _left_over(world: World, after: Picture, rogue: set[str]) -> list[Any]:
    """Return what the incident made and is still live, where that was to go and nobody else is at work."""
    if world.is_busy or not world.is_newer_deleted:
        return []
    return [key for key in after if key[0] == "live" and key[2] in rogue]


def _left_to_others(world: World, recovery: Job) -> set[str]:
    """Return the policies, where others emptied the group that they spare and so the guard left some of them alone."""
    is_left = any(name.startswith((f"leftAlone.{UNPROVEN}", LOCK_OUT_COUNT)) for name in recovery.counts)
    policies = world.simulator.tenant.directory.stores["conditionalAccessPolicy"]
    return {*policies.live, *policies.deleted} if is_left and world.is_busy else set()


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


def slip_in(simulator: Simulator, seed: int, rogue: set[str]) -> None:
    """Let a person join two groups in the script's name: the incident only takes members away."""
    chance, directory = random.Random(f"slipped in {seed}"), simulator.tenant.directory
    people = [known for known in directory.stores["user"].live if known not in rogue]
    teams = [
        known
        for known, body in directory.stores["group"].live.items()
        if known not in rogue
        and not is_dynamic(body)
        and not body.get("mailEnabled")
        and not body.get("onPremisesSyncEnabled")
        and not body.get("isAssignableToRole")
    ]
    for team in chance.sample(sorted(teams), min(2, len(teams))):
        members = set(directory.links.targets(team, "members"))
        person = chance.choice(sorted(set(people) - members))
        body = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{person}"}
        simulator.act(CARELESS_SCRIPT, "POST", f"/groups/{team}/members/$ref", body)


def _writes(simulator: Simulator) -> int:
    return len(simulator.tenant.history.of(TIDEMARK.app_id))
