"""What every Rows promises, in memory and on Azure tables alike."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.errors import InputError, RowConflictError
from shared.ports import ANY, CREATE, Put, Row
from tests.contract.storage.conftest import Tell
from tests.contract.storage.worlds import TENANT, World


def a_put(key: str, etag: str = CREATE, **values: str | int | bool) -> Put:
    return Put(key=key, values=values or {"n": 1}, etag=etag)


async def stored(world: World, key: str) -> Row:
    row = await world.rows.read(TENANT, key)
    assert row is not None, f"no row {key}"
    return row


def test_a_row_that_was_never_written_is_none(tell: Tell) -> None:
    async def story(world: World) -> None:
        assert await world.rows.read(TENANT, "lease") is None
        assert await world.rows.scan(TENANT, "") == []
        await world.rows.write(TENANT, [a_put("lease")])
        assert await world.rows.read(TENANT, "job:1") is None
        assert await world.rows.read("another-tenant", "lease") is None

    tell(story)


def test_a_row_comes_back_with_the_values_and_the_etag_of_its_write(tell: Tell) -> None:
    values: dict[str, str | int | bool] = {
        "text": "Grüße 👋 'quoted' \\ \n",
        "empty": "",
        "small": -1,
        "large": 2**53 + 1,
        "limit": 2**63 - 1,
        "yes": True,
        "no": False,
    }

    async def story(world: World) -> None:
        (etag,) = await world.rows.write(TENANT, [Put(key="job:1", values=values, etag=CREATE)])
        row = await stored(world, "job:1")
        assert row.values == values
        assert {name: type(value) for name, value in row.values.items()} == {
            name: type(value) for name, value in values.items()
        }
        assert (row.key, row.etag) == ("job:1", etag)

    tell(story)


def test_a_write_replaces_the_whole_row_and_gives_it_a_new_etag(tell: Tell) -> None:
    async def story(world: World) -> None:
        (first,) = await world.rows.write(TENANT, [a_put("lease", owner="a", held=True)])
        (second,) = await world.rows.write(TENANT, [a_put("lease", first, owner="b")])
        assert (await stored(world, "lease")).values == {"owner": "b"}
        assert (await stored(world, "lease")).etag == second != first

    tell(story)


def test_of_many_workers_creating_one_row_exactly_one_wins(tell: Tell) -> None:
    async def story(world: World) -> None:
        async def create(worker: int) -> bool:
            try:
                await world.rows.write(TENANT, [a_put("lease", owner=worker)])
            except RowConflictError:
                return False
            return True

        won = await asyncio.gather(*(create(worker) for worker in range(8)))
        assert won.count(True) == 1
        assert (await stored(world, "lease")).values == {"owner": won.index(True)}

    tell(story)


def test_of_many_workers_replacing_one_version_exactly_one_wins(tell: Tell) -> None:
    async def story(world: World) -> None:
        (etag,) = await world.rows.write(TENANT, [a_put("lease", owner=-1)])

        async def replace(worker: int) -> bool:
            try:
                await world.rows.write(TENANT, [a_put("lease", etag, owner=worker)])
            except RowConflictError:
                return False
            return True

        won = await asyncio.gather(*(replace(worker) for worker in range(8)))
        assert won.count(True) == 1
        assert (await stored(world, "lease")).values == {"owner": won.index(True)}

    tell(story)


def test_a_stale_etag_is_refused_by_name_and_nothing_of_the_transaction_is_stored(tell: Tell) -> None:
    async def story(world: World) -> None:
        (stale,) = await world.rows.write(TENANT, [a_put("lease", n=1)])
        await world.rows.write(TENANT, [a_put("lease", stale, n=2)])
        puts = [a_put("batch:1"), a_put("lease", stale, n=3), a_put("batch:2", ANY)]
        with pytest.raises(RowConflictError) as caught:
            await world.rows.write(TENANT, puts)
        assert caught.value.key == "lease"
        assert [row.key for row in await world.rows.scan(TENANT, "")] == ["lease"]
        assert (await stored(world, "lease")).values == {"n": 2}

    tell(story)


def test_creating_what_exists_is_refused_by_name_and_stores_nothing_else(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.rows.write(TENANT, [a_put("batch:2", n=2)])
        with pytest.raises(RowConflictError) as caught:
            await world.rows.write(TENANT, [a_put("batch:1"), a_put("batch:2", n=3)])
        assert (caught.value.partition, caught.value.key) == (TENANT, "batch:2")
        assert [(row.key, row.values) for row in await world.rows.scan(TENANT, "")] == [("batch:2", {"n": 2})]

    tell(story)


def test_replacing_a_version_of_a_row_that_is_not_there_is_refused(tell: Tell) -> None:
    async def story(world: World) -> None:
        (etag,) = await world.rows.write(TENANT, [a_put("lease")])
        with pytest.raises(RowConflictError) as caught:
            await world.rows.write(TENANT, [a_put("other", etag)])
        assert caught.value.key == "other"

    tell(story)


def test_a_put_without_condition_writes_over_anything_and_over_nothing(tell: Tell) -> None:
    async def story(world: World) -> None:
        (first,) = await world.rows.write(TENANT, [a_put("status", ANY, n=1)])
        (second,) = await world.rows.write(TENANT, [a_put("status", ANY, n=2)])
        assert (await stored(world, "status")).values == {"n": 2}
        assert (await stored(world, "status")).etag == second != first

    tell(story)


def test_a_transaction_of_a_hundred_rows_returns_their_etags_in_order(tell: Tell) -> None:
    async def story(world: World) -> None:
        puts = [a_put(f"batch:{number:03}", n=number) for number in reversed(range(100))]
        etags = await world.rows.write(TENANT, puts)
        found = {row.key: row for row in await world.rows.scan(TENANT, "batch:")}
        assert [found[put.key].etag for put in puts] == etags
        assert [found[put.key].values for put in puts] == [put.values for put in puts]
        again = await world.rows.write(TENANT, [a_put(p.key, e) for p, e in zip(puts, etags, strict=True)])
        assert all(new != old for new, old in zip(again, etags, strict=True))

    tell(story)


def test_a_scan_returns_every_row_under_its_prefix_in_key_order_over_all_pages(tell: Tell) -> None:
    async def story(world: World) -> None:
        keys = [f"batch:job-1:{number:05}" for number in range(1_150)]
        for start in range(0, len(keys), 100):
            await world.rows.write(TENANT, [a_put(key) for key in reversed(keys[start : start + 100])])
        await world.rows.write(TENANT, [a_put(key) for key in ("batch:job-0:1", "batch:job-10", "batch:job-2:1", "B")])
        await world.rows.write("another-tenant", [a_put("batch:job-1:00001x")])
        assert [row.key for row in await world.rows.scan(TENANT, "batch:job-1:")] == keys
        assert len(await world.rows.scan(TENANT, "")) == len(keys) + 4

    tell(story)


def test_the_age_of_a_row_grows_until_it_is_written_again(tell: Tell) -> None:
    async def story(world: World) -> None:
        (etag,) = await world.rows.write(TENANT, [a_put("lease")])
        assert 0 <= (await stored(world, "lease")).age_seconds < 2
        await world.pass_time(3.1)
        # A second too low is allowed, as the service dates its replies in whole seconds.
        assert (await stored(world, "lease")).age_seconds > 2
        assert (await world.rows.scan(TENANT, "le"))[0].age_seconds > 2
        await world.rows.write(TENANT, [a_put("lease", etag)])
        assert (await stored(world, "lease")).age_seconds < 2

    tell(story)


NUMBERS = "".join(f"{number}," for number in range(60_000))
WAVES = "".join(f"{number}👋" for number in range(60_000))


@pytest.mark.parametrize("text", [NUMBERS[:32_001], NUMBERS[:300_000], "👋" * 20_000, WAVES[:300_000]])
def test_a_string_longer_than_one_property_holds_comes_back_whole(tell: Tell, text: str) -> None:
    async def story(world: World) -> None:
        (etag,) = await world.rows.write(TENANT, [a_put("batch:1", argument=text, cursor="c")])
        assert (await stored(world, "batch:1")).values == {"argument": text, "cursor": "c"}
        await world.rows.write(TENANT, [a_put("batch:1", etag, argument="short")])
        assert (await world.rows.scan(TENANT, "batch"))[0].values == {"argument": "short"}

    tell(story)


def test_a_row_too_large_for_one_entity_is_refused_by_its_key(tell: Tell) -> None:
    async def story(world: World) -> None:
        with pytest.raises(InputError) as caught:
            await world.rows.write(TENANT, [a_put("batch:1"), a_put("batch:2", a="x" * 200_000, b="👋" * 100_001)])
        assert caught.value.member == "batch:2"
        with pytest.raises(InputError):
            await world.rows.write(TENANT, [a_put("batch:3", n=2**63)])
        assert await world.rows.scan(TENANT, "") == []

    tell(story)


def test_rows_too_large_for_one_transaction_are_refused_together(tell: Tell) -> None:
    async def story(world: World) -> None:
        with pytest.raises(InputError):
            await world.rows.write(TENANT, [a_put(f"batch:{number}", text="x" * 60_000) for number in range(100)])
        assert await world.rows.scan(TENANT, "") == []
        await world.rows.write(TENANT, [a_put(f"batch:{number}", text="x" * 35_000) for number in range(100)])

    tell(story)


@pytest.mark.parametrize("key", ["", "a/b", "a b", "a'b", "a#b", "a?b", "a\\b", "a\n", "ä", "x" * 513])
def test_a_key_that_would_need_escaping_is_refused(tell: Tell, key: str) -> None:
    async def story(world: World) -> None:
        with pytest.raises(InputError):
            await world.rows.write(TENANT, [a_put(key)])
        with pytest.raises(InputError):
            await world.rows.read(TENANT, key)
        with pytest.raises(InputError):
            await world.rows.read(key, "lease")
        if key:
            with pytest.raises(InputError):
                await world.rows.scan(TENANT, key)

    tell(story)
