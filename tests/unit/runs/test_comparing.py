"""What a comparison reads: indexes and links of every shard, bodies only where something differs, each range once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.domain.ids import object_key
from shared.domain.scope import EVERYTHING
from shared.formats.segments import shard_of
from shared.runs.differing import differences_of
from shared.runs.facing import opened
from tests.support.builders import TENANT, a_user_body, an_id
from tests.support.states import States

SHARDS, USERS = 4, 60
Read = tuple[str, int, int | None]


def users(note: str, *, changed: int | None = None) -> list[dict[str, Any]]:
    return [
        a_user_body(f"user-{number}", note=note, city="Porto" if number == changed else "Lyon")
        for number in range(USERS)
    ]


async def compared(states: States) -> list[tuple[int, list[Read]]]:
    """Compare the two states shard by shard; return how many rows each gave and what was read for it."""
    vault, reads = states.vault, list[Read]()
    read = vault.read

    async def noted(name: str, offset: int = 0, length: int | None = None) -> bytes:
        reads.append((name.rpartition(".")[0].rpartition(".")[2], offset, length))
        return await read(name, offset, length)

    vault.read = noted  # type: ignore[method-assign]
    target, current = [await states.snapshots.open(TENANT, known.snapshot_id) for known in states.listed]
    sides = await opened(target, current)
    found = []
    for shard in range(SHARDS):
        reads.clear()
        rows = await differences_of(sides, EVERYTHING, (shard, SHARDS))
        found.append((len(rows), list(reads)))
    return found


@pytest.mark.parametrize("size", [1, 20_000])
def test_an_unchanged_shard_costs_no_read_of_a_body_however_large_bodies_are(size: int) -> None:
    async def story() -> None:
        states = States()
        for _day in range(2):
            await states.seal(users("x" * size), {an_id("group-1"): [an_id("user-1")]}, shards=SHARDS)
        found = await compared(states)
        assert [rows for rows, _reads in found] == [0] * SHARDS
        # The files of index and links are read whole with the first shard that lies in them, and never again.
        assert [sorted(part for part, _offset, _length in reads) for _rows, reads in found] == [
            ["index", "index", "links", "links"],
            *[[]] * (SHARDS - 1),
        ]

    asyncio.run(story())


def test_the_bodies_of_a_shard_that_differs_are_read_once_on_each_side_and_those_of_no_other() -> None:
    async def story() -> None:
        states, home = States(), shard_of(object_key(an_id("user-7")), SHARDS)
        await states.seal(users("x"), shards=SHARDS)
        await states.seal(users("x", changed=7), shards=SHARDS)
        found = await compared(states)
        assert [rows for rows, _reads in found] == [int(shard == home) for shard in range(SHARDS)]
        bodies = [[part for part, _offset, _length in reads if part == "objects"] for _rows, reads in found]
        assert bodies == [["objects"] * 2 if shard == home else [] for shard in range(SHARDS)]

    asyncio.run(story())
