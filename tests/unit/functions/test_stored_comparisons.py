"""Reports of one snapshot against another, over HTTP: they leave the tenant alone and refuse bad sides."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.domain.errors import InputError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import State
from shared.domain.scope import Scope
from shared.formats.digests import sha256
from shared.formats.rows import snapshot_key, snapshot_of, snapshot_values
from shared.ports import ANY, Put
from tests.support import virtual_time
from tests.support.platform import TENANT
from tests.unit.functions.worlds import Json, World

SECONDS_BETWEEN = 3600


async def two_snapshots(world: World, **values: object) -> tuple[str, str, str]:
    """Return the wire ids of a snapshot before and after a user was changed, and the user's id."""
    before, user = await world.captured(), world.users()[0]
    world.change(user, **(values or {"jobTitle": "harmed"}))
    await world.clock.sleep(SECONDS_BETWEEN)
    return before, await world.captured(), user


async def compared(world: World, target: str, against: str, criteria: Json | None = None) -> Json:
    """Compare over HTTP; return the body of the first page of rows, with the job's own body as `job`."""
    body = {"tidemark.against": against, "filteringCriteria": criteria}
    reply = await world.post(f"/snapshots/{target}/recoveryPreviewJobs", body)
    assert reply.status == 202, reply.body
    job_id = reply.headers["location"].rpartition("/")[2]
    await world.platform.run_until_idle()
    job = (await world.get(f"/jobs/{job_id}", Prefer="include-unknown-enum-members")).json
    assert job["status"] == "successful", job
    page = await world.get(f"/snapshots/{target}/recoveryPreviewJobs/{job_id}/getChanges")
    return page.json | {"job": job}


def by_ids(*ids: str) -> Json:
    kind = "#microsoft.graph.entraRecoveryServices.recoveryJobEntityNameAndIdsFilter"
    return {"@odata.type": kind, "filterValues": [{"entityType": "user", "entityIds": list(ids)}]}


def test_two_snapshots_are_compared_without_a_request_to_the_tenant(world: World) -> None:
    async def story() -> None:
        before, after, user = await two_snapshots(world)
        world.change(user, jobTitle="changed since, which no snapshot has")
        sent = len(world.platform.transport.sent("/users"))
        found = await compared(world, before, after)
        (row,) = found["value"]
        assert (row["id"], row["currentState"]["jobTitle"]) == (user, "harmed")
        assert found["job"]["tidemark.against"] == after
        progress = found["job"]["tidemark.progress"]
        assert progress["done"] == progress["planned"] == found["job"]["tidemark.counts"]["shardsToCompare"] > 0
        assert len(world.platform.transport.sent("/users")) == sent
        backward = await compared(world, after, before)
        assert backward["value"][0]["deltaFromCurrent"]["jobTitle"] == "harmed"

    virtual_time.run(story())


def test_the_other_side_may_be_named_by_tidemarks_own_id(world: World) -> None:
    async def story() -> None:
        before, _after, user = await two_snapshots(world)
        latest = await world.product.snapshots.latest(TENANT)
        assert latest is not None
        found = await compared(world, before, latest.snapshot_id)
        assert [row["id"] for row in found["value"]] == [user]

    virtual_time.run(story())


def test_comparisons_of_snapshots_run_beside_the_job_that_has_the_tenant(world: World) -> None:
    async def story() -> None:
        before, after, user = await two_snapshots(world)
        holder = await world.product.scheduling.capture(TENANT, world.clock.now())
        assert holder is not None
        lease, _is_silent = await world.product.ledger.holder(TENANT)
        assert lease.job_id == holder.job_id
        bodies = [await compared(world, before, after) for _time in range(2)]
        assert [body["value"][0]["id"] for body in bodies] == [user, user]
        reports = [
            await world.post(f"/snapshots/{before}/recoveryPreviewJobs", {"tidemark.against": after}) for _ in "ab"
        ]
        assert [reply.status for reply in reports] == [202, 202]
        await world.platform.run_until_idle()
        assert (await world.product.ledger.job(TENANT, holder.job_id)).state is State.SUCCESSFUL

    virtual_time.run(story())


def test_a_comparison_whose_worker_died_is_taken_up_by_the_watchdog(world: World) -> None:
    async def story() -> None:
        before, after, _user = await two_snapshots(world)
        world.platform.host.refuses_messages = True
        started = await world.product.starting.report(
            TENANT, before, scope=world.everything, requested_by="somebody", against=after
        )
        message = await world.platform.queue.receive("compare", 1e9)
        assert message is not None
        await world.platform.queue.delete(message)
        await world.clock.sleep(120.0)
        world.platform.host.refuses_messages = False
        job = await world.platform.finish(started)
        assert job.state is State.SUCCESSFUL

    virtual_time.run(story())


