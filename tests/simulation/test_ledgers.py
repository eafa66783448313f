"""The ledger of every recovery is sealed once, however the recovery and its workers end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from shared.domain.changes import Outcome
from shared.domain.errors import IntegrityError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State, Step
from shared.domain.scope import EVERYTHING
from shared.formats.ledgers import LedgerHead, decode_ledger, ledger_name
from shared.formats.records import OUTCOMES, decode_records
from shared.formats.rows import job_key, job_of, job_values
from shared.formats.signatures import signature_name
from shared.ports import Put
from shared.runs.closing import parts_of
from simulator.service import Simulator
from tests.simulation.stories import planned_ids, play_incident
from tests.support import virtual_time
from tests.support.builders import a_batch
from tests.support.deaths import Deaths
from tests.support.platform import TENANT, Platform

SEED, OBJECTS = 11, 30
LAST_CALLS = 30  # of a recovery: its second look, its end and the closing of its books


async def broken_tenant(objects: int = OBJECTS) -> tuple[Platform, str]:
    """Return a platform whose tenant was captured and then damaged, and the snapshot's id on the wire."""
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=SEED, objects=objects, tenant_id=TENANT)
    platform = Platform(simulator, seed=SEED)
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
    play_incident(simulator, SEED)
    return platform, wire_snapshot_id(capture.snapshot_id)


