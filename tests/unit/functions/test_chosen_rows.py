"""Recoveries of chosen rows and properties of a report, over HTTP; what is wrong with a choice is named."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.jobs import State
from simulator.applications import CARELESS_SCRIPT
from tests.support import virtual_time
from tests.support.platform import TENANT
from tests.unit.functions.worlds import Reply, World

GUID = "11111111-aaaa-4bbb-8ccc-000000000001"
ROWS = "tidemark.rows"


def a_choice(report: object, *rows: object) -> dict[str, Any]:
    return {ROWS: {"report": report, "rows": list(rows)}}


def user(user_id: str, *properties: str) -> dict[str, Any]:
    return {"entityType": "user", "id": user_id, **({"properties": list(properties)} if properties else {})}


async def harmed(world: World) -> tuple[str, list[str], str]:
    """Return the snapshot, two harmed users and the report that shows them."""
    wire = await world.captured()
    users = world.users()[:2]
    for one in users:
        world.change(one, jobTitle="harmed", city="Nowhere")
    return wire, users, (await world.reported(wire)).job_id


async def ended(world: World, reply: Reply) -> dict[str, Any]:
    """Return the job that a 202 names, at its end."""
    assert reply.status == 202, reply.body
    job_id = reply.headers["location"].rsplit("/", 1)[-1]
    await world.platform.finish(await world.product.ledger.job(TENANT, job_id))
    return (await world.get(f"/jobs/{job_id}")).json


def test_only_what_was_chosen_is_brought_back_and_the_rest_has_a_reason(world: World) -> None:
    async def story() -> None:
        wire, (first, second), report = await harmed(world)
        live = world.simulator.tenant.directory.stores["user"].live
        body = a_choice(report, user(first, "jobTitle"))
        job = await ended(world, await world.post(f"/snapshots/{wire}/recoveryJobs", body))
        assert (job["status"], job["totalObjectsModified"]) == ("successful", 1)
        assert live[first].get("jobTitle") != "harmed"
        assert (live[first]["city"], live[second]["jobTitle"]) == ("Nowhere", "harmed")
        assert job["tidemark.leftAlone"] == {
            "not among the rows that were chosen": 1,
            "properties and references of a chosen row that were not chosen": 1,
        }
        assert job[ROWS] == {"report": report, "rows": [user(first, "jobTitle")], "others": 1}

    virtual_time.run(story())


def test_a_plan_of_chosen_rows_is_carried_out_with_the_same_choice_only(world: World) -> None:
    async def story() -> None:
        wire, (first, second), report = await harmed(world)
        planned = {"tidemark.options": {"plan": True}}
        at = f"/snapshots/{wire}/recoveryPreviewJobs"
        plans = [
            await ended(world, await world.post(at, planned | a_choice(report, user(*chosen))))
            for chosen in ((first,), (first, "city"), (second,), (first, "city", "jobTitle"))
        ]
        digests = {plan["tidemark.plan"]["digest"] for plan in plans}
        assert len(digests) == 4, "the digest covers the choice itself, also where it comes to the same changes"
        by = {"tidemark.options": {"plannedBy": plans[0]["id"]}}
        other = await world.post(f"/snapshots/{wire}/recoveryJobs", by | a_choice(report, user(second)))
        assert (other.status, other.error["tidemark.member"]) == (400, "plannedBy")
        assert (await world.post(f"/snapshots/{wire}/recoveryJobs", by)).status == 400
        done = await ended(
            world, await world.post(f"/snapshots/{wire}/recoveryJobs", by | a_choice(report, user(first)))
        )
        assert (done["status"], done["totalObjectsModified"]) == ("successful", 1)

    virtual_time.run(story())


def test_only_the_chosen_references_of_a_group_are_written(world: World) -> None:
    async def story() -> None:
        wire = await world.captured()
        links, live = world.simulator.tenant.directory.links, world.simulator.tenant.directory.stores["group"].live
        group = next(
            one for one, body in live.items()
            if links.targets(one, "members") and links.targets(one, "owners")
            and not body.get("onPremisesSyncEnabled") and not body.get("groupTypes")
        )  # fmt: skip
        before = {name: set(links.targets(group, name)) for name in ("members", "owners")}
        member, owner = next(iter(before["members"])), next(iter(before["owners"]))
        for name, other in (("members", member), ("owners", owner)):
            world.simulator.act(CARELESS_SCRIPT, "DELETE", f"/groups/{group}/{name}/{other}/$ref")
        report = (await world.reported(wire)).job_id
        row = {"entityType": "group", "id": group, "properties": ["members"]}
        job = await ended(world, await world.post(f"/snapshots/{wire}/recoveryJobs", a_choice(report, row)))
        assert (job["status"], job["totalLinksModified"]) == ("successful", 1)
        assert set(links.targets(group, "members")) == before["members"]
        assert owner not in set(links.targets(group, "owners"))

    virtual_time.run(story())


BAD: dict[str, tuple[object, str]] = {
    "no object": ("all", ROWS),
    "an unknown member": ({"report": GUID, "rows": [], "except": []}, f"{ROWS}.except"),
    "no report": ({"rows": [user(GUID)]}, f"{ROWS}.report"),
    "no rows": ({"report": GUID}, f"{ROWS}.rows"),
    "empty rows": ({"report": GUID, "rows": []}, f"{ROWS}.rows"),
    "a row that is no object": ({"report": GUID, "rows": [GUID]}, f"{ROWS}.rows[0]"),
    "a row of no type": ({"report": GUID, "rows": [{"id": GUID}]}, f"{ROWS}.rows[0].entityType"),
    "a row of no id": ({"report": GUID, "rows": [{"entityType": "user"}]}, f"{ROWS}.rows[0].id"),
    "an unknown member of a row": ({"report": GUID, "rows": [{**user(GUID), "all": True}]}, f"{ROWS}.rows[0].all"),
    "empty properties": ({"report": GUID, "rows": [{**user(GUID), "properties": []}]}, f"{ROWS}.rows[0].properties"),
    "a property that is no text": ({"report": GUID, "rows": [{**user(GUID), "properties": [1]}]},
                                   f"{ROWS}.rows[0].properties[0]"),
    "a row twice": ({"report": GUID, "rows": [user(GUID), user(GUID, "city")]}, f"{ROWS}.rows[1]"),
    "too many rows": ({"report": GUID, "rows": [user(GUID)] * 2_001}, f"{ROWS}.rows"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "member"), BAD.values(), ids=BAD.keys())
def test_a_wrong_choice_is_400_names_its_member_and_starts_nothing(world: World, value: object, member: str) -> None:
    async def story() -> None:
        wire = await world.captured()
        reply = await world.post(f"/snapshots/{wire}/recoveryJobs", {ROWS: value})
        assert (reply.status, reply.error["tidemark.member"]) == (400, member)
        assert (await world.get("/jobs/$count")).body == b"1"

    virtual_time.run(story())


def test_rows_and_properties_that_the_report_does_not_have_are_named(world: World) -> None:
    async def story() -> None:
        wire, (first, _second), report = await harmed(world)
        at = f"/snapshots/{wire}/recoveryJobs"
        for body, named in (
            (a_choice(report, user(first), user(GUID)), f"no row of user {GUID}"),
            (
                a_choice(report, user(first, "jobTitle", "surname")),
                "does not differ in 'surname'; it has city, jobTitle",
            ),
            (a_choice(report, user(first)) | {"filteringCriteria": {"@odata.type": "x"}}, "x"),
        ):
            reply = await world.post(at, body)
            assert reply.status == 400
            assert named in reply.error["message"]
        assert (await world.post(at, a_choice(GUID, user(first)))).status == 404
        plain = await world.post(f"/snapshots/{wire}/recoveryPreviewJobs", a_choice(report, user(first)))
        assert (plain.status, plain.error["tidemark.member"]) == (400, ROWS)
        jobs = (await world.get("/jobs/$count")).body
        await world.clock.sleep(60.0)
        other = await world.captured()
        wrong = await world.post(f"/snapshots/{other}/recoveryJobs", a_choice(report, user(first)))
        assert (wrong.status, wrong.error["tidemark.member"]) == (400, f"{ROWS}.report")
        assert jobs == b"2"

    virtual_time.run(story())


def test_a_deleted_object_is_restored_whatever_else_of_it_is_chosen(world: World) -> None:
    async def story() -> None:
        wire = await world.captured()
        (gone, *_rest) = world.users()
        world.change(gone, jobTitle="harmed", city="Nowhere")
        world.delete(gone)
        report = (await world.reported(wire)).job_id
        job = await ended(
            world, await world.post(f"/snapshots/{wire}/recoveryJobs", a_choice(report, user(gone, "city")))
        )
        assert job["status"] == State.SUCCESSFUL
        back = world.simulator.tenant.directory.stores["user"].live[gone]
        assert (back["jobTitle"], back.get("city") != "Nowhere") == ("harmed", True)

    virtual_time.run(story())