def test_ids_that_neither_side_has_are_named_beside_the_rows(world: World) -> None:
    async def story() -> None:
        before, after, user = await two_snapshots(world)
        strangers = [f"00000000-0000-4000-8000-{number:012d}" for number in range(3)]
        found = await compared(world, before, after, by_ids(strangers[0], user, *strangers[1:]))
        assert [row["id"] for row in found["value"]] == [user]
        named = found["tidemark.unknownObjects"]
        assert sorted(one["id"] for one in named) == strangers
        assert {one["entityTypeName"] for one in named} == {"user"}
        assert "tidemark.unknownObjects" not in await compared(world, before, after, by_ids(user))

    virtual_time.run(story())


def test_a_side_that_is_no_snapshot_is_refused(world: World) -> None:
    async def story() -> None:
        before = await world.captured()
        for against, status in (("20200101T000000Z-00000000", 404), ("nonsense", 404), (7, 400), ("a" * 999, 400)):
            reply = await world.post(f"/snapshots/{before}/recoveryPreviewJobs", {"tidemark.against": against})
            assert reply.status == status, against
        recovery = await world.post(f"/snapshots/{before}/recoveryJobs", {"tidemark.against": before})
        assert (recovery.status, recovery.error["tidemark.member"]) == (400, "tidemark.against")

    virtual_time.run(story())


def test_a_side_that_fails_its_proof_is_refused_before_a_job_exists(world: World) -> None:
    async def story() -> None:
        before, after, _user = await two_snapshots(world)
        sealed = await world.product.snapshots.on_wire(TENANT, after)
        content = world.platform.vault.contents[sealed.manifest_name]
        world.platform.vault.contents[sealed.manifest_name] = content.replace(b'"tool"', b'"toll"')
        jobs = len(await world.product.ledger.jobs(TENANT))
        for target, body in ((before, {"tidemark.against": after}), (after, {"tidemark.against": before}), (after, {})):
            reply = await world.post(f"/snapshots/{target}/recoveryPreviewJobs", body)
            assert (reply.status, reply.error["code"]) == (500, "tidemark.integrity")
            assert reply.error["tidemark.file"] == sealed.manifest_name
        assert len(await world.product.ledger.jobs(TENANT)) == jobs

    virtual_time.run(story())


def test_a_damaged_index_fails_the_comparison_by_the_name_of_the_file(world: World) -> None:
    async def story() -> None:
        before, after, _user = await two_snapshots(world)
        sealed = await world.product.snapshots.on_wire(TENANT, after)
        reader = await world.product.snapshots.open(TENANT, sealed.snapshot_id)
        name = next(file.name for file in reader.manifest.files if file.part == "index")
        world.platform.vault.contents[name] = world.platform.vault.contents[name][:-1] + b"?"
        reply = await world.post(f"/snapshots/{before}/recoveryPreviewJobs", {"tidemark.against": after})
        await world.platform.run_until_idle()
        job = (await world.get(f"/jobs/{reply.headers['location'].rpartition('/')[2]}")).json
        assert (job["status"], job["tidemark.error"]["code"]) == ("failed", "integrity")
        assert name in job["tidemark.error"]["message"]

    virtual_time.run(story())


async def without_type(world: World, wire_id: str, type_name: str) -> None:
    """Make the snapshot one that was captured before Tidemark knew the type; its manifest is proven anew."""
    known = await world.product.snapshots.on_wire(TENANT, wire_id)
    manifest: dict[str, Any] = msgspec.json.decode(world.platform.vault.contents[known.manifest_name])
    del manifest["types"][type_name]
    content = msgspec.json.encode(manifest)
    world.platform.vault.contents[known.manifest_name] = content
    digest = sha256(content)
    listed = msgspec.structs.replace(known, manifest_sha256=digest)
    await world.platform.rows.write(TENANT, [Put(snapshot_key(known.snapshot_id), snapshot_values(listed), ANY)])
    row = await world.platform.rows.read(TENANT, snapshot_key(known.snapshot_id))
    assert row is not None
    assert wire_snapshot_id(snapshot_of(row.values, key=row.key).snapshot_id) == wire_id


def test_a_type_that_one_side_has_not_captured_is_left_out_by_name_and_refused_when_asked_for() -> None:
    world = World(is_signed=False)

    async def story() -> None:
        before, after, user = await two_snapshots(world)
        await without_type(world, before, "group")
        job = await world.platform.finish(
            await world.product.starting.report(
                TENANT, before, world.everything, requested_by="somebody", against=after
            )
        )
        rows, _more = await world.product.asking.differences(TENANT, job.job_id, skip=0, top=999)
        assert [row.object_id for row in rows] == [user]
        assert set(job.notes["notCompared"]) == {"group"}
        for scope in (Scope(types=("user", "group")), Scope(ids={"group": (user,)})):
            with pytest.raises(InputError, match="group cannot be compared"):
                await world.product.starting.report(TENANT, before, scope, requested_by="somebody", against=after)

    virtual_time.run(story())
