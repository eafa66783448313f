"""What every Shelf and every Blobs.container promise, in memory and on Azure storage alike, and removal of rows."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.protection import UNPROTECTED
from shared.ports import CREATE, Put
from tests.contract.storage.conftest import Tell
from tests.contract.storage.worlds import TENANT, World


def test_a_container_without_a_policy_says_that_it_protects_nothing(tell: Tell) -> None:
    async def story(world: World) -> None:
        found = await world.blobs.container()
        assert found.protection == UNPROTECTED
        assert "NOT IMMUTABLE" in found.protection.said()
        await world.pass_time(2)
        later = await world.blobs.container()
        assert timedelta(seconds=1) <= later.at - found.at <= timedelta(seconds=30)

    tell(story)


def test_blobs_age_by_the_services_clock_from_their_creation(tell: Tell) -> None:
    async def story(world: World) -> None:
        assert await world.shelf.aged("t1/") == []
        await world.blobs.create("t1/b", b"x")
        await world.blobs.create("t2/a", b"x")
        await world.pass_time(3)
        await world.blobs.create("t1/a", b"x")
        young, old = await world.shelf.aged("t1/")
        assert (young.name, old.name) == ("t1/a", "t1/b")
        assert old.age_seconds - young.age_seconds >= 2
        assert 0 <= young.age_seconds < 30

    tell(story)


def test_a_removed_blob_is_gone_and_removing_it_again_is_success(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.blobs.create("t1/a", b"x")
        await world.blobs.create("t1/b", b"y")
        assert [await world.shelf.remove("t1/a") for _time in range(2)] == ["", ""]
        assert await world.blobs.names("t1/") == ["t1/b"]

    tell(story)


def test_a_removed_row_is_gone_whatever_version_it_had(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.rows.write(TENANT, [Put("snapshot-1", {"a": 1}, CREATE), Put("snapshot-2", {"a": 2}, CREATE)])
        for _time in range(2):
            await world.rows.remove(TENANT, "snapshot-1")
        assert [row.key for row in await world.rows.scan(TENANT, "snapshot-")] == ["snapshot-2"]
        await world.rows.write(TENANT, [Put("snapshot-1", {"a": 3}, CREATE)])

    tell(story)
