"""The verification a timer starts: everything is proven in turn, damage fails it, and it makes way for a recovery."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from bench.small_vault import SHARDS, SmallVault
from shared.domain.jobs import Job, Kind, Note, Options, State, Step
from shared.domain.scope import EVERYTHING
from shared.domain.verification import Verification
from shared.formats.rows import snapshot_key
from shared.memory.clock import LoopClock
from shared.runs import rechecking
from shared.runs.holding import Holding
from shared.runs.ledger import Ledger
from shared.runs.rechecking import Rechecking
from tests.support import virtual_time
from tests.support.builders import a_batch, a_job
from tests.support.deaths import Deaths
from tests.support.platform import TENANT
from tests.unit.functions.worlds import World

SNAPSHOT = "20261120T220000Z-0a1b2c3d"


async def verified(world: World) -> Job:
    """Start the daily verification and return it as it ended."""
    await world.clock.sleep(60)
    return await world.platform.finish(await world.product.scheduling.verification(TENANT, world.clock.now()))


async def proofs(world: World) -> dict[str, Verification]:
    return await world.product.upkeep.holding.verifications(TENANT)


def test_the_newest_is_proven_and_the_others_in_turn() -> None:
    async def story() -> None:
        world = World()
        for _number in range(3):
            await world.captured()
        newest, *others = [known.snapshot_id for known in await world.product.snapshots.listed(TENANT)]
        seen: list[set[str]] = []
        for _day in range(3):
            job = await verified(world)
            assert (job.state, job.kind, job.counts["manifestsProven"]) == (State.SUCCESSFUL, Kind.VERIFY, 3)
            assert job.counts["shardsProven"] == job.counts["shardsPlanned"] > 0
            found = await proofs(world)
            latest = max(proof.at for proof in found.values())
            seen.append({name for name, proof in found.items() if (latest - proof.at).total_seconds() < 30})
            assert all(proof.full_at and proof.is_signed and proof.is_chained for proof in found.values())
        assert all(newest in names for names in seen)
        assert set().union(*seen[:2]) == {newest, *others}
        assert seen[2] == seen[0]

    virtual_time.run(story())


def test_a_snapshot_of_several_shards_is_proven_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rechecking, "SHARDS_AT_ONCE", 1)

    async def story() -> list[int]:
        vault = SmallVault()
        await vault.seal(TENANT, SNAPSHOT, "Oslo")
        clock = LoopClock()
        ledger = Ledger(vault.rows, clock, vault.ids)
        checking = Rechecking(vault.snapshots, vault.verifying, ledger, clock)
        batch = a_batch(1, wave=1, step=Step.VERIFY, argument={"snapshot_id": SNAPSHOT})
        job = a_job(tenant=TENANT, kind=Kind.VERIFY, snapshot_id=SNAPSHOT)
        lease = await ledger.begin(job, [msgspec.structs.replace(batch, job_id=job.job_id)])
        assert lease is not None
        note = Note(tenant=TENANT, job_id=job.job_id, batch=1, fencing_token=lease.fencing_token)
        await checking.verify(await ledger.enter(note))
        (done,) = await ledger.batches(TENANT, job.job_id)
        proof = (await Holding(vault.snapshots, clock).verifications(TENANT))[SNAPSHOT]
        assert (proof.fault, proof.full_at is not None, proof.objects) == ("", True, done.cursor["objects"])
        return [done.cursor["shards"], done.counts["shardsPlanned"]]

    assert asyncio.run(story()) == [SHARDS, SHARDS]


def test_damage_fails_the_job_by_the_file_after_everything_was_looked_at() -> None:
    async def story() -> None:
        world = World()
        for _number in range(2):
            await world.captured()
        newest, other = [known.snapshot_id for known in await world.product.snapshots.listed(TENANT)]
        vault = world.platform.vault
        name = next(name for name in sorted(vault.contents) if newest in name and name.endswith(".ndz"))
        vault.contents[name] = bytes([vault.contents[name][0] ^ 1]) + vault.contents[name][1:]
        job = await verified(world)
        assert (job.state, job.error_code) == (State.FAILED, "integrity")
        assert name in job.error
        assert [text for text in job.warnings if name in text]
        found = await proofs(world)
        assert name in found[newest].fault
        assert (found[other].fault, found[other].full_at is not None) == ("", True)

    virtual_time.run(story())


def test_a_damaged_manifest_is_told_of_the_snapshot_it_belongs_to() -> None:
    async def story() -> None:
        world = World()
        for _number in range(2):
            await world.captured()
        newest, other = [known.snapshot_id for known in await world.product.snapshots.listed(TENANT)]
        name = f"{TENANT}/{other}/manifest.json"
        world.platform.vault.contents[name] = world.platform.vault.contents[name].replace(b"sequence", b"sequenze")
        job = await verified(world)
        assert job.state is State.FAILED
        found = await proofs(world)
        assert name in found[other].fault
        assert found[newest].fault == ""

    virtual_time.run(story())


def test_a_snapshot_that_somebody_took_off_the_list_is_told() -> None:
    async def story() -> None:
        world = World()
        for _number in range(2):
            await world.captured()
        hidden = (await world.product.snapshots.listed(TENANT))[0]
        await world.platform.rows.remove(TENANT, snapshot_key(hidden.snapshot_id))
        job = await verified(world)
        assert job.state is State.SUCCESSFUL
        assert job.warnings == (f"NOT LISTED: no row of the list names {hidden.manifest_name}",)

    virtual_time.run(story())


def test_a_timer_that_fires_twice_starts_one_verification_and_none_without_a_snapshot() -> None:
    async def story() -> None:
        world = World()
        now = world.clock.now()
        assert await world.product.scheduling.verification(TENANT, now) is None
        await world.captured()
        started = [await world.product.scheduling.verification(TENANT, now) for _time in range(2)]
        assert [job is not None for job in started] == [True, False]
        await world.platform.run_until_idle()
        assert len([job for job in await world.product.ledger.jobs(TENANT) if job.kind is Kind.VERIFY]) == 1

    virtual_time.run(story())


def test_it_waits_for_a_recovery_and_a_recovery_does_not_wait_for_it() -> None:
    async def story() -> None:
        world = World()
        wire_id = await world.captured()
        waiting = await world.product.scheduling.verification(TENANT, world.clock.now())
        recovery = await world.product.starting.recovery(
            TENANT, wire_id, EVERYTHING, Options(), requested_by="somebody"
        )
        assert waiting is not None
        ended = await world.platform.finish(recovery)
        proven = await world.product.asking.job(TENANT, waiting.job_id)
        assert (ended.state, proven.state) == (State.SUCCESSFUL, State.SUCCESSFUL)
        assert ended.completed_at is not None
        assert proven.completed_at is not None
        assert ended.completed_at <= proven.completed_at

    virtual_time.run(story())


def test_a_worker_may_die_at_any_call_of_a_verification() -> None:
    async def calls() -> int:
        world = World(objects=10)
        await world.captured()
        world.platform.deaths = Deaths()
        await verified(world)
        return world.platform.deaths.calls

    async def story(call: int, when: str) -> bool:
        world = World(objects=10)
        await world.captured()
        world.platform.deaths = Deaths({call: when})
        job = await verified(world)
        (proof,) = (await proofs(world)).values()
        is_well = job.state is State.SUCCESSFUL and proof.full_at is not None and not proof.fault
        return is_well and world.platform.deaths.fired + world.platform.deaths.withdrawn == 1

    total = virtual_time.run(calls())
    assert total > 30
    deaths = [(call, ("before", "after")[call // 3 % 2]) for call in range(1, total + 1, 3)]
    assert not [death for death in deaths if not virtual_time.run(story(*death))]
