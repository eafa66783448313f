"""The built-in backup: read by applications, written by signed-in users only, and invisible to delta."""

import base64

import pytest

from simulator.applications import TIDEMARK
from simulator.switches import Native, Switches
from tests.unit.simulator.client import START, Client, a_client

SNAPSHOTS, JOBS = "/directory/recovery/snapshots", "/directory/recovery/jobs"
SCOPES = ["EntraBackup.Read.All", "EntraBackup.ReadWrite.Preview", "EntraBackup.ReadWrite.Recovery"]


def a_snapshot(client: Client) -> str:
    """Take a snapshot now and let a moment pass; return its id."""
    taken = client.sim("POST", "/native/snapshots")
    client.clock.seconds += 60.0
    return str(taken["id"])


def signed_in(client: Client) -> dict[str, str]:
    """Return the header of a user signed in to the application."""
    token = client.sim("POST", "/tokens", {"app": TIDEMARK.app_id, "scopes": SCOPES})["access_token"]
    return {"Authorization": f"Bearer {token}"}


def test_there_is_a_snapshot_a_day_and_seven_are_kept() -> None:
    client = a_client()
    assert client.get(SNAPSHOTS).body["value"] == []
    client.clock.seconds += 10 * 86_400.0
    client._tokens.clear()
    rows = client.get(SNAPSHOTS).body["value"]
    assert [row["createdDateTime"] for row in rows[:2]] == ["2026-01-10T22:00:00Z", "2026-01-09T22:00:00Z"]
    assert len(rows) == 7
    assert base64.b64decode(rows[0]["id"]) == str(int(START) + 9 * 86_400 + 22 * 3_600).encode()
    one = client.get(f"{SNAPSHOTS}/{rows[0]['id'].replace('=', '%3D')}")
    assert one.body["createdDateTime"] == rows[0]["createdDateTime"]
    assert client.get(f"{SNAPSHOTS}/$count").body == "7"


def test_an_application_may_read_but_only_a_signed_in_user_may_write() -> None:
    client = a_client(objects=5)
    snapshot = a_snapshot(client)
    assert client.get(JOBS).body["value"] == []
    place = f"{SNAPSHOTS}/{snapshot}/recoveryPreviewJobs"
    assert client.post(place, {}).status == 403
    started = client.ask("POST", place, {}, **signed_in(client))
    assert (started.status, started.body) == (202, "")
    assert started.headers["Location"].startswith(f"http://graph.test/v1.0{SNAPSHOTS}/{snapshot}/recoveryPreviewJobs/")
    (job,) = client.get(JOBS).body["value"]
    assert job["@odata.type"] == "#microsoft.graph.entraRecoveryServices.recoveryPreviewJob"
    assert client.get(started.headers["Location"]).body["status"] == "successful"


def a_damaged() -> tuple[Client, str, dict[str, str]]:
    """Return a tenant in which a user was changed, one deleted, one made, one lost a group, and what is what."""
    client = a_client(objects=0)
    changed, deleted, member = (client.a_user(city="Rome") for _ in range(3))
    group = client.a_group(members=[member])
    client.clock.seconds += 10.0
    snapshot = a_snapshot(client)
    client.patch(f"/users/{changed}", {"city": "Oslo"})
    client.delete(f"/users/{deleted}")
    client.delete(f"/groups/{group}/members/{member}/$ref")
    made = client.a_user()
    ids = {"changed": changed, "deleted": deleted, "member": member, "group": group, "made": made}
    return client, snapshot, ids


def test_a_preview_lists_what_a_recovery_would_change() -> None:
    client, snapshot, ids = a_damaged()
    place = f"{SNAPSHOTS}/{snapshot}/recoveryPreviewJobs"
    job = client.ask("POST", place, None, **signed_in(client)).headers["Location"]
    for name in ("getChanges", "microsoft.graph.entraRecoveryServices.getChanges()"):
        rows = {row["id"]: row for row in client.get(f"{job}/{name}").body["value"]}
        assert {each: row["recoveryAction"] for each, row in rows.items()} == {
            ids["changed"]: "update",
            ids["deleted"]: "restore",
            ids["group"]: "update",
            ids["made"]: "softDelete",
        }
        assert rows[ids["changed"]]["deltaFromCurrent"]["city"] == "Rome"
        assert rows[ids["changed"]]["currentState"]["city"] == "Oslo"
        assert rows[ids["group"]]["deltaFromCurrent"]["members@delta"][0]["id"] == ids["member"]


