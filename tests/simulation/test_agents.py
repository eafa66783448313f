"""Agents, their blueprints and their users: what they alone have is captured, compared, and set back if it can be."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.domain.changes import Action, Difference
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from tests.simulation.days import Days
from tests.support import virtual_time
from tests.support.platform import TENANT

AGENT, BLUEPRINT_PRINCIPAL = "#microsoft.graph.agentIdentity", "#microsoft.graph.agentIdentityBlueprintPrincipal"
BLUEPRINT, AGENT_USER = "#microsoft.graph.agentIdentityBlueprint", "#microsoft.graph.agentUser"
Json = dict[str, Any]


def of_kind(days: Days, store: str, kind: str) -> list[Json]:
    """Return the live objects of a derived type, as the tenant holds them."""
    live: dict[str, Json] = days.simulator.tenant.directory.stores[store].live
    return [thing for thing in live.values() if thing.get("@odata.type") == kind]


async def rows_of(days: Days, report: Job, object_id: str) -> list[Difference]:
    """Return the rows of a report about one object."""
    found = days.platform.operator.showing.rows(TENANT, report.job_id)
    return [row.difference async for row in found if row.difference.object_id == object_id]


async def captured_body(days: Days, job: Job, type_name: str, object_id: str) -> Json:
    """Return what `job` captured of an object."""
    found = await days.platform.operator.searching.whole(TENANT, job.snapshot_id, object_id, type_name=type_name)
    body: Json = found.match.body
    return body


def test_an_agent_is_captured_with_its_blueprint_and_keeps_it_when_delta_names_the_agent() -> None:
    async def story() -> None:
        days = Days(1, objects=120, is_mixed=True)
        agent = of_kind(days, "servicePrincipal", AGENT)[0]
        user = of_kind(days, "user", AGENT_USER)[0]
        first = await days.captured()
        body = await captured_body(days, first, "servicePrincipal", agent["id"])
        assert body["agentIdentityBlueprintId"] == agent["agentIdentityBlueprintId"]
        seen = await captured_body(days, first, "user", user["id"])
        assert seen["identityParentId"] == user["identityParentId"]
        at = days.clock.unix_seconds()
        days.simulator.tenant.directory.update("servicePrincipal", agent["id"], {"displayName": "Renamed"}, at)
        second = await days.captured()
        assert days.ways(second)["servicePrincipal"] == "delta"
        body = await captured_body(days, second, "servicePrincipal", agent["id"])
        assert (body["displayName"], body["agentIdentityBlueprintId"]) == (
            "Renamed",
            agent["agentIdentityBlueprintId"],
        )
        assert await days.found(second) == 0

    virtual_time.run(story())


@pytest.mark.parametrize(
    ("store", "kind"),
    [("servicePrincipal", AGENT), ("servicePrincipal", BLUEPRINT_PRINCIPAL), ("application", BLUEPRINT)],
)
def test_sponsors_of_agents_and_their_blueprints_are_compared_and_set_back(store: str, kind: str) -> None:
    async def story() -> None:
        days = Days(2, objects=120, is_mixed=True)
        directory, at = days.simulator.tenant.directory, days.clock.unix_seconds()
        thing = of_kind(days, store, kind)[0]["id"]
        people = sorted(directory.stores["user"].live)
        directory.link(thing, "sponsors", people[0], at)
        before = set(directory.links.targets(thing, "sponsors"))
        job = await days.captured()
        for other in before:
            directory.unlink(thing, "sponsors", other, days.clock.unix_seconds())
        directory.link(thing, "sponsors", people[1], days.clock.unix_seconds())
        report = await days.reported(job)
        [row] = await rows_of(days, report, thing)
        assert {(link.reference, link.action) for link in row.links} == {
            ("sponsors", Action.LINK),
            ("sponsors", Action.UNLINK),
        }
        starting = days.platform.operator.starting
        wire = wire_snapshot_id(job.snapshot_id)
        recovery = await days.platform.finish(
            await starting.recovery(TENANT, wire, EVERYTHING, Options(), requested_by="operator")
        )
        assert recovery.state is State.SUCCESSFUL, recovery.error
        assert set(directory.links.targets(thing, "sponsors")) == before
        assert await days.found(job) == 0

    virtual_time.run(story())


def test_a_deleted_agent_is_to_be_restored_and_its_blueprint_is_no_difference() -> None:
    async def story() -> None:
        days = Days(3, objects=120, is_mixed=True)
        agent = of_kind(days, "servicePrincipal", AGENT)[0]["id"]
        job = await days.captured()
        days.simulator.tenant.directory.soft_delete("servicePrincipal", agent, days.clock.unix_seconds())
        report = await days.reported(job)
        [row] = await rows_of(days, report, agent)
        assert row.action is Action.RESTORE
        assert b"agentIdentityBlueprintId" not in msgspec.json.encode(row)

    virtual_time.run(story())
