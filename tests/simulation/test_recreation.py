"""What was deleted for good is created anew, and everything that named it names it again: whole stories.

The tenant afterwards is judged by the simulator's own stores, up to the ids in the map (tests/simulation/purges.py).
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
import pytest
from backports import zstd

from shared.catalogue.types import TYPES
from shared.domain.changes import Action, Difference, Outcome, Result
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.renewals import Renewal, new_ids
from shared.domain.scope import EVERYTHING, Scope
from shared.recover.orphans import ORPHANED
from shared.recover.recreating import IN_EXCHANGE
from shared.runs.pairing import Pairing
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from simulator.switches import Lag, Switches
from tests.simulation.purges import Purger, census, counted
from tests.simulation.test_incidents import control
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform
from tests.support.referee import HAS_SLICE, complaints

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ASKED = Options(recreate_deleted=True)
SOME = {
    "user": 6,
    "group": 6,
    "servicePrincipal": 2,
    "application": 2,
    "conditionalAccessPolicy": 2,
    "namedLocation": 1,
    "authenticationStrengthPolicy": 1,
    "claimsMappingPolicy": 1,
    "tokenLifetimePolicy": 1,
}


@dataclass
class Purged:
    """A captured tenant from which objects were purged, and what happened then."""

    platform: Platform
    wire: str
    before: list[str]
    purged: dict[str, str] = field(default_factory=dict)

    async def recover(self, options: Options = ASKED, scope: Scope = EVERYTHING) -> Job:
        """Recover to the snapshot; return the job as it ended."""
        starting = self.platform.operator.starting
        job = await starting.recovery(TENANT, self.wire, scope, options, requested_by="operator")
        return await self.platform.finish(job)

    async def outcomes(self, job: Job) -> list[Outcome]:
        """Return what became of every change."""
        return await self.platform.operator.asking.outcomes(TENANT, job.job_id)

    async def renewals(self) -> list[Renewal]:
        """Return the id map as it is stored."""
        return await Pairing(self.platform.operator.snapshots).renewals(TENANT)

    async def missing_and_extra(self) -> tuple[list[str], list[str]]:
        """Return what separates the tenant from what it was, up to the id map."""
        then = counted(self.before, new_ids(await self.renewals()))
        now = counted(census(self.platform.simulator), {})
        return sorted((then - now).elements()), sorted((now - then).elements())

    async def rows(self) -> list[Difference]:
        """Return the rows of a new report of the snapshot against the tenant."""
        asking, starting = self.platform.operator.asking, self.platform.operator.starting
        report = await self.platform.finish(await starting.report(TENANT, self.wire, EVERYTHING, requested_by="me"))
        assert report.state is State.SUCCESSFUL, report.error
        rows, is_more = await asking.differences(TENANT, report.job_id, skip=0, top=500)
        assert not is_more
        return rows


async def purged(seed: int = 6, *, objects: int = 150, counts: dict[str, int] | None = None) -> Purged:
    """Capture a tenant, then purge some of it."""
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=seed, objects=objects, tenant_id=TENANT)
    platform = Platform(simulator, seed=seed)
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
    assert capture.state is State.SUCCESSFUL
    made = Purged(platform, wire_snapshot_id(capture.snapshot_id), census(simulator))
    purger = Purger(simulator, platform.clock)
    await purger.purge_some(seed, counts or SOME)
    made.purged = purger.purged
    return made


@dataclass
class Told:
    """What one undisturbed story came to."""

    story: Purged
    job: Job
    outcomes: list[Outcome]
    renewals: list[Renewal]
    apart: tuple[list[str], list[str]]
    rows: list[Difference]
    second: Job
    complaints: list[dict[str, Any]]
    logs: list[bytes]


@cache
def told() -> Told:
    """Return the story of one purge and its recovery; told once however many tests ask."""

    async def story() -> Told:
        made = await purged()
        kept, root = _Kept(), logging.getLogger()
        root.addHandler(kept)
        level = root.level
        root.setLevel(logging.DEBUG)
        job = await made.recover()
        root.setLevel(level)
        root.removeHandler(kept)
        outcomes, renewals = await made.outcomes(job), await made.renewals()
        apart, rows = await made.missing_and_extra(), await made.rows()
        second = await made.recover()
        return Told(
            made,
            job,
            outcomes,
            renewals,
            apart,
            rows,
            second,
            list(complaints(made.platform.simulator)) if HAS_SLICE else [],
            kept.lines,
        )

    return virtual_time.run(story())


def test_the_tenant_equals_the_snapshot_up_to_the_id_map() -> None:
    assert told().job.state is State.SUCCESSFUL, told().job.error
    assert told().apart == ([], [])
    assert told().complaints == []


def test_every_purged_object_was_created_exactly_once() -> None:
    made = Counter(one.type for one in told().outcomes if one.action is Action.RECREATE and one.new_id)
    purged_types = Counter(told().story.purged.values())
    # The principal of a purged application goes with it, wherever the recycle bin still has it.
    assert made - purged_types == Counter(
        {"servicePrincipal": made["servicePrincipal"] - purged_types["servicePrincipal"]}
    )
    assert purged_types - made == Counter()
    assert {one.old_id for one in told().renewals} >= told().story.purged.keys()
    assert len({one.new_id for one in told().renewals}) == len(told().renewals)


def test_every_change_succeeded() -> None:
    assert [one for one in told().outcomes if one.result is Result.FAILED] == []


def test_a_comparison_that_knows_the_map_finds_nothing_but_lost_credentials() -> None:
    assert {name for row in told().rows for name in (row.action, *row.target)} <= {
        Action.UPDATE,
        "passwordCredentials",
        "keyCredentials",
    }
    assert [row for row in told().rows if not row.refusal] == []


def test_a_second_recovery_of_the_same_snapshot_does_nothing() -> None:
    assert told().second.state is State.SUCCESSFUL
    assert [name for name in told().second.counts if name.startswith("outcome.")] == []


def test_what_cannot_come_back_is_listed_per_object_with_a_next_step() -> None:
    steps = {one.object_id: one.next_steps for one in told().outcomes if one.new_id}
    for object_id, type_name in told().story.purged.items():
        if type_name in {"user", "application", "servicePrincipal"}:
            assert steps[object_id], type_name
    secrets = [step for some in steps.values() for step in some if "client secret" in step]
    assert secrets
    assert all("key " in step for step in secrets)


def test_no_password_is_anywhere_but_in_the_request_that_needed_it() -> None:
    platform = told().story.platform
    assert len(platform.passwords.given) >= 6
    stored: list[bytes] = []
    for blobs in (platform.work, platform.vault):
        for content in blobs.contents.values():
            stored.append(unpacked(content))
    rows = virtual_time.run(_all_rows(platform))
    assert len(stored) > 50
    assert len(told().logs) > 0
    told_all = [msgspec.json.encode(one) for one in told().outcomes]
    for password in platform.passwords.given:
        assert not [content for content in (*stored, *rows, *told_all, *told().logs) if password.encode() in content]


async def _all_rows(platform: Platform) -> list[bytes]:
    return [msgspec.json.encode(row.values) for row in await platform.rows.scan(TENANT, "")]


def unpacked(content: bytes) -> bytes:
    """Return what a file holds, every zstd frame in it unpacked, anything else as it is."""
    found = b""
    while content.startswith(ZSTD_MAGIC):
        frame = zstd.ZstdDecompressor()
        found += frame.decompress(content)
        content = frame.unused_data
    return found + content


class _Kept(logging.Handler):
    """Keeps every log line with all of its fields."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[bytes] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append(repr(record.__dict__).encode())