def test_a_recovery_brings_the_tenant_back_and_no_delta_ever_tells() -> None:
    client, snapshot, ids = a_damaged()
    links = [client.get(f"/{kind}/delta?$deltatoken=latest").body["@odata.deltaLink"] for kind in ("users", "groups")]
    before = len(client.sim("GET", "/writes"))
    job = client.sim("POST", "/native/recoveries", {"snapshot": snapshot})
    assert (job["status"], job["totalFailedChanges"], job["totalLinksModified"]) == ("successful", 0, 1)
    assert client.get(f"/users/{ids['changed']}?$select=city").body["city"] == "Rome"
    assert client.get(f"/users/{ids['deleted']}").status == 200
    assert client.get(f"/users/{ids['made']}").status == 404
    assert client.members(ids["group"]) == {ids["member"]}
    assert [client.get(link).body["value"] for link in links] == [[], []]
    assert len(client.sim("GET", "/writes")) == before
    (row,) = client.get(f"{JOBS}?$filter=status eq 'successful'").body["value"]
    assert row["@odata.type"].endswith(".recoveryJob")


def test_a_recovery_may_be_limited_to_types_or_ids_and_refuses_what_it_does_not_know() -> None:
    client, snapshot, ids = a_damaged()
    space = "#microsoft.graph.entraRecoveryServices"
    only = {
        "@odata.type": f"{space}.recoveryJobEntityNameAndIdsFilter",
        "filterValues": [{"entityType": "user", "entityIds": [ids["deleted"]]}],
    }
    place = f"{SNAPSHOTS}/{snapshot}/recoveryJobs"
    assert client.ask("POST", place, {"filteringCriteria": only}, **signed_in(client)).status == 202
    assert client.get(f"/users/{ids['deleted']}").status == 200
    assert client.get(f"/users/{ids['changed']}?$select=city").body["city"] == "Oslo"
    for wrong in (
        {"@odata.type": "#x"},
        {"@odata.type": f"{space}.recoveryJobEntityNamesFilter", "entityTypes": ["x"]},
    ):
        assert client.ask("POST", place, {"filteringCriteria": wrong}, **signed_in(client)).status == 400


def test_a_user_gone_for_good_is_a_failed_change() -> None:
    client = a_client(objects=0)
    user = client.a_user()
    client.clock.seconds += 10.0
    snapshot = a_snapshot(client)
    client.delete(f"/users/{user}")
    client.delete(f"/directory/deletedItems/{user}")
    job = client.ask("POST", f"{SNAPSHOTS}/{snapshot}/recoveryJobs", {}, **signed_in(client)).headers["Location"]
    assert client.get(job).body["totalFailedChanges"] == 1
    (failed,) = client.get(f"{job}/getFailedChanges").body["value"]
    assert failed["id"] == user
    assert "removed for good" in failed["failureMessage"]


def test_one_job_at_a_time_and_a_running_one_can_be_cancelled() -> None:
    client = a_client(objects=5, switches=Switches(native=Native(job_seconds=600.0)))
    place = f"{SNAPSHOTS}/{a_snapshot(client)}/recoveryPreviewJobs"
    job = client.ask("POST", place, {}, **signed_in(client)).headers["Location"]
    assert client.get(job).body["status"] == "running"
    assert client.get(f"{job}/getChanges").status == 400
    assert client.ask("POST", place, {}, **signed_in(client)).status == 409
    job_id = job.rsplit("/", 1)[1]
    assert client.ask("POST", f"{JOBS}/{job_id}/cancel", None, **signed_in(client)).status == 202
    assert client.get(job).body["status"] == "abandoned"
    assert client.ask("POST", place, {}, **signed_in(client)).status == 202


@pytest.mark.parametrize("snapshot", ["MTIz", "x", "MTc2NzIyNTYwMA=="])
def test_an_unknown_snapshot_is_not_found(snapshot: str) -> None:
    assert a_client().get(f"{SNAPSHOTS}/{snapshot}").status == 404
