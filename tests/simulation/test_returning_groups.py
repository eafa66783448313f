"""Groups that come back with memberships that nobody could see: never is an emergency account locked out for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from shared.domain.changes import Outcome
from shared.domain.jobs import Job, State
from simulator.applications import CARELESS_SCRIPT
from tests.simulation.test_lock_out import BLOCK, accounts, change, live, policy, recovered, write, writes
from tests.support import virtual_time
from tests.support.deaths import Deaths, Instance
from tests.support.platform import TENANT, Platform

ROOT = "https://graph.microsoft.com/v1.0/directoryObjects/"


def made(platform: Platform, name: str) -> str:
    """Create a group as an administrator would; return its id."""
    body = {"displayName": name, "mailEnabled": False, "securityEnabled": True, "mailNickname": name.lower()}
    return str(platform.simulator.act(CARELESS_SCRIPT, "POST", "/groups", body).object_id)


def join(platform: Platform, group: str, member: str) -> None:
    write(platform, "POST", f"/groups/{group}/members/$ref", {"@odata.id": ROOT + member})


def test_an_account_is_not_put_back_into_a_group_within_a_blocked_one() -> None:
    """Who is in which group is known of no account there now; where the group is, only its own links tell."""
    inner: list[str] = []

    def nest(platform: Platform) -> None:
        team, within = made(platform, "Team"), made(platform, "Inner")
        inner.append(within)
        for member in accounts(platform):
            join(platform, within, member)
        join(platform, team, within)
        users = {"includeUsers": [], "includeGroups": [team], "excludeGroups": []}
        change(platform, conditions={"users": users}, grantControls=BLOCK)

    def leave(platform: Platform) -> None:
        for member in accounts(platform):
            write(platform, "DELETE", f"/groups/{inner[0]}/members/{member}/$ref")

    platform, job = recovered(nest, leave)
    assert job.error_code == "lock-out"
    assert policy(platform) in job.error
    assert "wave links" in job.error


def test_an_undo_does_not_put_an_account_back_into_a_group_within_a_blocked_one() -> None:
    """Neither the snapshot nor the tenant has an account in the group: only what the recovery found had."""
    inner: list[str] = []

    def nest(platform: Platform) -> None:
        team, within = made(platform, "Team"), made(platform, "Inner")
        inner.append(within)
        join(platform, team, within)
        users = {"includeUsers": [], "includeGroups": [team], "excludeGroups": []}
        change(platform, conditions={"users": users}, grantControls=BLOCK)

    async def undone(platform: Platform, job: Job) -> Job:
        return await platform.finish(await platform.operator.starting.undo(TENANT, job.job_id, requested_by="operator"))

    platform, job = recovered(nest, lambda platform: join(platform, inner[0], accounts(platform)[0]))
    assert job.counts["links.applied"] == 1
    undo = virtual_time.run(undone(platform, job))
    assert undo.error_code == "lock-out"
    assert policy(platform) in undo.error


class Nesting:
    """A team that a policy blocks, and a group of the emergency accounts that is put into it and then deleted."""

    def __init__(self, *, has_accounts: bool = True) -> None:
        self.team, self.inner, self.has_accounts = "", "", has_accounts

    def before(self, platform: Platform) -> None:
        self.team, self.inner = made(platform, "Team"), made(platform, "Inner")
        for account in accounts(platform) if self.has_accounts else ():
            join(platform, self.inner, account)
        users = {"includeUsers": [], "includeGroups": [self.team], "excludeGroups": []}
        change(platform, conditions={"users": users}, grantControls=BLOCK)

    def harm(self, platform: Platform) -> None:
        join(platform, self.team, self.inner)
        write(platform, "DELETE", f"/groups/{self.inner}")


async def repeated(platform: Platform, job: Job) -> Job:
    """Repeat what failed although nothing was mended."""
    starting = platform.operator.starting
    return await platform.finish(await starting.repeat(TENANT, job.job_id, requested_by="operator"))


def outcomes(platform: Platform, job: Job) -> list[Outcome]:
    return virtual_time.run(platform.operator.asking.outcomes(TENANT, job.job_id))


def test_a_group_that_comes_back_into_a_blocked_one_with_emergency_accounts_is_taken_back() -> None:
    nesting = Nesting()
    platform, job = recovered(nesting.before, nesting.harm)
    assert job.state is State.SUCCESSFUL, job.error
    assert nesting.inner in platform.simulator.tenant.directory.stores["group"].deleted
    (held,) = [one for one in outcomes(platform, job) if one.error_code == "lock-out"]
    assert held.object_id == nesting.inner
    assert "rule 2: policy 'Everyone" in held.message
    assert policy(platform) in held.message
    assert "wave restore" in held.message
    assert any("1 groups were taken back" in said for said in job.warnings)
    ours = writes(platform)
    restored = next(place for place, one in enumerate(ours) if one.path.endswith(f"{nesting.inner}/restore"))
    assert (ours[restored + 1].method, ours[restored + 1].object_id) == ("DELETE", nesting.inner)
    assert platform.simulator.tenant.history.hard_deletes == 0
    again = virtual_time.run(repeated(platform, job))
    assert [one.error_code for one in outcomes(platform, again)] == ["lock-out"]


class DiesOnce(Deaths):
    """Kills the worker after the first call at whose end something is so."""

    def __init__(self, test: Callable[[], bool]) -> None:
        super().__init__()
        self._test = test

    async def around(self, act: Callable[[], Awaitable[Any]], instance: Instance) -> Any:
        result = await super().around(act, instance)
        if not self.fired and self._test():
            self._kill(instance, "after")
        return result


def test_a_worker_that_dies_right_after_the_restore_leaves_the_taking_back_to_the_next() -> None:
    nesting, deaths = Nesting(), list[Deaths]()

    def harm(platform: Platform) -> None:
        nesting.harm(platform)
        deaths.append(DiesOnce(lambda: nesting.inner in live(platform, "group")))
        platform.deaths = deaths[0]

    platform, job = recovered(nesting.before, harm)
    assert deaths[0].fired == 1
    assert job.state is State.SUCCESSFUL, job.error
    assert nesting.inner in platform.simulator.tenant.directory.stores["group"].deleted
    assert [one.error_code for one in outcomes(platform, job) if one.error_code] == ["lock-out"]


def test_one_that_comes_back_into_a_blocked_group_without_them_stays() -> None:
    nesting = Nesting(has_accounts=False)
    platform, job = recovered(nesting.before, nesting.harm)
    assert job.state is State.SUCCESSFUL, job.error
    assert nesting.inner in live(platform, "group")
    assert not job.warnings