def test_without_being_asked_nothing_is_created_anew_and_the_reason_is_told() -> None:
    async def story() -> tuple[Job, list[Renewal]]:
        made = await purged(counts={"user": 1, "group": 1})
        return await made.recover(Options()), await made.renewals()

    job, renewals = virtual_time.run(story())
    assert renewals == []
    assert sum(count for name, count in job.counts.items() if "recreateHardDeleted" in name) == 2


def test_undoing_a_recovery_soft_deletes_what_it_created() -> None:
    async def story() -> tuple[set[str], set[str], State]:
        made = await purged(counts={"user": 2, "group": 2, "conditionalAccessPolicy": 1})
        job = await made.recover()
        new = {one.new_id for one in await made.renewals()}
        starting = made.platform.operator.starting
        undone = await made.platform.finish(await starting.undo(TENANT, job.job_id, requested_by="operator"))
        stores = made.platform.simulator.tenant.directory.stores.values()
        return new, {known for store in stores for known in store.deleted}, undone.state

    new, deleted, state = virtual_time.run(story())
    assert state is State.SUCCESSFUL
    assert len(new) == 5
    assert new <= deleted


def test_the_incident_of_hard_deletes_is_undone_but_for_what_graph_cannot_create() -> None:
    async def story() -> tuple[Purged, Job, list[Difference], dict[str, Any]]:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(clock=clock.unix_seconds, seed=6, objects=150, tenant_id=TENANT)
        platform = Platform(simulator, seed=6)
        capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
        made = Purged(platform, wire_snapshot_id(capture.snapshot_id), census(simulator))
        control(simulator, "POST", "/incidents/hard-deletes", {"seed": 6})
        job = await made.recover()
        return made, job, await made.rows(), control(simulator, "GET", "/incidents/hard-deletes/differences?play=1")

    made, job, rows, told_by_tenant = virtual_time.run(story())
    assert job.state is State.SUCCESSFUL
    assert told_by_tenant["is_whole"]
    captured = {entry.name for entry in TYPES}
    unexpected = [row for row in told_by_tenant["differences"] if not row["because"] and row.get("type") in captured]
    assert unexpected == []
    # Distribution and mail-enabled security groups: Graph creates none, and every one is listed with what to do.
    groups = {row.object_id for row in rows if (row.type, row.action) == ("group", Action.RECREATE)}
    others = [msgspec.json.encode(row).decode() for row in rows if row.object_id not in groups]
    assert [row for row in others if not any(known in row for known in groups)] == []
    left = {reason for name in job.counts if (reason := name.removeprefix("leftAlone.")) != name}
    assert left == {IN_EXCHANGE, ORPHANED}
    # What was granted to them is no failure: it cannot be made before they are.
    assert not job.counts.get("objects.failed", 0)
    renewals = virtual_time.run(made.renewals())
    assert {one.type for one in renewals} >= {"claimsMappingPolicy"}
    missing, extra = virtual_time.run(made.missing_and_extra())
    assert extra == []
    assert [line for line in missing if not any(known in line for known in groups)] == []


