"""The change index is a hint: whatever becomes of it, snapshots stay whole and histories right."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import pytest

from shared.domain.errors import IntegrityError
from shared.domain.ids import object_key
from shared.formats.change_index import (
    LINKED,
    LINKED_BY,
    ROW,
    Block,
    ChangeIndex,
    IndexFile,
    Run,
    block_digest,
    decode_index,
    decode_rows,
    encode_index,
    encode_rows,
    rows_of,
)
from shared.formats.frames import compress, decompress
from shared.formats.segments import shard_of
from shared.runs import indexing
from shared.runs.change_indexes import index_name
from tests.support.builders import TENANT, a_user_body, an_id
from tests.support.states import States

USER, GROUP = an_id("user-1"), an_id("group-1")
CITIES = ("Oslo", "Oslo", "Rome", "Rome", "Rome", "Lyon", "Lyon", "Bonn", "Bonn", "Bonn", "Oslo", "Oslo")
TOLD = [(0, "firstSeen"), (2, "changed"), (5, "changed"), (7, "changed"), (10, "changed")]


async def a_dozen_days() -> States:
    states = States()
    for day, city in enumerate(CITIES):
        await states.seal([a_user_body(city=city), a_user_body("user-2", day=day)])
    return states


def index_of(states: States, day: int = -1) -> ChangeIndex:
    name = index_name(states.listed[day])
    return decode_index(states.vault.contents[name], name=name)


async def replaced(states: States, index: ChangeIndex) -> None:
    """Put another newest index in place, well signed: the writer itself was wrong."""
    name = index_name(states.listed[-1])
    states.vault.contents[name], digest = encode_index(index)
    states.vault.contents.pop(name.replace("index.json", "manifest.sig"))
    await states.snapshots.signing.sign(states.vault, name, digest)


def test_the_first_snapshot_has_no_index_and_the_second_names_what_changed() -> None:
    async def story() -> None:
        states = States()
        await states.seal([a_user_body(city="Oslo")], {GROUP: []})
        assert states.files("/history/") == []
        await states.seal([a_user_body(city="Rome")], {GROUP: [USER]})
        index = index_of(states)
        assert (index.since, index.sequence, index.omitted) == (1, 2, ())
        (run,) = index.runs
        rows = [
            row
            for file in run.files
            for block in file.blocks
            for row in ROW.iter_unpack(
                decompress(states.vault.contents[file.name][block.offset :][: block.length], name="")
            )
        ]
        assert sorted((row[0].hex(), row[2]) for row in rows) == sorted(
            [(USER.replace("-", ""), 0), (USER.replace("-", ""), 3), (GROUP.replace("-", ""), 1)]
        )

    asyncio.run(story())


@pytest.mark.parametrize("part", ["index.json", "manifest.sig", "changes.zst"])
def test_a_damaged_index_costs_reads_and_changes_nothing_that_is_told(part: str) -> None:
    async def story() -> None:
        states = await a_dozen_days()
        for name in (name for name in states.files("/history/") if name.endswith(part)):
            states.vault.contents[name] = bytes(len(states.vault.contents[name]))
        found = await states.history.of(TENANT, USER)
        assert await states.told(USER) == TOLD
        assert found.notes[-1].endswith("each of them was read")

    asyncio.run(story())


def test_an_index_that_was_lost_is_gone_on_from_at_the_one_before() -> None:
    async def story() -> None:
        states = await a_dozen_days()
        for day in (9, 10, 11):
            del states.vault.contents[index_name(states.listed[day])]
        await states.seal([a_user_body(city="Oslo")])
        assert index_of(states).omitted == (10, 11, 12)
        assert await states.told(USER) == TOLD

    asyncio.run(story())


def without_rows(index: ChangeIndex) -> ChangeIndex:
    runs = tuple(msgspec.structs.replace(run, files=()) for run in index.runs)
    return msgspec.structs.replace(index, runs=runs)


@pytest.mark.parametrize(
    ("falsified", "said"),
    [
        (without_rows, "contradicted"),
        (lambda index: msgspec.structs.replace(index, runs=()), "9 snapshots are not in the change index"),
        (lambda index: msgspec.structs.replace(index, runs=index.runs[:1]), "1 snapshot is not in the change index"),
        (lambda index: msgspec.structs.replace(index, runs=index.runs[1:]), "8 snapshots are not in the change index"),
    ],
)
def test_an_index_that_leaves_changes_out_is_caught_by_the_snapshots(
    falsified: Callable[[ChangeIndex], ChangeIndex], said: str
) -> None:
    async def story() -> None:
        states = States()
        for city in CITIES[:-2]:
            await states.seal([a_user_body(city=city)])
        await replaced(states, falsified(index_of(states)))
        found = await states.history.of(TENANT, USER)
        assert await states.told(USER) == TOLD[:-1]
        assert said in found.notes[0]

    asyncio.run(story())


def test_the_index_of_another_state_is_passed_over() -> None:
    async def story() -> None:
        states = await a_dozen_days()
        earlier = states.vault.contents[index_name(states.listed[3])]
        states.vault.contents[index_name(states.listed[-1])] = earlier
        assert await states.told(USER) == TOLD

    asyncio.run(story())


def test_a_state_that_changed_too_much_to_list_is_read_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        states = States()
        crowd = [a_user_body(f"crowd-{number}") for number in range(9)]
        for day, city in enumerate(CITIES):
            await states.seal([a_user_body(city=city), *(crowd if day in {2, 6} else [])])
        assert index_of(states).omitted == (3, 4, 7, 8)
        assert await states.told(USER) == TOLD

    monkeypatch.setattr(indexing, "ROWS_MAX", 8)
    asyncio.run(story())


def test_a_damaged_snapshot_is_left_out_and_said_and_the_next_one_tells_its_change() -> None:
    async def story() -> None:
        states = await a_dozen_days()
        for name in states.files(f"/{states.listed[5].snapshot_id}/00000.index"):
            states.damage(name)
        found = await states.history.of(TENANT, USER)
        assert [one.position for one in found.versions] == [0, 2, 6, 7, 10]
        (note,) = found.notes
        assert states.listed[5].snapshot_id in note
        await states.seal([a_user_body(city="Oslo")])
        assert [day for day, _what in await states.told(USER)] == [0, 2, 6, 7, 10]

    asyncio.run(story())


def test_a_damaged_snapshot_before_it_does_not_keep_a_new_one_from_being_sealed() -> None:
    async def story() -> None:
        states = States()
        await states.seal([a_user_body(city="Oslo")])
        for name in states.files(".index.idx"):
            states.damage(name)
        await states.seal([a_user_body(city="Rome")])
        assert states.files("/history/") == []
        assert await states.told(USER) == [(1, "firstSeen")]

    asyncio.run(story())


def test_a_worker_may_die_at_any_call_of_the_step_and_the_next_one_writes_the_same() -> None:
    class Died(BaseException):
        """The worker is gone."""

    async def story(call: int) -> dict[str, bytes] | None:
        """Return what lies in the vault when the step dies before that call and is repeated; None beyond its end."""
        states = States()
        for city in CITIES[:8]:
            await states.seal([a_user_body(city=city)])
        calls = 0
        plain = states.vault.create

        async def create(name: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
            nonlocal calls
            calls += "/history/" in name
            if calls == call:
                calls += 1
                raise Died
            await plain(name, content, metadata)

        states.vault.create = create  # type: ignore[method-assign]
        died = False

        async def again(act: Callable[[], Awaitable[object]]) -> None:
            nonlocal died
            try:
                await act()
            except Died:
                died = True
                await act()

        states.around = again
        await states.seal([a_user_body(city="Oslo")])
        return dict(states.vault.contents) if died or not call else None

    undisturbed = asyncio.run(story(0))
    ends = [asyncio.run(story(call)) for call in range(1, 6)]
    assert ends == [undisturbed] * 4 + [None], "a run of a day, a run of eight, the index, its signature"


def test_the_rows_of_one_key_are_found_among_its_neighbours() -> None:
    keys = [bytes([number]) * 16 for number in (1, 2, 2, 2, 9)]
    content = b"".join(ROW.pack(key, 1, 0, 0, place, bytes(16)) for place, key in enumerate(keys))
    assert [row.sequence for row in rows_of(content, keys[1])] == [1, 2, 3]
    assert [row.sequence for row in rows_of(content, keys[0])] == [0]
    assert [row.sequence for row in rows_of(content, keys[4])] == [4]
    assert list(rows_of(content, bytes([5]) * 16)) == list(rows_of(b"", keys[0])) == []


def test_a_block_is_read_only_by_its_digest() -> None:
    block = encode_rows([ROW.pack(bytes(16), 1, 0, 0, 2, bytes(16))])
    assert len(decode_rows(block, name="f", digest=block_digest(block))) == ROW.size
    for wrong, digest in ((block, "0" * 32), (compress(b"x"), block_digest(compress(b"x")))):
        with pytest.raises(IntegrityError, match="f:"):
            decode_rows(wrong, name="f", digest=digest)


def test_a_link_of_the_index_that_no_snapshot_bears_out_is_not_told() -> None:
    async def story() -> None:
        states = States()
        for _day in range(2):
            await states.seal([a_user_body()], {GROUP: []})
        invented = [
            ROW.pack(object_key(USER), 1, LINKED_BY, 0, 2, object_key(GROUP)),
            ROW.pack(object_key(GROUP), 1, LINKED, 0, 2, object_key(USER)),
        ]
        index, files = index_of(states), list[IndexFile]()
        for row in invented:
            block = encode_rows([row])
            place = Block(shard_of(row[:16], index.shard_count), 0, len(block), 1, block_digest(block))
            files.append(IndexFile(name=f"{TENANT}/invented-{len(files)}", length=len(block), blocks=(place,)))
            await states.vault.create(files[-1].name, block)
        run = Run(first=2, last=2, level=0, files=tuple(files))
        await replaced(states, msgspec.structs.replace(index, runs=(run,)))
        for object_id, notes in ((USER, 1), (GROUP, 0)):
            found = await states.history.of(TENANT, object_id)
            assert [one.what for one in found.versions] == ["firstSeen"]
            assert len([note for note in found.notes if "does not bear out" in note]) == notes

    asyncio.run(story())
