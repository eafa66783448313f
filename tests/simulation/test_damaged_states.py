"""One damaged snapshot stops no later capture, and no report of or recovery to the sound ones beside it."""

from __future__ import annotations

from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from shared.domain.verification import Mode
from tests.simulation.stories import play_incident
from tests.simulation.test_undo import captured, recovered
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform


def alter(platform: Platform, snapshot_id: str, part: str) -> str:
    """Flip a bit of a stored file, or flip it back; return the file's name."""
    contents = platform.vault.contents
    (name,) = [known for known in contents if f"/{snapshot_id}/" in known and known.endswith(part)]
    contents[name] = contents[name][:-9] + bytes([contents[name][-9] ^ 1]) + contents[name][-8:]
    return name


async def capture(platform: Platform) -> Job:
    await platform.clock.sleep(3600)
    return await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))


async def reported(platform: Platform, wire: str) -> Job:
    starting = platform.operator.starting
    return await platform.finish(await starting.report(TENANT, wire, EVERYTHING, Options(), requested_by="ann"))


def test_a_capture_goes_on_from_no_state_that_a_verification_found_damaged() -> None:
    async def story() -> None:
        platform, _wire = await captured(3)
        (first,) = await platform.operator.snapshots.listed(TENANT)
        name = alter(platform, first.snapshot_id, "links.zst")
        verify = await platform.operator.scheduling.verification(TENANT, platform.clock.now())
        assert (await platform.finish(verify)).state is State.FAILED
        second = await capture(platform)
        assert (second.state, second.error) == (State.SUCCESSFUL, "")
        shown = await platform.operator.asking.job(TENANT, second.job_id)
        assert shown.notes["ways"]["user"].startswith(f"full: the state before is damaged: {name}")
        alter(platform, first.snapshot_id, "links.zst")

    virtual_time.run(story())


def test_a_job_that_meets_damage_marks_the_snapshot_and_the_next_one_goes_on_without_it() -> None:
    async def story() -> None:
        platform, wire = await captured(3)
        second = await capture(platform)
        play_incident(platform.simulator, 3)
        name = alter(platform, second.snapshot_id, "links.zst")
        first_try = await reported(platform, wire)
        assert (first_try.state, first_try.error_code) == (State.FAILED, "integrity")
        assert name in first_try.error
        assert "start the job again" in first_try.error
        kept = (await platform.operator.upkeep.holding.verifications(TENANT))[second.snapshot_id]
        assert (kept.mode, kept.requested_by, name in kept.fault) == (Mode.USED, first_try.job_id, True)
        assert (await reported(platform, wire)).state is State.SUCCESSFUL
        assert (await recovered(platform, wire)).state is State.SUCCESSFUL

    virtual_time.run(story())


def test_a_target_that_is_damaged_itself_is_never_passed_over() -> None:
    async def story() -> None:
        platform, _wire = await captured(3)
        second = wire_snapshot_id((await capture(platform)).snapshot_id)
        play_incident(platform.simulator, 3)
        alter(platform, (await platform.operator.snapshots.on_wire(TENANT, second)).snapshot_id, "links.zst")
        for _again in range(2):
            job = await reported(platform, second)
            assert (job.state, job.error_code) == (State.FAILED, "integrity")
            assert "choose another snapshot" in job.error

    virtual_time.run(story())
