"""A blueprint, its principal, an agent and its user are purged: all come back, each naming the new ones."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.changes import Action, Result
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import State
from shared.domain.renewals import new_ids
from simulator.faults import Fault, Faults, Rule
from simulator.service import Simulator
from tests.simulation.purges import Purger, census
from tests.simulation.test_recreation import Purged
from tests.support import virtual_time
from tests.support.deaths import Deaths
from tests.support.platform import TENANT, Platform

AGENT, PRINCIPAL = "#microsoft.graph.agentIdentity", "#microsoft.graph.agentIdentityBlueprintPrincipal"
BLUEPRINT, AGENT_USER = "#microsoft.graph.agentIdentityBlueprint", "#microsoft.graph.agentUser"


def of_kind(simulator: Simulator, type_name: str, kind: str) -> list[dict[str, Any]]:
    live = simulator.tenant.directory.stores[type_name].live.values()
    return [dict(one) for one in live if one.get("@odata.type") == kind]


class Family:
    """One agent with everything it hangs on, by id."""

    def __init__(self, simulator: Simulator) -> None:
        self.user = of_kind(simulator, "user", AGENT_USER)[0]
        agents = {one["id"]: one for one in of_kind(simulator, "servicePrincipal", AGENT)}
        self.agent = agents[self.user["identityParentId"]]
        app_id = self.agent["agentIdentityBlueprintId"]
        self.blueprint = next(one for one in of_kind(simulator, "application", BLUEPRINT) if one["appId"] == app_id)
        principals = of_kind(simulator, "servicePrincipal", PRINCIPAL)
        self.principal = next(one for one in principals if one["appId"] == app_id)

        made = [one for one in agents.values() if one["agentIdentityBlueprintId"] == app_id]
        self.siblings = [one["id"] for one in made if one["id"] != self.agent["id"]]

    def is_of_a_sibling(self, line: str) -> bool:
        """Tell whether a line of a census is about an agent that stayed: it names its purged blueprint for ever."""
        return any(f'"id":"{one}"' in line for one in self.siblings)

    def members(self) -> list[tuple[str, str]]:
        """Return type and id, whatever hangs on another first."""
        services = [("servicePrincipal", self.agent["id"]), ("servicePrincipal", self.principal["id"])]
        return [("user", self.user["id"]), *services, ("application", self.blueprint["id"])]


async def purged_family(deaths: Deaths | None = None) -> tuple[Purged, Family]:
    clock = virtual_time.VirtualClock()
    simulator = Simulator(clock=clock.unix_seconds, seed=6, objects=150, tenant_id=TENANT, is_mixed=True)
    platform = Platform(simulator, seed=6)
    capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
    assert capture.state is State.SUCCESSFUL
    made, family = Purged(platform, wire_snapshot_id(capture.snapshot_id), census(simulator)), Family(simulator)
    purger = Purger(simulator, platform.clock)
    for type_name, object_id in family.members():
        await purger.purge(type_name, object_id)
    made.purged = purger.purged
    platform.deaths = deaths or Deaths()
    return made, family


@pytest.mark.parametrize("has_deaths", [False, True])
def test_a_whole_family_of_agents_comes_back_and_names_its_new_members(has_deaths: bool) -> None:
    async def story() -> None:
        deaths = Deaths(dict.fromkeys(range(120, 700, 53), "after")) if has_deaths else Deaths()
        made, old = await purged_family(deaths)
        job = await made.recover()
        assert job.state is State.SUCCESSFUL, job.error
        simulator, ids = made.platform.simulator, new_ids(await made.renewals())
        outcomes = await made.outcomes(job)
        anew = [one for one in outcomes if one.action is Action.RECREATE and one.new_id]
        assert {one.object_id for one in anew} == {known for _type, known in old.members()}
        agents = {one["id"]: one for one in of_kind(simulator, "servicePrincipal", AGENT)}
        users = {one["id"]: one for one in of_kind(simulator, "user", AGENT_USER)}
        agent = agents[ids[old.agent["id"]]]
        assert agent["agentIdentityBlueprintId"] == ids[old.blueprint["appId"]]
        assert users[ids[old.user["id"]]]["identityParentId"] == agent["id"]
        assert ids[old.principal["id"]] in {one["id"] for one in of_kind(simulator, "servicePrincipal", PRINCIPAL)}
        assert [one for one in outcomes if one.result is Result.FAILED] == []
        apart = [line for side in await made.missing_and_extra() for line in side if not old.is_of_a_sibling(line)]
        assert apart == []
        told = [said for said in job.warnings if "agentIdentityBlueprintId, which Graph fixes at creation" in said]
        assert len(told) == len(old.siblings) > 0
        assert deaths.fired >= 3 or not has_deaths

    virtual_time.run(story())


def test_an_agent_whose_blueprint_does_not_come_back_says_so_and_comes_with_a_retry() -> None:
    async def story() -> None:
        made, old = await purged_family()
        simulator = made.platform.simulator
        path = "^/applications/microsoft.graph.agentIdentityBlueprint"
        refusal = Rule(kind=Fault.FORBIDDEN, method="POST", path=path)
        simulator.world.faults = Faults([refusal], seed=1)
        job = await made.recover()
        assert refusal.fired
        failed = {one.object_id: one.message for one in await made.outcomes(job) if one.action is Action.RECREATE}
        assert "its blueprint is not there" in failed[old.agent["id"]]
        assert "its application is not there" in failed[old.principal["id"]]
        assert "the agent identity that it acts for is not there" in failed[old.user["id"]]
        simulator.world.faults = Faults()
        starting = made.platform.operator.starting
        retry = await made.platform.finish(await starting.repeat(TENANT, job.job_id, requested_by="me"))
        assert retry.state is State.SUCCESSFUL, retry.error
        assert not retry.counts.get("objects.failed")
        apart = [line for side in await made.missing_and_extra() for line in side if not old.is_of_a_sibling(line)]
        assert apart == []

    virtual_time.run(story())