FAULTS = [Fault.RESET_AFTER, Fault.STATUS_504_AFTER, Fault.STATUS_503, Fault.RESET, Fault.THROTTLED]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_lost_reply_to_a_creation_makes_no_second_object(kind: Fault) -> None:
    async def story() -> tuple[tuple[list[str], list[str]], Job, int]:
        made = await purged(counts={"user": 3, "group": 3, "application": 1, "conditionalAccessPolicy": 1})
        rule = Rule(kind=kind, method="POST|PATCH", path=CREATIONS, times=4)
        made.platform.simulator.world.faults = faults = Faults([rule], seed=1)
        job = await made.recover()
        return await made.missing_and_extra(), job, sum(faults.fired().values())

    apart, job, fired = virtual_time.run(story())
    assert fired
    assert job.state is State.SUCCESSFUL
    assert apart == ([], [])


CREATIONS = ".*/(users|groups|applications|policies)$"


def test_replicas_that_lag_and_do_not_know_new_objects_yet_are_waited_for() -> None:
    async def story() -> tuple[Job, tuple[list[str], list[str]], int]:
        made = await purged(counts={"user": 2, "group": 3, "application": 1})
        await made.platform.clock.sleep(60.0)  # by then every replica knows of the purge
        lag = Lag(replicas=[0.0, 30.0], fresh_seconds={"*": 45.0}, seed=3)
        made.platform.simulator.world.switch(msgspec.structs.replace(Switches(), lag=lag))
        job = await made.recover()
        refusals = made.platform.simulator.world.lagging.counts["fresh_refusals"]
        return job, await made.missing_and_extra(), refusals

    job, apart, refusals = virtual_time.run(story())
    assert refusals
    assert job.state is State.SUCCESSFUL, job.error
    assert apart == ([], [])


def test_the_second_look_confirms_everything_that_was_made() -> None:
    counts = told().job.counts
    assert counts["confirmed"] > 50
    assert not {"pending", "overwritten"} & counts.keys()
