"""Rows of a report say who did it, what is at risk and who the other ends are, and are asked for by all of it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from functions.wire.row_filters import read_row_filter, read_row_order
from shared.domain.errors import InputError
from shared.domain.jobs import State
from simulator.applications import CARELESS_SCRIPT
from simulator.faults import Fault, Rule
from tests.support import virtual_time
from tests.support.platform import TENANT
from tests.unit.functions.worlds import Json, World

LOG_DELAY_SECONDS = 120.0


def static_group(world: World) -> str:
    """Return a cloud-managed group whose members may be written."""
    for group_id, body in world.simulator.tenant.directory.stores["group"].live.items():
        if not body.get("onPremisesSyncEnabled") and not body.get("groupTypes"):
            return str(group_id)
    raise AssertionError("the generated tenant has no static group")


async def damaged(world: World) -> tuple[str, str, list[str]]:
    """Change one user, delete another, add a member to a group; return the report's address and the three ids."""
    wire_id = await world.captured()
    user, gone, member = world.users()[:3]
    group = static_group(world)
    world.change(user, jobTitle="harmed")
    world.delete(gone)
    members = {str(one) for one in world.simulator.tenant.directory.links.targets(group, "members")}
    path = f"/groups/{group}/members"
    if member in members:
        world.simulator.act(CARELESS_SCRIPT, "DELETE", f"{path}/{member}/$ref")
    else:
        link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{member}"}
        world.simulator.act(CARELESS_SCRIPT, "POST", f"{path}/$ref", link)
    await world.clock.sleep(LOG_DELAY_SECONDS)
    job = await world.reported(wire_id)
    assert job.state is State.SUCCESSFUL, job.error
    return f"/snapshots/{wire_id}/recoveryPreviewJobs/{job.job_id}/getChanges", user, [gone, group, member]


async def rows(world: World, address: str, query: str = "") -> list[Json]:
    reply = await world.get(address + query)
    assert reply.status == 200, reply.body
    return reply.rows


def test_a_row_says_who_changed_it_when_and_with_which_application(world: World) -> None:
    async def story() -> None:
        address, user, (gone, group, member) = await damaged(world)
        by_id = {row["id"]: row for row in await rows(world, address)}
        for object_id, activity in ((user, "Update user"), (gone, "Delete user")):
            cause = by_id[object_id]["tidemark.cause"]
            assert (cause["log"], cause["activity"]) == ("found", activity)
            assert cause["appId"] == CARELESS_SCRIPT.app_id
            assert cause["changedDateTime"].endswith("Z")
        (linked,) = by_id[group]["deltaFromCurrent"]["members@delta"]
        assert linked["id"] == member
        live = world.simulator.tenant.directory.live(member)
        assert live is not None
        assert linked["tidemark.displayName"] == live[1]["displayName"]
        assert "member" in by_id[group]["tidemark.cause"]["activity"]
        assert by_id[gone]["tidemark.notWritten"] == {}

    virtual_time.run(story())


def test_the_log_is_read_once_for_the_window_whatever_the_number_of_changes(world: World) -> None:
    async def story() -> None:
        await damaged(world)
        asked = world.platform.transport.sent("directoryAudits")
        # The reading before asks for chosen activities, of owners and sponsors; the causes need all of them.
        assert len([one for one in asked if "startswith" not in one.tail]) == 1

    virtual_time.run(story())


def test_a_change_that_the_log_does_not_have_says_so(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        world.change(world.users()[0], jobTitle="harmed")
        job = await world.reported(wire_id)  # within the log's own delay
        page, _more = await world.product.showing.page(TENANT, job.job_id, skip=0, top=9)
        assert [(row.log, row.cause) for row in page] == [("not in the log", None)]

    virtual_time.run(story())


def test_a_log_that_may_not_be_read_is_said_and_the_report_succeeds(world: World) -> None:
    async def story() -> None:
        refusal = Rule(kind=Fault.FORBIDDEN, path="/auditLogs/directoryAudits", method="GET", times=99)
        world.simulator.world.faults.rules.append(refusal)
        address, _user, _others = await damaged(world)
        assert refusal.fired > 0
        assert {row["tidemark.cause"]["log"] for row in await rows(world, address)} == {
            "the audit log could not be read"
        }

    virtual_time.run(story())


QUERIES = [
    ("entityTypeName eq 'user'", 2),
    ("entityTypeName eq 'namedLocation' or entityTypeName eq 'namedLocationPolicy'", 0),
    ("entityTypeName eq 'USER' and recoveryAction eq 'restore'", 1),
    ("entityTypeName eq 'group' or recoveryAction eq 'restore'", 2),
    ("not (entityTypeName eq 'group')", 2),
    ("tidemark.property eq 'jobTitle'", 1),
    ("tidemark.property in ('jobTitle','members')", 2),
    ("tidemark.property ne 'jobTitle'", 2),
    ("tidemark.risk eq 'lockOut'", 0),
    ("contains(tidemark.text,'HARMED')", 1),
    ("contains(tidemark.changedByApp,'script')", 3),
    ("tidemark.changedDateTime ge 2020-01-01T00:00:00Z", 3),
    ("tidemark.changedDateTime lt 2020-01-01T00:00:00Z", 0),
    ("startswith(displayName,'')", 3),
    ("contains(tidemark.text,'it''s not there')", 0),
]


def test_rows_are_asked_for_by_type_action_property_risk_actor_time_and_text(world: World) -> None:
    async def story() -> None:
        address, _user, _others = await damaged(world)
        for query, count in QUERIES:
            found = await rows(world, f"{address}?$filter={quote(query)}")
            assert (query, len(found)) == (query, count)

    virtual_time.run(story())


def test_rows_are_sorted_and_paged_after_the_filter(world: World) -> None:
    async def story() -> None:
        address, _user, _others = await damaged(world)
        upward = [row["displayName"] for row in await rows(world, f"{address}?$orderby=displayName")]
        assert upward == sorted(upward, key=str.casefold)
        downward = await rows(world, f"{address}?$orderby=displayName%20desc&$top=1&$skip=1")
        assert [row["displayName"] for row in downward] == upward[-2:-1]
        users = "$filter=entityTypeName%20eq%20'user'"
        first = await world.get(f"{address}?{users}&$top=1")
        assert len(first.rows) == 1
        assert "entityTypeName" in first.json["@odata.nextLink"]
        assert len(await rows(world, f"{address}?{users}&$top=1&$skip=1")) == 1
        assert await rows(world, f"{address}?{users}&$top=1&$skip=2") == []

    virtual_time.run(story())


@pytest.mark.parametrize(
    "query",
    [
        "displayName",
        "displayName eq",
        "displayName eq Åse",
        "displayName like 'x'",
        "password eq 'x'",
        "displayName eq 'x' displayName",
        "(displayName eq 'x'",
        "contains(displayName 'x')",
        "displayName eq 'x' &",
        "tidemark.changedDateTime ge soon",
        "entityTypeName eq 'printer'",
        "recoveryAction in ('update','undo')",
        "tidemark.action ne 'undo'",
        "tidemark.risk eq 'high'",
        "not " * 60 + "id eq 'x'",
        "(" * 60 + "id eq 'x'" + ")" * 60,
        "id eq '" + "x" * 5000 + "'",
        "",
    ],
)
def test_a_filter_that_is_not_understood_is_refused_and_never_ignored(query: str) -> None:
    with pytest.raises(InputError):
        read_row_filter(query)


@pytest.mark.parametrize("text", ["", "password", "displayName up", "displayName asc desc"])
def test_an_order_that_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_row_order(text)