async def recovered(platform: Platform, wire: str) -> Job:
    """Recover to the snapshot; return the job as it ended."""
    starting = platform.operator.starting
    return await platform.finish(await starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator"))


async def opened(platform: Platform, job: Job) -> tuple[LedgerHead, list[Outcome]]:
    """Return what the sealed ledger of a job says, proven by the digest in its row and by its signature."""
    named = (await platform.operator.asking.job(TENANT, job.job_id)).ledger
    assert named is not None, "no ledger was sealed"
    assert named.name == ledger_name(TENANT, job.job_id)
    content = await platform.operator.entries.sealed(TENANT, job.job_id)
    head, parts = decode_ledger(content, name=named.name, expected=named.sha256)
    assert await platform.audit.names("") == sorted([named.name, signature_name(named.name)])
    assert platform.audit.policy.breaches == []
    found: list[Outcome] = []
    for listed, part in zip(head.parts, parts, strict=True):
        if listed.kind == "outcomes":
            assert listed.at is not None
            found += decode_records(part, Outcome, OUTCOMES, name="part")
    assert named.records == len(found)
    return head, found


def test_a_sealed_ledger_holds_every_outcome_and_how_the_recovery_went() -> None:
    async def story() -> None:
        platform, wire = await broken_tenant()
        job = await recovered(platform, wire)
        head, found = await opened(platform, job)
        assert found == await platform.operator.asking.outcomes(TENANT, job.job_id)
        assert (head.state, head.requested_by, head.snapshot_id) == (State.SUCCESSFUL, "operator", job.snapshot_id)
        assert job.completed_at is not None
        assert job.started_at is not None
        assert head.seconds == (job.completed_at - job.started_at).total_seconds()
        assert head.confirmation == {"confirmed": len(found), "switchedOn": 1}
        assert any(listed.kind == "confirmations" for listed in head.parts)
        assert all(one.before for one in found), "a before-image is missing"

    virtual_time.run(story())


async def calls_of_a_recovery() -> int:
    """Return how many calls the recovery makes when nobody dies."""
    platform, wire = await broken_tenant()
    platform.deaths = Deaths()
    await recovered(platform, wire)
    return platform.deaths.calls


CALLS = virtual_time.run(calls_of_a_recovery())


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_may_die_at_any_call_of_the_closing_and_the_ledger_is_sealed_once(when: str) -> None:
    async def story(call: int) -> str:
        platform, wire = await broken_tenant()
        platform.deaths = deaths = Deaths({call: when})
        job = await recovered(platform, wire)
        head, found = await opened(platform, job)
        first = (await platform.operator.ledger.job(TENANT, job.job_id)).ledger
        await platform.operator.watchdog.look(TENANT)
        facts = {
            "fired": deaths.fired + deaths.withdrawn == 1,
            "every outcome": found == await platform.operator.asking.outcomes(TENANT, job.job_id),
            "successful": head.state is State.SUCCESSFUL,
            "sealed once": (await platform.operator.ledger.job(TENANT, job.job_id)).ledger == first,
        }
        assert first is not None
        assert job.completed_at is not None
        seconds.append((first.sealed_at - job.completed_at).total_seconds())
        return ", ".join(name for name, holds in facts.items() if not holds)

    seconds: list[float] = []
    broken = {call: virtual_time.run(story(call)) for call in range(CALLS - LAST_CALLS, CALLS + 1)}
    assert not {call: lost for call, lost in broken.items() if lost}
    assert max(seconds) > 10, "no death left the books open for the watchdog"


async def stopped(platform: Platform, wire: str, stop: Callable[[Job], Awaitable[None]]) -> Job:
    """Recover, and `stop` once something was applied; return the job as it ended."""
    starting, asking = platform.operator.starting, platform.operator.asking
    job = await starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator")
    running = asyncio.create_task(platform.run_until_idle())
    for _tick in range(10_000):
        if (await asking.job(TENANT, job.job_id)).counts.get("done"):
            await stop(job)
            break
        await asyncio.sleep(0.2)
    await running
    return await asking.job(TENANT, job.job_id)


def test_a_cancelled_recovery_has_its_ledger_too() -> None:
    async def story() -> None:
        platform, wire = await broken_tenant(objects=800)

        async def cancel(job: Job) -> None:
            await platform.operator.starting.cancel(TENANT, job.job_id)

        ended = await stopped(platform, wire, cancel)
        head, found = await opened(platform, ended)
        assert (ended.state, head.state) == (State.ABANDONED, State.ABANDONED)
        assert 0 < len(found) < len(await planned_ids(platform, ended))

    virtual_time.run(story())


def test_a_failed_recovery_has_its_ledger_too_with_the_error() -> None:
    async def story() -> None:
        platform, wire = await broken_tenant(objects=800)

        async def damage(_job: Job) -> None:
            for name in platform.work.contents:
                if "/plan/" in name:
                    platform.work.contents[name] = b"damaged"

        ended = await stopped(platform, wire, damage)
        head, found = await opened(platform, ended)
        assert (ended.state, head.state, head.error_code) == (State.FAILED, State.FAILED, "integrity")
        assert head.error
        assert found

    virtual_time.run(story())


def test_what_was_in_flight_when_a_recovery_broke_off_is_a_part_of_its_own() -> None:
    in_flight = {"group": 1, "name": "before", "sha256": "0" * 64}
    batch = a_batch(20_000, step=Step.APPLY, cursor={"groups": 1, "inFlight": in_flight}, outputs=[])
    ((part, output),) = parts_of([batch])
    assert (part.kind, part.batch, output["name"]) == ("inFlight", 20_000, "before")


def test_a_ledger_that_was_altered_in_the_vault_is_refused_by_name() -> None:
    async def story() -> None:
        platform, wire = await broken_tenant()
        job = await recovered(platform, wire)
        name = ledger_name(TENANT, job.job_id)
        content = bytearray(platform.audit.contents[name])
        content[len(content) // 2] ^= 1
        platform.audit.contents[name] = bytes(content)
        with pytest.raises(IntegrityError, match=name):
            await platform.operator.entries.sealed(TENANT, job.job_id)

    virtual_time.run(story())


def test_a_ledger_of_another_course_under_the_same_name_is_never_taken_for_the_jobs_own() -> None:
    async def story() -> None:
        platform, wire = await broken_tenant()
        job = await recovered(platform, wire)
        head, _found = await opened(platform, job)
        row = await platform.rows.read(TENANT, job_key(job.job_id))
        assert row is not None
        forgotten = msgspec.structs.replace(job_of(row.values, key=row.key), ledger=None, requested_by="mallory")
        await platform.rows.write(TENANT, [Put(row.key, job_values(forgotten), row.etag)])
        assert head.requested_by == "operator"
        await platform.operator.watchdog.look(TENANT)
        assert (await platform.operator.ledger.job(TENANT, job.job_id)).ledger is None

    virtual_time.run(story())
