"""How well snapshots are kept, over HTTP: protection, holds, alerts, results of verification, and the ready probe."""

from __future__ import annotations

import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import msgspec
import pytest

from functions import health
from shared.domain.jobs import State
from shared.domain.protection import UNPROTECTED
from simulator.faults import Fault, Rule
from tests.support import virtual_time
from tests.support.platform import TENANT
from tests.unit.functions.worlds import World


async def ready(token: str | None) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = func.HttpRequest("GET", "https://h/readyz", headers=headers, body=b"")
    answer = await health.readyz(req=request, context=SimpleNamespace(invocation_id="r"))
    return answer.status_code, msgspec.json.decode(answer.get_body())


def unprotect(world: World) -> None:
    """Take the vault's policy away, as Azurite has none."""
    world.platform.vault.policy.days = 0
    world.platform.vault.policy.is_locked = False


async def job_of(world: World) -> dict[str, Any]:
    """Capture the tenant and return the job as the API shows it."""
    job = await world.platform.finish(await world.product.scheduling.capture(TENANT, world.clock.now()))
    return (await world.get(f"/jobs/{job.job_id}")).json


def test_a_locked_vault_is_ready_once_a_snapshot_was_proven(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        status, body = await ready("reader")
        assert (status, body["status"]) == (200, "attention")
        assert body["warnings"] == ["NOT VERIFIED: no snapshot was proven whole in the last 8 days"]
        assert (await world.get(f"/snapshots/{wire_id}/tidemark.verify")).status == 200
        status, body = await ready("reader")
        assert (status, body["status"], body["warnings"]) == (200, "ready", [])
        assert body["protection"]["said"] == "locked 35 days"
        assert (await world.get("/tidemark.vault")).json["protection"] == body["protection"]

    virtual_time.run(story())


def test_a_type_that_graph_refuses_is_named_by_the_job_the_snapshot_and_the_ready_probe(world: World) -> None:
    async def story() -> None:
        groups = r"^/groups\b|^/directory/deletedItems/microsoft.graph.group\b"
        world.simulator.world.faults.rules.append(Rule(kind=Fault.FORBIDDEN, path=groups))
        job = await job_of(world)
        assert job["status"] == "successful"
        assert job["tidemark.notes"]["incomplete"]["group"].startswith("Graph answered 403")
        (row,) = (await world.get("/snapshots")).rows
        assert row["tidemark.incomplete"] == job["tidemark.notes"]["incomplete"]
        warnings = (await ready("reader"))[1]["warnings"]
        assert "LEFT OUT: Graph refused group, so the newest snapshot does not hold it" in warnings

    virtual_time.run(story())


def test_the_ready_probe_tells_nothing_to_whoever_may_not_read(world: World) -> None:
    async def story() -> None:
        assert (await ready(None))[0] == 401
        assert (await ready("bystander"))[0] == 403

    virtual_time.run(story())


@pytest.mark.parametrize(
    ("is_locked", "days", "word"), [(False, 35, "ONLY UNLOCKED"), (True, 32, "TOO SHORT"), (True, 1, "TOO SHORT")]
)
def test_a_policy_that_promises_too_little_is_said(world: World, is_locked: bool, days: int, word: str) -> None:
    async def story() -> None:
        world.platform.vault.policy.is_locked, world.platform.vault.policy.days = is_locked, days
        await world.captured()
        warnings = (await ready("reader"))[1]["warnings"]
        assert [text for text in warnings if text.startswith(word)]

    virtual_time.run(story())


def test_a_job_that_sealed_into_an_unprotected_vault_says_so_and_so_does_its_snapshot(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        monkeypatch.setattr(type(world.platform.vault.policy), "protection", UNPROTECTED)
        job = await job_of(world)
        assert job["status"] == "successful"
        assert [text.partition(":")[0] for text in job["tidemark.warnings"]] == ["NOT IMMUTABLE"]
        (row,) = (await world.get("/snapshots")).rows
        assert row["tidemark.protection"]["isPromise"] is False

    virtual_time.run(story())


def test_a_locked_vault_leaves_nothing_to_warn_of(world: World) -> None:
    async def story() -> None:
        assert (await job_of(world))["tidemark.warnings"] == []
        (row,) = (await world.get("/snapshots")).rows
        assert (row["tidemark.protection"]["lock"], row["tidemark.alerts"]) == ("locked", [])

    virtual_time.run(story())


@pytest.mark.parametrize(("seconds", "is_sealed"), [(0, True), (299, True), (-299, True), (303, False), (-303, False)])
def test_a_clock_too_far_from_the_storage_services_seals_nothing(world: World, seconds: int, is_sealed: bool) -> None:
    async def story() -> None:
        shift = timedelta(seconds=seconds)
        world.platform.vault.policy.now = lambda: world.clock.now() + shift
        job = await world.platform.finish(await world.product.scheduling.capture(TENANT, world.clock.now()))
        assert (job.state is State.SUCCESSFUL) is is_sealed
        if not is_sealed:
            assert job.error_code == "clock-skew"
            assert world.platform.vault.contents == {}

    virtual_time.run(story())


def test_a_capture_that_hung_until_its_files_would_not_outlive_the_promise_is_refused(world: World) -> None:
    async def story() -> None:
        started = await world.product.scheduling.capture(TENANT, world.clock.now())
        await world.clock.sleep(5 * 86_400 + 60)
        job = await world.platform.finish(started)
        assert (job.state, job.error_code) == (State.FAILED, "outlive")
        assert not [name for name in world.platform.vault.contents if name.endswith("manifest.json")]
        assert await world.captured()

    virtual_time.run(story())


def test_a_jump_raises_an_alert_and_holds_the_snapshots_before_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        before = [await world.captured() for _number in range(2)]
        for user in world.users()[:5]:
            world.delete(user)
        with caplog.at_level(logging.ERROR):
            job = await job_of(world)
        assert any(text.startswith("user: ") and "gone" in text for text in job["tidemark.warnings"])
        newest, *others = (await world.get("/snapshots")).rows
        assert newest["tidemark.alerts"] == job["tidemark.warnings"]
        assert newest["tidemark.hold"] is None
        assert [row["id"] for row in others] == before[::-1]
        assert all(row["tidemark.hold"]["setBy"] == "tidemark" for row in others)
        (record,) = [record for record in caplog.records if record.message == "snapshot alert"]
        assert vars(record)["snapshot_id"] == newest["tidemark.snapshotId"]
        told = (await world.get("/tidemark.vault")).json
        assert (len(told["held"]), told["alerted"]) == (2, [newest["tidemark.snapshotId"]])
        assert (await job_of(world))["tidemark.warnings"] == []  # the jump has been told

    virtual_time.run(story())


def test_a_hold_is_set_and_lifted_with_who_and_why(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        path = f"/snapshots/{wire_id}"
        held = await world.post(f"{path}/tidemark.hold", {"reason": "audit 2026-17"})
        assert (held.status, held.json["tidemark.hold"]["reason"]) == (200, "audit 2026-17")
        again = await world.post(f"{path}/tidemark.hold", {"reason": "another reason"})
        assert again.json["tidemark.hold"] == held.json["tidemark.hold"]
        assert (await world.get("/snapshots")).rows[0]["tidemark.hold"] == held.json["tidemark.hold"]
        freed = await world.post(f"{path}/tidemark.release", {"reason": "the audit is over"})
        assert freed.json["tidemark.hold"] is None
        (hold,) = (await world.product.upkeep.holding.holds(TENANT)).values()
        assert [(entry.is_held, entry.reason) for entry in hold.entries] == [
            (True, "audit 2026-17"),
            (False, "the audit is over"),
        ]

    virtual_time.run(story())


@pytest.mark.parametrize("body", [None, {}, {"reason": ""}, {"reason": " \n"}, {"reason": 7}, {"reason": "x" * 501}])
def test_a_hold_without_a_reason_is_refused(world: World, body: object) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        reply = await world.post(f"/snapshots/{wire_id}/tidemark.hold", body)
        assert (reply.status, reply.error["tidemark.member"]) == (400, "reason")
        assert await world.product.upkeep.holding.holds(TENANT) == {}

    virtual_time.run(story())


def test_only_an_administrator_may_hold_and_only_what_is_there(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        for function in ("hold", "release"):
            reply = await world.post(f"/snapshots/{wire_id}/tidemark.{function}", {"reason": "r"}, token="reader")
            assert reply.status == 403
        assert (await world.post("/snapshots/MTc=/tidemark.hold", {"reason": "r"})).status == 404

    virtual_time.run(story())


def test_what_a_verification_found_is_kept_and_shown(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        path = f"/snapshots/{wire_id}"
        assert (await world.get(path)).json["tidemark.verification"] is None
        await world.get(f"{path}/tidemark.verify?mode=quick")
        quick = (await world.get(path)).json["tidemark.verification"]
        assert (quick["mode"], quick["fault"], quick["provenWholeDateTime"]) == ("quick", None, None)
        await world.clock.sleep(60)
        await world.get(f"{path}/tidemark.verify")
        full = (await world.get(path)).json["tidemark.verification"]
        assert full["provenWholeDateTime"] == full["dateTime"] > quick["dateTime"]
        name, vault = sorted(world.platform.vault.contents)[0], world.platform.vault
        vault.contents[name] = vault.contents[name][:-1]
        await world.clock.sleep(60)
        assert (await world.get(f"{path}/tidemark.verify")).status == 500
        damaged = (await world.get(path)).json["tidemark.verification"]
        assert name in damaged["fault"]
        assert damaged["provenWholeDateTime"] == full["dateTime"]
        assert [text for text in (await ready("reader"))[1]["warnings"] if text.startswith("DAMAGED")]

    virtual_time.run(story())
