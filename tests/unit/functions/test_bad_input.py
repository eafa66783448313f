"""Requests that are wrong: each is refused by its own status, naming what must change, and starts nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from shared.domain.errors import DirectoryError, TransientError
from shared.domain.jobs import SnapshotSummary
from tests.support import virtual_time
from tests.support.platform import TENANT
from tests.unit.functions.worlds import BASE, World

NAMESPACE = "microsoft.graph.entraRecoveryServices"
BY_TYPES = f"#{NAMESPACE}.recoveryJobEntityNamesFilter"
BY_IDS = f"#{NAMESPACE}.recoveryJobEntityNameAndIdsFilter"
GUID = "11111111-aaaa-4bbb-8ccc-000000000001"
NO_SNAPSHOTS = ("MTcwMDAwMDAwMA==", "latest", "%20", "..", "MTcwMDAwMDAwMA%3D%3D%00", "x" * 300, "9999999999999999")


def by_types(*names: object) -> dict[str, Any]:
    return {"filteringCriteria": {"@odata.type": BY_TYPES, "entityTypes": list(names)}}


def by_ids(*rows: object) -> dict[str, Any]:
    return {"filteringCriteria": {"@odata.type": BY_IDS, "filterValues": list(rows)}}


CRITERIA = "filteringCriteria"
# Body, and the member that the refusal has to name.
BODIES: dict[str, tuple[object, str]] = {
    "unknown member": ({"filters": [{"entityTypeFilter": "user"}]}, "filters"),
    "known member in another case": ({"FilteringCriteria": None}, "FilteringCriteria"),
    "another kind of job": ({"@odata.type": f"#{NAMESPACE}.snapshot"}, "@odata.type"),
    "criteria that are no object": ({CRITERIA: "everything"}, CRITERIA),
    "criteria that are a list": ({CRITERIA: []}, CRITERIA),
    "criteria without a type": ({CRITERIA: {}}, f"{CRITERIA}.@odata.type"),
    "unknown criteria": ({CRITERIA: {"@odata.type": f"#{NAMESPACE}.all"}}, f"{CRITERIA}.@odata.type"),
    "no types member": ({CRITERIA: {"@odata.type": BY_TYPES}}, f"{CRITERIA}.entityTypes"),
    "null types": ({CRITERIA: {"@odata.type": BY_TYPES, "entityTypes": None}}, f"{CRITERIA}.entityTypes"),
    "empty types": (by_types(), f"{CRITERIA}.entityTypes"),
    "unknown type": (by_types("user", "printer"), f"{CRITERIA}.entityTypes[1]"),
    "type that is a collection": (by_types("unifiedRoleAssignments"), f"{CRITERIA}.entityTypes[0]"),
    "type that is no text": (by_types(["user"]), f"{CRITERIA}.entityTypes[0]"),
    "ids beside types": (
        {CRITERIA: {"@odata.type": BY_TYPES, "entityTypes": ["user"], "filterValues": []}},
        f"{CRITERIA}.filterValues",
    ),
    "empty filter values": (by_ids(), f"{CRITERIA}.filterValues"),
    "a filter value that is no object": (by_ids("user"), f"{CRITERIA}.filterValues[0]"),
    "empty ids": (by_ids({"entityType": "user", "entityIds": []}), f"{CRITERIA}.filterValues[0].entityIds"),
    "missing ids": (by_ids({"entityType": "user"}), f"{CRITERIA}.filterValues[0].entityIds"),
    "missing type": (by_ids({"entityIds": [GUID]}), f"{CRITERIA}.filterValues[0].entityType"),
    "an unknown member of a filter value": (
        by_ids({"entityType": "user", "entityIds": [GUID], "except": True}),
        f"{CRITERIA}.filterValues[0].except",
    ),
    "an id that is no GUID": (
        by_ids({"entityType": "user", "entityIds": [GUID, "*"]}),
        f"{CRITERIA}.filterValues[0].entityIds[1]",
    ),
    "an id that is a number": (
        by_ids({"entityType": "user", "entityIds": [7]}),
        f"{CRITERIA}.filterValues[0].entityIds[0]",
    ),
    "unknown option": ({"tidemark.options": {"hardDelete": True}}, "tidemark.options.hardDelete"),
    "option of another form": ({"tidemark.options": {"softDeleteNewer": "yes"}}, "tidemark.options.softDeleteNewer"),
    "options that are null": ({"tidemark.options": None}, "tidemark.options"),
    "a list": ([], "body"),
    "null": (b"null", "body"),
    "cut JSON": (b'{"filteringCriteria": nul', "body"),
    "bytes that are no UTF-8": (b'{"filteringCriteria": "\xff"}', "body"),
    "JSON too deep to read": (b"[" * 100_000, "body"),
    "more than 32 mebibytes": (b" " * (32 * 1024 * 1024 + 1), "body"),
}


@pytest.mark.parametrize(("body", "member"), BODIES.values(), ids=BODIES.keys())
def test_a_wrong_body_is_400_names_its_member_and_starts_nothing(world: World, body: object, member: str) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        reply = await world.post(f"/snapshots/{wire_id}/recoveryJobs", body)
        assert (reply.status, reply.error["code"], reply.error["tidemark.member"]) == (400, "BadRequest", member)
        assert (await world.get("/jobs/$count")).body == b"1"

    virtual_time.run(story())


def test_the_value_that_is_wrong_is_named_in_the_message(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        for name in ("printer", "device"):
            reply = await world.post(f"/snapshots/{wire_id}/recoveryJobs", by_types(name))
            assert name in reply.error["message"]
            assert "user" in reply.error["message"]

    virtual_time.run(story())


def test_a_report_takes_no_recovery_options_unless_it_plans(world: World) -> None:
    async def story() -> None:
        path = f"/snapshots/{await world.captured()}/recoveryPreviewJobs"
        for options, member in (
            ({"softDeleteNewer": True}, "tidemark.options.softDeleteNewer"),
            ({"plannedBy": GUID}, "tidemark.options.plannedBy"),
            ({"plan": "yes"}, "tidemark.options.plan"),
        ):
            reply = await world.post(path, {"tidemark.options": options})
            assert (reply.status, reply.error["tidemark.member"]) == (400, member)
        recoveries = path.replace("recoveryPreviewJobs", "recoveryJobs")
        for options, status in (({"plannedBy": "x"}, 400), ({"plannedBy": GUID}, 404), ({"plan": True}, 400)):
            assert (await world.post(recoveries, {"tidemark.options": options})).status == status

    virtual_time.run(story())


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_a_body_that_is_not_declared_as_json_is_400(world: World, media_type: str) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        path = f"/snapshots/{wire_id}/recoveryJobs"
        reply = await world.ask("POST", f"/directory/recovery{path}", {}, **{"content-type": media_type})
        assert (reply.status, reply.error["tidemark.member"]) == (400, "Content-Type")

    virtual_time.run(story())


@pytest.mark.parametrize(
    "query",
    ["$top=0", "$top=1000", "$top=-1", "$top=", "$top=1.5", "$top=ten", "$top=%2B5", "$skip=-1", "$skip=x", "$top=٣"],
)
def test_a_page_that_cannot_be_is_400(world: World, query: str) -> None:
    async def story() -> None:
        for path in ("/snapshots", "/jobs"):
            reply = await world.get(f"{path}?{query}")
            assert (reply.status, reply.error["tidemark.member"]) == (400, query.partition("=")[0])

    virtual_time.run(story())


@pytest.mark.parametrize(
    ("query", "member"),
    [
        ("$filter=status eq 'failed'", "$filter"),
        ("$search=x", "$search"),
        ("$expand=recoveryJobs", "$expand"),
        ("$count=true", "$count"),
        ("top=5", "top"),
        ("$orderby=displayName", "$orderby"),
        ("$orderby=createdDateTime sideways", "$orderby"),
        ("$select=id,colour", "$select"),
        ("$select=", "$select"),
        ("$top=1&$top=2", "$top"),
    ],
)
def test_a_query_option_that_is_not_supported_is_400_by_name(world: World, query: str, member: str) -> None:
    async def story() -> None:
        reply = await world.get(f"/snapshots?{query}")
        assert (reply.status, reply.error["tidemark.member"]) == (400, member)

    virtual_time.run(story())


@pytest.mark.parametrize("token", [None, "expired", "x y"])
def test_whoever_is_not_known_gets_401_before_anything_else_is_looked_at(world: World, token: str | None) -> None:
    async def story() -> None:
        for method, path in (("GET", "/snapshots"), ("POST", "/snapshots/x/recoveryJobs"), ("GET", "/nowhere")):
            reply = await world.ask(method, f"/directory/recovery{path}", b"not JSON", token=token)
            assert (reply.status, reply.error["code"]) == (401, "Unauthorized")
            assert reply.headers["www-authenticate"] == "Bearer"

    virtual_time.run(story())


def test_a_reader_may_look_but_not_start_or_cancel(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        for path in ("/snapshots", "/jobs", f"/snapshots/{wire_id}", f"/snapshots/{wire_id}/recoveryJobs"):
            assert (await world.get(path, token="reader")).status == 200
        for path in (
            f"/snapshots/{wire_id}/recoveryJobs",
            f"/snapshots/{wire_id}/recoveryPreviewJobs",
            f"/jobs/{GUID}/cancel",
            "/tidemark.capture",
        ):
            reply = await world.post(path, token="reader")
            assert (reply.status, reply.error["code"]) == (403, "Forbidden")
        assert (await world.get("/jobs/$count")).body == b"1"

    virtual_time.run(story())


def test_a_caller_without_a_role_may_not_even_look(world: World) -> None:
    async def story() -> None:
        for path in ("", "/snapshots", "/jobs"):
            assert (await world.get(path, token="bystander")).status == 403

    virtual_time.run(story())


@pytest.mark.parametrize("wire_id", NO_SNAPSHOTS)
def test_a_snapshot_that_is_not_there_is_404(world: World, wire_id: str) -> None:
    async def story() -> None:
        await world.captured()
        for reply in (
            await world.get(f"/snapshots/{wire_id}"),
            await world.get(f"/snapshots/{wire_id}/recoveryJobs"),
            await world.get(f"/snapshots/{wire_id}/tidemark.verify"),
            await world.post(f"/snapshots/{wire_id}/recoveryPreviewJobs"),
            await world.post(f"/snapshots/{wire_id}/recoveryJobs", {}),
        ):
            assert (reply.status, reply.error["code"]) == (404, "ResourceNotFound")

    virtual_time.run(story())


@pytest.mark.parametrize("job_id", [GUID, "job", "lease", "a%2Fb", "..%5C"])
def test_a_job_that_is_not_there_is_404(world: World, job_id: str) -> None:
    async def story() -> None:
        for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/tidemark.outcomes"):
            assert (await world.get(path)).status == 404
        assert (await world.post(f"/jobs/{job_id}/cancel")).status == 404

    virtual_time.run(story())


def test_a_second_recovery_while_one_runs_is_409_and_says_which(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        first = await world.post(f"/snapshots/{wire_id}/recoveryJobs")
        for collection in ("recoveryJobs", "recoveryPreviewJobs"):
            reply = await world.post(f"/snapshots/{wire_id}/{collection}")
            assert (reply.status, reply.error["code"]) == (409, "Conflict")
            assert first.headers["location"].endswith(reply.error["tidemark.jobId"])

    virtual_time.run(story())


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/snapshots/MTc=", "GET"),
        ("PATCH", "", "GET"),
        ("POST", "/jobs", "GET"),
        ("PUT", "/snapshots/MTc=/recoveryJobs", "GET, POST"),
        ("GET", "/jobs/x/cancel", "POST"),
    ],
)
def test_a_verb_that_is_not_documented_is_405_and_says_what_is(
    world: World, method: str, path: str, allowed: str
) -> None:
    async def story() -> None:
        reply = await world.ask(method, f"/directory/recovery{path}")
        assert (reply.status, reply.headers["allow"]) == (405, allowed)

    virtual_time.run(story())


@pytest.mark.parametrize("path", ["", "/", "/directory", "/users", "/directory/recovery//snapshots", "/x" * 300])
def test_an_unknown_address_is_404(world: World, path: str) -> None:
    async def story() -> None:
        assert (await world.ask("GET", path)).status == 404

    virtual_time.run(story())


def test_damaged_files_are_named_and_never_read_as_facts(world: World) -> None:
    async def story() -> None:
        wire_id, vault = await world.captured(), world.platform.vault
        for name in list(vault.contents):
            whole = vault.contents[name]
            for damaged in (whole[:-1], b"", whole[:-1] + bytes([whole[-1] ^ 1])):
                vault.contents[name] = damaged
                reply = await world.get(f"/snapshots/{wire_id}/tidemark.verify")
                is_same = damaged == whole  # a file may be empty already
                assert reply.status == (200 if is_same else 500)
                assert is_same or (reply.error["code"], reply.error["tidemark.file"]) == ("tidemark.integrity", name)
            del vault.contents[name]
            gone = await world.get(f"/snapshots/{wire_id}/tidemark.verify")
            assert (gone.status, gone.error["tidemark.file"]) == (500, name)
            vault.contents[name] = whole
        assert (await world.get(f"/snapshots/{wire_id}/tidemark.verify")).status == 200

    virtual_time.run(story())


class Broken:
    """shared.runs.snapshots.Snapshots of a bad day."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def listed(self, tenant: str) -> list[SnapshotSummary]:
        """Fail."""
        assert tenant == TENANT
        raise self.error


