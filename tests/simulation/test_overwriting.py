"""What somebody overwrites while a recovery runs is told with who it was, as far as the audit log says."""

from __future__ import annotations

import pytest

from shared.domain.explanations import Log
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from simulator.applications import CARELESS_SCRIPT
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.platform import TENANT, Platform


async def meddled(
    deaths: Deaths | None = None, *, refusing: Rule | None = None, city: str = "Utopia"
) -> tuple[Platform, Job, str]:
    """Recover a user's city, which a script sets anew as soon as it is back; return the job as it ended."""
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=5, objects=60, tenant_id=TENANT)
    platform = Platform(simulator, seed=5)
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
    users = simulator.tenant.directory.stores["user"].live
    user = next(known for known, body in users.items() if not body.get("onPremisesSyncEnabled"))
    simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user}", {"city": "Atlantis", "department": "Void"})
    if refusing is not None:
        simulator.world.faults = Faults([refusing], seed=1)
    done: list[str] = []

    def meddle(tail: str) -> None:
        if users[user].get("city") != "Atlantis" and not done:
            done.append(tail)
            simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user}", {"city": city})

    platform.transport.after_request = meddle
    platform.deaths = deaths or Deaths()
    started = await platform.operator.starting.recovery(
        TENANT, wire_snapshot_id(capture.snapshot_id), EVERYTHING, Options(), requested_by="operator"
    )
    job = await platform.finish(started)
    assert done, "nobody meddled, so nothing was shown"
    assert (job.state, job.counts["overwritten"]) == (State.SUCCESSFUL, 1)
    return platform, job, str(user)


def test_the_script_that_overwrote_a_change_is_named_and_not_the_recovery_itself() -> None:
    async def story() -> None:
        platform, job, user = await meddled()
        (confirmation,) = await platform.operator.asking.confirmations(TENANT, job.job_id)
        assert (confirmation.object_id, confirmation.found["city"]) == (user, "Utopia")
        told = (await platform.operator.asking.overwriters(TENANT, job.job_id))[confirmation.change_id]
        assert told.log is Log.FOUND
        assert told.cause is not None
        assert (told.cause.app_id, told.cause.actor_name) == (CARELESS_SCRIPT.app_id, CARELESS_SCRIPT.name)
        (entry,) = [one async for one in platform.operator.entries.entries(TENANT, job.job_id)]
        assert entry.overwriter == told
        assert entry.standing == "overwritten"

    virtual_time.run(story())


def test_a_script_that_puts_the_harm_back_has_overwritten_the_change_although_it_looks_as_if_it_never_came() -> None:
    async def story() -> None:
        platform, job, user = await meddled(city="Atlantis")
        assert (job.counts["pending"], job.counts["overwriters"]) == (0, 1)
        (confirmation,) = await platform.operator.asking.confirmations(TENANT, job.job_id)
        assert (confirmation.object_id, confirmation.found) == (user, {"city": "Atlantis"})
        told = (await platform.operator.asking.overwriters(TENANT, job.job_id))[confirmation.change_id]
        assert told.cause is not None
        assert told.cause.app_id == CARELESS_SCRIPT.app_id
        (entry,) = [one async for one in platform.operator.entries.entries(TENANT, job.job_id)]
        assert (entry.standing, entry.overwriter) == ("overwritten", told)

    virtual_time.run(story())


def test_a_log_that_graph_refuses_is_said_and_the_recovery_succeeds() -> None:
    async def story() -> None:
        rule = Rule(kind=Fault.FORBIDDEN, path="/auditLogs/")
        platform, job, _user = await meddled(refusing=rule)
        assert rule.fired
        (told,) = (await platform.operator.asking.overwriters(TENANT, job.job_id)).values()
        assert (told.log, told.cause) == (Log.NOT_READABLE, None)

    virtual_time.run(story())


def test_without_anything_overwritten_the_log_is_not_read_for_who_did_it() -> None:
    """The reading asks it for chosen activities, of owners and sponsors."""

    async def story() -> None:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(clock=clock.unix_seconds, seed=5, objects=60, tenant_id=TENANT)
        platform = Platform(simulator, seed=5)
        capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
        (user, *_rest) = [
            known
            for known, body in simulator.tenant.directory.stores["user"].live.items()
            if not body.get("onPremisesSyncEnabled")
        ]
        simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user}", {"city": "Atlantis"})
        asked: list[str] = []
        platform.transport.after_request = asked.append
        wire = wire_snapshot_id(capture.snapshot_id)
        job = await platform.finish(
            await platform.operator.starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator")
        )
        assert (job.counts["confirmed"], job.counts.get("overwritten", 0)) == (1, 0)
        assert asked
        assert not [tail for tail in asked if "auditLogs" in tail and "startswith" not in tail]
        assert "trace" not in {batch.step for batch in await platform.operator.asking.batches(TENANT, job.job_id)}

    virtual_time.run(story())


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_while_it_traces_changes_nothing_of_what_is_told(when: str) -> None:
    async def undisturbed() -> tuple[int, object]:
        platform, job, _user = await meddled()
        return platform.deaths.calls, await platform.operator.asking.overwriters(TENANT, job.job_id)

    async def story(call: int) -> tuple[int, object]:
        deaths = Deaths({call: when})
        platform, job, _user = await meddled(deaths)
        return deaths.fired + deaths.withdrawn, await platform.operator.asking.overwriters(TENANT, job.job_id)

    calls, told = virtual_time.run(undisturbed())
    found = [virtual_time.run(story(call)) for call in range(calls - 40, calls - 10, 2)]
    assert all(fired == 1 for fired, _told in found)
    assert all(one == told for _fired, one in found)
