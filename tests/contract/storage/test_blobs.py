"""What every Blobs promises, in memory and on Azure blob storage alike."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.errors import IntegrityError, NotFoundError
from tests.contract.storage.conftest import Tell
from tests.contract.storage.worlds import World


def test_a_created_blob_is_read_whole_and_in_ranges(tell: Tell) -> None:
    content = bytes(range(256)) * 8

    async def story(world: World) -> None:
        await world.blobs.create("tenant/snapshot/users.seg", content, {"sha256": "ab"})
        read = world.blobs.read
        assert await read("tenant/snapshot/users.seg") == content
        assert await read("tenant/snapshot/users.seg", 100, 16) == content[100:116]
        assert await read("tenant/snapshot/users.seg", 2_000) == content[2_000:]
        assert await read("tenant/snapshot/users.seg", 2_040, 100) == content[2_040:]
        assert await read("tenant/snapshot/users.seg", 5, 0) == b""
        assert await read("tenant/snapshot/users.seg", len(content), 10) == b""
        assert await read("tenant/snapshot/users.seg", len(content) + 1) == b""

    tell(story)


def test_an_empty_blob_is_a_blob(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.blobs.create("empty", b"")
        await world.blobs.create("empty", b"")
        assert await world.blobs.read("empty") == b""
        assert await world.blobs.read("empty", 0, 10) == b""
        with pytest.raises(IntegrityError):
            await world.blobs.create("empty", b"x")

    tell(story)


def test_creating_a_blob_again_with_the_same_bytes_is_success(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.blobs.create("manifest.json", b"content", {"first": "1"})
        await world.blobs.create("manifest.json", b"content")
        assert await world.blobs.read("manifest.json") == b"content"

    tell(story)


@pytest.mark.parametrize("other", [b"shorter", b"contenT of the second", b""])
def test_creating_a_blob_again_with_other_bytes_is_an_integrity_error_and_changes_nothing(
    tell: Tell, other: bytes
) -> None:
    async def story(world: World) -> None:
        await world.blobs.create("manifest.json", b"content of the second")
        with pytest.raises(IntegrityError) as caught:
            await world.blobs.create("manifest.json", other)
        assert caught.value.name == "manifest.json"
        assert await world.blobs.read("manifest.json") == b"content of the second"

    tell(story)


def test_of_many_workers_creating_one_blob_with_different_bytes_exactly_one_wins(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.blobs.create("something", b"first")

        async def create(worker: int) -> bool:
            try:
                await world.blobs.create("outcomes", b"%d" % worker)
            except IntegrityError:
                return False
            return True

        won = await asyncio.gather(*(create(worker) for worker in range(8)))
        assert won.count(True) == 1
        assert await world.blobs.read("outcomes") == b"%d" % won.index(True)

    tell(story)


def test_reading_a_blob_that_is_not_there_says_so_by_name(tell: Tell) -> None:
    async def story(world: World) -> None:
        for span in ((0, None), (10, 5), (0, 0)):
            with pytest.raises(NotFoundError) as caught:
                await world.blobs.read("tenant/none", *span)
            assert (caught.value.kind, caught.value.wanted) == ("blob", "tenant/none")
        await world.blobs.create("tenant/other", b"x")
        with pytest.raises(NotFoundError):
            await world.blobs.read("tenant/none")

    tell(story)


def test_names_are_those_under_the_prefix_in_order(tell: Tell) -> None:
    async def story(world: World) -> None:
        assert await world.blobs.names("") == []
        for name in ("t1/b/2", "t1/a", "t1/b/1", "t10/a", "t2/a"):
            await world.blobs.create(name, b"x")
        assert await world.blobs.names("t1/") == ["t1/a", "t1/b/1", "t1/b/2"]
        assert await world.blobs.names("t1") == ["t1/a", "t1/b/1", "t1/b/2", "t10/a"]
        assert await world.blobs.names("t3") == []
        assert len(await world.blobs.names("")) == 5

    tell(story)


def test_a_blob_larger_than_one_request_may_carry_is_our_own_mistake(tell: Tell) -> None:
    async def story(world: World) -> None:
        with pytest.raises(AssertionError):
            await world.blobs.create("large", bytes(64 * 1024 * 1024 + 1))
        assert await world.blobs.names("") == []

    tell(story)