def test_storage_that_does_not_answer_is_503_with_the_time_to_wait(world: World) -> None:
    async def story() -> None:
        broken = Broken(TransientError("table jobs: a secret detail"))
        world.product = dataclasses.replace(world.product, snapshots=broken)  # type: ignore[arg-type]
        reply = await world.get("/snapshots")
        assert (reply.status, reply.headers["retry-after"]) == (503, "5")
        assert b"secret" not in reply.body

    virtual_time.run(story())


@pytest.mark.parametrize("error", [DirectoryError("Graph said no"), RuntimeError("a bug")])
def test_what_nobody_expects_escapes_so_that_the_host_logs_it(world: World, error: Exception) -> None:
    async def story() -> None:
        world.product = dataclasses.replace(world.product, snapshots=Broken(error))  # type: ignore[arg-type]
        with pytest.raises(type(error)):
            await world.get("/snapshots")

    virtual_time.run(story())


def test_every_error_carries_the_ids_that_find_it_in_the_logs(world: World) -> None:
    async def story() -> None:
        reply = await world.get("/nowhere", client_request_id="c-1")
        inner = reply.error["innerError"]
        assert inner["client-request-id"] == reply.headers["client-request-id"] == "c-1"
        assert inner["request-id"] == reply.headers["request-id"]
        assert inner["date"] == "2026-11-20T06:00:00Z"
        hostile = await world.get("/nowhere", client_request_id="<script>")
        assert hostile.error["innerError"]["client-request-id"] == ""

    virtual_time.run(story())


def test_a_forwarded_host_that_is_no_host_is_not_repeated(world: World) -> None:
    async def story() -> None:
        wire_id = await world.captured()
        path = f"/snapshots/{wire_id}/recoveryPreviewJobs"
        reply = await world.post(path, x_forwarded_host="evil.example/path?x=", x_forwarded_proto="javascript")
        assert reply.headers["location"].startswith(f"{BASE}/v1.0/")

    virtual_time.run(story())
