"""Drift from end to end: snapshots are judged as they are sealed, items keep their state, alerts come once."""

from __future__ import annotations

import msgspec

from shared.domain.jobs import State
from tests.support import virtual_time
from tests.support.platform import TENANT
from tests.unit.functions.worlds import Json, World

RULES: Json = {"isOn": True, "rules": [{"name": "titles", "properties": ["jobTitle"]}]}
HOUR = 3600.0


async def settled(world: World) -> list[str]:
    """Let the watch look until it has nothing to do; return what it said."""
    said: list[str] = []
    for _look in range(12):
        said.append(await world.product.drifting.look(TENANT))
        if said[-1] in {"nothing to do", "off"}:
            return said
        await world.platform.run_until_idle()
        await world.clock.sleep(60.0)
    raise AssertionError(said)


async def set_to(world: World, body: Json, **named: str) -> Json:
    reply = await world.post("/tidemark.drift", body, **named)
    assert reply.status == 200, reply.body
    return reply.json


async def items(world: World, query: str = "") -> list[Json]:
    reply = await world.get(f"/tidemark.driftItems{query}")
    assert reply.status == 200, reply.body
    return reply.rows


async def next_snapshot(world: World) -> None:
    await world.clock.sleep(HOUR)
    await world.captured()
    await settled(world)


def test_a_new_snapshot_is_compared_with_the_pinned_baseline_and_alerts_come_once(world: World) -> None:
    async def story() -> None:
        await world.captured()
        good = await world.product.snapshots.latest(TENANT)
        assert good is not None
        await set_to(world, RULES | {"baseline": good.snapshot_id})
        await settled(world)
        assert await items(world) == []
        user, other = world.users()[:2]
        world.change(user, jobTitle="harmed", city="elsewhere")
        await next_snapshot(world)
        (item,) = await items(world)
        assert (item["id"], item["what"], item["state"], item["rules"]) == (user, "jobTitle", "new", ["titles"])
        sent = world.platform.alerts.sent
        assert sorted(channel for channel, _id, _content in sent) == ["teams", "webhook"]
        body = msgspec.json.decode(next(content for channel, _id, content in sent if channel == "webhook"))
        assert ([one["itemId"] for one in body["items"]], body["baseline"]) == ([item["itemId"]], good.snapshot_id)
        world.change(other, jobTitle="harmed too")
        await next_snapshot(world)
        assert sorted(one["id"] for one in await items(world)) == sorted([user, other])
        latest = msgspec.json.decode(sent[-1][2] if sent[-1][0] == "webhook" else sent[-2][2])
        assert ([one["id"] for one in latest["items"]], len(sent)) == ([other], 4)
        await settled(world)
        assert len(sent) == 4

    virtual_time.run(story())


def test_decisions_are_kept_over_snapshots_until_the_value_changes_or_goes(world: World) -> None:
    async def story() -> None:
        await world.captured()
        good = await world.product.snapshots.latest(TENANT)
        assert good is not None
        await set_to(world, RULES | {"baseline": good.snapshot_id})
        user = world.users()[0]
        was = world.simulator.tenant.directory.stores["user"].live[user].get("jobTitle")
        world.change(user, jobTitle="harmed")
        await next_snapshot(world)
        (item,) = await items(world)
        accepted = await world.post(f"/tidemark.driftItems/{item['itemId']}/accept", {"note": "a promotion"})
        assert (accepted.json["state"], accepted.json["note"]) == ("accepted", "a promotion")
        await next_snapshot(world)
        (kept,) = await items(world, "?state=accepted")
        assert (kept["decidedBy"], kept["note"]) == (accepted.json["decidedBy"], "a promotion")
        world.change(user, jobTitle="harmed again")
        await next_snapshot(world)
        assert [one["state"] for one in await items(world)] == ["new"]
        assert (await world.post(f"/tidemark.driftItems/{item['itemId']}/deny")).json["state"] == "denied"
        world.change(user, jobTitle=was)
        await next_snapshot(world)
        assert [one["state"] for one in await items(world)] == ["resolved"]
        refused = await world.post(f"/tidemark.driftItems/{item['itemId']}/accept")
        assert refused.status == 400
        assert (await world.get("/tidemark.drift")).json["counts"] == {"resolved": 1}

    virtual_time.run(story())


