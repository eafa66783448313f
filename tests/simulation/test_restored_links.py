"""A restore brings most references back by itself; those that were taken away before the deletion it does not."""

from __future__ import annotations

from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Options, State
from shared.domain.scope import Scope
from simulator.applications import CARELESS_SCRIPT
from simulator.service import Simulator
from tests.simulation.worlds import NARROW, NARROW_TYPES
from tests.support import virtual_time
from tests.support.pictures import differing, picture
from tests.support.platform import TENANT, Platform


def test_a_member_taken_out_of_its_group_and_then_deleted_is_back_in_the_group_after_a_recovery() -> None:
    async def story() -> None:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(clock=clock.unix_seconds, seed=9, objects=40, tenant_id=TENANT)
        platform = Platform(simulator, seed=9)
        platform.application = NARROW
        directory = simulator.tenant.directory
        before = picture(directory)
        capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
        groups, users = directory.stores["group"].live, directory.stores["user"].live
        group_id, user_id = next(
            (group, one)
            for group in sorted(groups)
            if not groups[group].get("groupTypes")
            for one in sorted(directory.links.targets(group, "members"))
            if one in users and not users[one].get("onPremisesSyncEnabled")
        )
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{group_id}/members/{user_id}/$ref")
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/users/{user_id}")
        wire = wire_snapshot_id(capture.snapshot_id)
        job = await platform.finish(
            await platform.operator.starting.recovery(
                TENANT, wire, Scope(types=NARROW_TYPES), Options(), requested_by="operator"
            )
        )
        assert job.state is State.SUCCESSFUL
        assert job.counts["plannedLinks"] == 1
        assert user_id in directory.links.targets(group_id, "members")
        assert differing(before, picture(directory)) == []

    virtual_time.run(story())


def test_a_group_that_had_no_members_comes_back_without_those_it_got_before_it_was_deleted() -> None:
    async def story() -> None:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(clock=clock.unix_seconds, seed=9, objects=40, tenant_id=TENANT)
        platform = Platform(simulator, seed=9)
        platform.application = NARROW
        directory = simulator.tenant.directory
        body = {"displayName": "Team", "mailEnabled": False, "securityEnabled": True, "mailNickname": "team"}
        team = simulator.act(CARELESS_SCRIPT, "POST", "/groups", body).object_id
        capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
        user = min(directory.stores["user"].live)
        bound = {"members@odata.bind": [f"https://graph.microsoft.com/v1.0/directoryObjects/{user}"]}
        simulator.act(CARELESS_SCRIPT, "PATCH", f"/groups/{team}", bound)
        assert user in directory.links.targets(team, "members")
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{team}")
        started = await platform.operator.starting.recovery(
            TENANT, wire_snapshot_id(capture.snapshot_id), Scope(types=NARROW_TYPES), Options(), requested_by="operator"
        )
        job = await platform.finish(started)
        assert job.state is State.SUCCESSFUL
        assert team in directory.stores["group"].live
        assert not directory.links.targets(team, "members")

    virtual_time.run(story())


async def _a_group_with_members(platform: Platform) -> tuple[str, list[str]]:
    """Make a group of three cloud users; return its id and theirs."""
    simulator = platform.simulator
    body = {"displayName": "Team", "mailEnabled": False, "securityEnabled": True, "mailNickname": "team"}
    team = simulator.act(CARELESS_SCRIPT, "POST", "/groups", body).object_id
    users = simulator.tenant.directory.stores["user"].live
    chosen = [known for known in sorted(users) if not users[known].get("onPremisesSyncEnabled")][:3]
    _add(simulator, team, *chosen)
    return team, chosen


def _add(simulator: Simulator, group_id: str, *users: str) -> None:
    bound = [f"https://graph.microsoft.com/v1.0/directoryObjects/{user}" for user in users]
    simulator.act(CARELESS_SCRIPT, "PATCH", f"/groups/{group_id}", {"members@odata.bind": bound})


def _a_platform() -> Platform:
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=9, objects=40, tenant_id=TENANT)
    platform = Platform(simulator, seed=9)
    platform.application = NARROW
    return platform


def test_a_member_that_stays_in_the_recycle_bin_is_not_linked_while_the_others_are() -> None:
    async def story() -> None:
        platform = _a_platform()
        starting, simulator = platform.operator.starting, platform.simulator
        team, (taken, deleted, _kept) = await _a_group_with_members(platform)
        capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{team}/members/{taken}/$ref")
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/users/{deleted}")
        wire = wire_snapshot_id(capture.snapshot_id)
        job = await platform.finish(
            await starting.recovery(TENANT, wire, Scope(types=("group",)), Options(), requested_by="operator")
        )
        assert job.state is State.SUCCESSFUL
        assert (job.counts["plannedLinks"], job.counts["links.applied"]) == (1, 1)
        assert job.counts["confirmed"] == 1
        assert not {name for name in job.counts if name in {"pending", "links.failed", "links.alreadyRight"}}
        assert taken in simulator.tenant.directory.links.targets(team, "members")

    virtual_time.run(story())


def test_a_member_that_was_in_the_recycle_bin_then_and_is_back_keeps_its_place_in_the_group() -> None:
    async def story() -> None:
        platform = _a_platform()
        starting, simulator = platform.operator.starting, platform.simulator
        team, (taken, back, _kept) = await _a_group_with_members(platform)
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/users/{back}")
        capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
        simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{team}/members/{taken}/$ref")
        simulator.act(CARELESS_SCRIPT, "POST", f"/directory/deletedItems/{back}/restore")
        assert back in simulator.tenant.directory.links.targets(team, "members")
        job = await platform.finish(
            await starting.recovery(
                TENANT, wire_snapshot_id(capture.snapshot_id), Scope(types=NARROW_TYPES), Options(), requested_by="op"
            )
        )
        assert job.state is State.SUCCESSFUL
        assert job.counts["plannedLinks"] == 1
        assert {taken, back} <= set(simulator.tenant.directory.links.targets(team, "members"))

    virtual_time.run(story())
