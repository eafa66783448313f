"""Jobs over HTTP: started, looked at, cancelled."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from shared.domain.jobs import Job, Kind, State
from simulator.applications import CARELESS_SCRIPT
from tests.support import virtual_time
from tests.support.platform import TENANT
from tests.unit.functions.worlds import ADMINISTRATOR_ID, BASE, ROOT, World

NAMESPACE = "microsoft.graph.entraRecoveryServices"


async def followed(world: World, location: str) -> dict[str, Any]:
    """Let everything end and return what the address in a 202 answers."""
    await world.platform.run_until_idle()
    version, _, path = location.removeprefix(f"{BASE}/").partition("/")
    return (await world.ask("GET", f"/{path}", version=version)).json


def test_a_report_is_started_with_202_an_empty_body_and_an_absolute_location(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        for version in ("v1.0", "beta"):
            reply = await world.post(f"/snapshots/{wire_id}/recoveryPreviewJobs", {}, version=version)
            assert (reply.status, reply.body, reply.headers["content-type"]) == (202, b"", "")
            assert reply.headers["location"].startswith(
                f"{BASE}/{version}{ROOT}/snapshots/{wire_id}/recoveryPreviewJobs/"
            )
            job = await followed(world, reply.headers["location"])
            assert job["@odata.type"] == f"#{NAMESPACE}.recoveryPreviewJob"
            assert (job["status"], job["tidemark.requestedBy"]) == ("successful", ADMINISTRATOR_ID)

    virtual_time.run(story())


def test_a_recovery_brings_the_tenant_back_and_shows_its_figures(world: World) -> None:
    async def story() -> None:
        wire_id, user = await world.captured(), world.users()[0]
        world.change(user, jobTitle="harmed")
        reply = await world.post(f"/snapshots/{wire_id}/recoveryJobs")
        job = await followed(world, reply.headers["location"])
        assert job["@odata.type"] == f"#{NAMESPACE}.recoveryJob"
        assert job["targetStateDateTime"] == "2026-11-20T06:00:00Z"
        assert (job["totalChangedObjectsCalculated"], job["totalChangedLinksCalculated"]) == (1, 0)
        assert (job["totalObjectsModified"], job["totalLinksModified"], job["totalFailedChanges"]) == (1, 0, 0)
        assert job["tidemark.summary"] == {"user": {"update": 1}}
        assert job["tidemark.progress"] == {"done": 1, "planned": 1}
        assert job["jobCompletionDateTime"] >= job["jobStartDateTime"]

    virtual_time.run(story())


def test_a_recovery_leaves_newer_objects_alone_unless_it_is_allowed_to_delete_them(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        made = {
            "displayName": "Rogue",
            "accountEnabled": True,
            "mailNickname": "rogue",
            "userPrincipalName": f"rogue@{world.simulator.tenant.domain}",
            "passwordProfile": {"password": "Correct-Horse-9"},
        }
        world.simulator.act(CARELESS_SCRIPT, "POST", "/users", made)
        path = f"/snapshots/{wire_id}/recoveryJobs"
        careful = await followed(world, (await world.post(path)).headers["location"])
        assert (careful["totalObjectsModified"], list(careful["tidemark.leftAlone"].values())) == (0, [1])
        bold = await world.post(path, {"tidemark.options": {"softDeleteNewer": True}})
        job = await followed(world, bold.headers["location"])
        assert (job["totalObjectsModified"], job["tidemark.leftAlone"]) == (1, {})
        assert job["tidemark.options"] == {
            "softDeleteNewer": True,
            "removeNewerGrants": False,
            "recreateHardDeleted": False,
            "undoes": None,
            "repeats": None,
            "plan": False,
            "plannedBy": None,
            "readWhole": False,
            "freshMinutes": None,
        }
        users = world.simulator.tenant.directory.stores["user"]
        assert "Rogue" in {user["displayName"] for user in users.deleted.values()}
        undone = await world.post(f"/jobs/{job['id']}/tidemark.undo")
        undo = await followed(world, undone.headers["location"])
        assert (undo["tidemark.options"]["undoes"], undo["totalObjectsModified"]) == (job["id"], 1)
        assert "Rogue" in {user["displayName"] for user in users.live.values()}
        refused = await world.post(f"/jobs/{job['id']}/tidemark.retryFailed")
        assert (refused.status, "no failed change" in refused.error["message"]) == (400, True)

    virtual_time.run(story())


def test_a_filter_is_echoed_and_obeyed(world: World) -> None:
    async def story() -> None:
        wire_id, (user, other) = await world.captured(), world.users()[:2]
        for one in (user, other):
            world.change(one, jobTitle="harmed")
        chosen = {
            "@odata.type": f"#{NAMESPACE}.recoveryJobEntityNameAndIdsFilter",
            "filterValues": [{"entityType": "user", "entityIds": [user.upper()]}],
        }
        reply = await world.post(f"/snapshots/{wire_id}/recoveryPreviewJobs", {"filteringCriteria": chosen})
        job = await followed(world, reply.headers["location"])
        assert job["filteringCriteria"]["filterValues"] == [{"entityType": "user", "entityIds": [user]}]
        assert job["totalChangedObjectsCalculated"] == 1

    virtual_time.run(story())


def test_the_list_of_jobs_holds_every_kind_and_those_of_a_snapshot_only_theirs(world: World) -> None:
    async def story() -> None:
        first = await world.captured()
        report, recovery = await world.reported(first), await world.recovered(first)
        second = await world.captured()
        kinds = [row["tidemark.kind"] for row in (await world.get("/jobs")).rows]
        assert sorted(kinds) == ["capture", "capture", "recovery", "report"]
        for snapshot, collection, wanted in (
            (first, "recoveryPreviewJobs", [report.job_id]),
            (first, "recoveryJobs", [recovery.job_id]),
            (second, "recoveryJobs", []),
        ):
            path = f"/snapshots/{snapshot}/{collection}"
            assert [row["id"] for row in (await world.get(path)).rows] == wanted
            assert (await world.get(f"{path}/$count")).body == str(len(wanted)).encode()
        assert (await world.get("/jobs/$count")).body == b"4"

    virtual_time.run(story())


def test_a_job_is_not_found_below_another_snapshot_or_another_collection(world: World) -> None:
    async def story() -> None:
        first = await world.captured()
        report = await world.reported(first)
        second = await world.captured()
        assert (await world.get(f"/snapshots/{first}/recoveryPreviewJobs/{report.job_id}")).status == 200
        assert (await world.get(f"/snapshots/{second}/recoveryPreviewJobs/{report.job_id}")).status == 404
        assert (await world.get(f"/snapshots/{first}/recoveryJobs/{report.job_id}")).status == 404

    virtual_time.run(story())


def test_states_that_old_clients_do_not_know_are_shown_only_on_request(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        started = await world.reported(wire_id)
        asking = world.product.asking

        class Loading:
            async def job(self, tenant: str, job_id: str) -> Job:
                job = await asking.job(tenant, job_id)
                return msgspec.structs.replace(job, state=State.LOADING_DATA)

        world.product = dataclasses.replace(world.product, asking=Loading())  # type: ignore[arg-type]
        path = f"/jobs/{started.job_id}"
        plain = await world.get(path)
        assert (plain.json["status"], "preference-applied" in plain.headers) == ("unknownFutureValue", False)
        told = await world.get(path, prefer="respond-async, Include-Unknown-Enum-Members")
        assert told.json["status"] == "loadingData"
        assert told.headers["preference-applied"] == "include-unknown-enum-members"

    virtual_time.run(story())


def test_a_capture_can_be_asked_for_now_and_followed_as_a_job(world: World) -> None:
    async def story() -> None:
        reply = await world.post("/tidemark.capture", {})
        assert reply.status == 202
        again = await world.post("/tidemark.capture")
        assert again.headers["location"] == reply.headers["location"]
        job = await followed(world, reply.headers["location"])
        assert (job["tidemark.kind"], job["status"]) == (Kind.CAPTURE, "successful")
        assert job["tidemark.progress"]["done"] > 0
        assert len((await world.get("/snapshots")).rows) == 1

    virtual_time.run(story())


def test_a_job_is_cancelled_by_either_name_and_stays_abandoned(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        for name in ("cancel", f"{NAMESPACE}.cancel", "cancel()"):
            job = await world.product.starting.report(
                TENANT, wire_id, (await world.reported(wire_id)).scope, requested_by="somebody"
            )
            reply = await world.post(f"/jobs/{job.job_id}/{name}", {})
            assert (reply.status, reply.body) == (202, b"")
            assert reply.headers["location"] == f"{BASE}/v1.0{ROOT}/jobs/{job.job_id}"
            shown = await followed(world, reply.headers["location"])
            assert (shown["status"], shown["totalChangedObjectsCalculated"]) == ("abandoned", None)
            assert (await world.post(f"/jobs/{job.job_id}/{name}")).status == 400

    virtual_time.run(story())