def test_without_a_baseline_each_snapshot_is_compared_with_the_one_before(world: World) -> None:
    async def story() -> None:
        await world.captured()
        await set_to(world, RULES)
        assert await settled(world) == ["nothing to compare with", "nothing to do"]
        world.change(world.users()[0], jobTitle="harmed")
        await next_snapshot(world)
        assert [one["state"] for one in await items(world)] == ["new"]
        await next_snapshot(world)
        assert [one["state"] for one in await items(world)] == ["resolved"]

    virtual_time.run(story())


def test_an_alert_that_nobody_takes_is_sent_again_with_the_same_id_until_it_is(world: World) -> None:
    async def story() -> None:
        await world.captured()
        await set_to(world, RULES)
        await settled(world)
        world.change(world.users()[0], jobTitle="harmed")
        world.platform.alerts.refusals = 5
        await next_snapshot(world)
        for _minute in range(30):
            await world.product.drifting.look(TENANT)
            await world.clock.sleep(60.0)
        assert world.platform.alerts.refusals == 0
        sent = world.platform.alerts.sent
        assert sorted(channel for channel, _id, _content in sent) == ["teams", "webhook"]
        assert len({identity for _channel, identity, _content in sent}) == 1
        assert (await world.get("/tidemark.drift")).json["alertsWaiting"] == 0

    virtual_time.run(story())


def test_two_watches_at_once_start_one_comparison_and_judge_once(world: World) -> None:
    async def story() -> None:
        await world.captured()
        await set_to(world, RULES)
        await settled(world)
        world.change(world.users()[0], jobTitle="harmed")
        await world.clock.sleep(HOUR)
        await world.captured()
        before = len(await world.product.ledger.jobs(TENANT))
        said = [await world.product.drifting.look(TENANT) for _look in range(2)]
        assert said == ["comparing", "comparing"]
        assert len(await world.product.ledger.jobs(TENANT)) == before + 1
        await settled(world)
        assert len(world.platform.alerts.sent) == 2

    virtual_time.run(story())


def test_a_comparison_that_fails_is_said_and_does_not_come_back_each_minute(world: World) -> None:
    async def story() -> None:
        await world.captured()
        await set_to(world, RULES)
        await settled(world)
        await world.clock.sleep(HOUR)
        await world.captured()
        newest = await world.product.snapshots.latest(TENANT)
        assert newest is not None
        reader = await world.product.snapshots.open(TENANT, newest.snapshot_id)
        name = next(file.name for file in reader.manifest.files if file.part == "index")
        world.platform.vault.contents[name] = b"damaged"
        said = await settled(world)
        assert said[-2:] == ["failed", "nothing to do"]
        assert name in (await world.get("/tidemark.drift")).json["error"]
        jobs = await world.product.ledger.jobs(TENANT)
        assert [job.state for job in jobs if job.requested_by == "drift"] == [State.FAILED]

    virtual_time.run(story())


def test_settings_that_would_watch_something_else_are_refused(world: World) -> None:
    async def story() -> None:
        allowed = {"type": "user", "owner": "ops", "expiresAt": "2027-01-01T00:00:00Z"}
        wrong: list[Json] = [
            {},
            {"isOn": "yes"},
            {"isOn": True, "rule": []},
            {"isOn": True, "rules": [{"name": ""}]},
            {"isOn": True, "rules": [{"name": "a", "type": ["user"]}]},
            {"isOn": True, "rules": [{"name": "a", "types": ["device"]}]},
            {"isOn": True, "rules": [{"name": "a", "risks": ["danger"]}]},
            {"isOn": True, "rules": [{"name": "a", "atLeast": 0}]},
            {"isOn": True, "rules": [{"name": "a"}, {"name": "a"}]},
            {"isOn": True, "allowed": [{"type": "user", "expiresAt": "2027-01-01T00:00:00Z"}]},
            {"isOn": True, "allowed": [allowed | {"expiresAt": "2027-01-01T00:00:00"}]},
            {"isOn": True, "rules": [{"name": f"rule {number}", "types": ["user"] * 50} for number in range(200)]},
        ]
        for body in wrong:
            assert (await world.post("/tidemark.drift", body)).status == 400, body
        missing = RULES | {"baseline": "20200101T000000Z-00000000"}
        assert (await world.post("/tidemark.drift", missing)).status == 404
        assert (await world.post("/tidemark.drift", RULES, token="reader")).status == 403
        assert (await world.post("/tidemark.driftItems/none/accept")).status == 404
        assert (await world.get("/tidemark.driftItems?state=odd")).status == 400
        shown = await set_to(world, RULES | {"allowed": [allowed]})
        assert (shown["allowed"][0]["owner"], shown["rules"][0]["atLeast"]) == ("ops", 1)

    virtual_time.run(story())
