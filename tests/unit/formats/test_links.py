"""Link rows, and what an increment does to the rows before it."""

from __future__ import annotations

import pytest

from shared.domain.errors import IntegrityError
from shared.domain.ids import object_key
from shared.formats import link_runs
from shared.formats.deleted import decode_deleted, encode_deleted
from shared.formats.frames import compress
from shared.formats.link_runs import HEAD_BYTES, ROW_BYTES, joined_runs, rows_in_pieces, runs_of, split_rows
from shared.formats.links import LinkSpool, apply_increment, decode_links, encode_links
from tests.support.builders import an_id

MEMBERS, OWNERS = 1, 2


def a_row(source: str, other: str, code: int = MEMBERS) -> bytes:
    return bytes([code]) + object_key(an_id(source)) + object_key(an_id(other))


def rows_of(spool: LinkSpool) -> set[bytes]:
    writer = spool.file()
    return {
        row
        for part in writer.shards
        for row in decode_links(
            bytes(writer.content[part.offset : part.offset + part.length]), name="l", is_increment=spool.is_increment
        )
    }


def brought_up_to_date(rows: set[bytes], spool: LinkSpool) -> set[bytes]:
    after = set(rows)
    apply_increment(after, rows_of(spool))
    return after


def test_links_are_read_back_whatever_shard_their_source_is_in() -> None:
    spool = LinkSpool(shard_count=4)
    wanted = {(f"g{number % 5}", f"u{number}") for number in range(30)}
    for source, other in wanted:
        spool.add(MEMBERS, an_id(source), an_id(other))
    assert rows_of(spool) == {a_row(source, other) for source, other in wanted}


def test_a_page_read_twice_gives_each_link_once() -> None:
    spool = LinkSpool(shard_count=1)
    for _reading in range(2):
        spool.add(MEMBERS, an_id("g"), an_id("u"))
    assert rows_of(spool) == {a_row("g", "u")}
    assert spool.file().file("l").rows == 1


def test_rows_are_sorted_so_the_same_links_give_the_same_bytes() -> None:
    rows = [a_row("g", f"u{number}") for number in range(20)]
    assert encode_links(rows) == encode_links(rows[::-1])


def test_an_increment_forgets_all_earlier_links_of_a_source_it_read_again() -> None:
    spool = LinkSpool(shard_count=1, is_increment=True)
    spool.reset(MEMBERS, an_id("g"))
    spool.add(MEMBERS, an_id("g"), an_id("new"))
    before = {a_row("g", "old"), a_row("h", "old"), a_row("g", "old", OWNERS)}
    assert brought_up_to_date(before, spool) == {a_row("g", "new"), a_row("h", "old"), a_row("g", "old", OWNERS)}


def test_an_increment_keeps_a_link_that_is_still_there() -> None:
    spool = LinkSpool(shard_count=1, is_increment=True)
    spool.add(MEMBERS, an_id("g"), an_id("kept"))
    spool.reset(MEMBERS, an_id("g"))
    assert brought_up_to_date({a_row("g", "kept"), a_row("g", "old")}, spool) == {a_row("g", "kept")}


def test_applying_an_increment_twice_changes_nothing_more() -> None:
    spool = LinkSpool(shard_count=1, is_increment=True)
    spool.reset(MEMBERS, an_id("g"))
    spool.add(MEMBERS, an_id("g"), an_id("new"))
    once = brought_up_to_date({a_row("g", "old")}, spool)
    assert brought_up_to_date(once, spool) == once


def test_only_an_increment_may_forget() -> None:
    with pytest.raises(AssertionError):
        LinkSpool(shard_count=1).reset(MEMBERS, an_id("g"))


def test_an_empty_block_holds_no_links() -> None:
    assert set(decode_links(encode_links([]), name="l")) == set()


def test_rows_of_an_increment_are_not_read_as_rows_of_a_base() -> None:
    content = encode_links([a_row("g", "u") + b"+"])
    with pytest.raises(IntegrityError, match="no whole number of 33-byte rows"):
        decode_links(content, name="l")


def test_a_block_that_is_no_whole_number_of_rows_is_refused_at_once() -> None:
    with pytest.raises(IntegrityError, match=r"l\.zst: 34 bytes of links"):
        decode_links(compress(bytes(ROW_BYTES + 1)), name="l.zst")


def test_keys_of_soft_deleted_objects_are_read_back() -> None:
    keys = {object_key(an_id(f"u{number}")) for number in range(9)} | {bytes(16)}
    assert decode_deleted(encode_deleted((1, key) for key in keys), name="d") == keys
    assert decode_deleted(encode_deleted([]), name="d") == set()


def test_a_block_of_keys_that_is_no_whole_number_of_them_is_refused() -> None:
    with pytest.raises(IntegrityError, match=r"d\.zst: 16 bytes"):
        decode_deleted(compress(bytes(16)), name="d.zst")


@pytest.mark.parametrize("is_increment", [False, True])
def test_a_page_of_links_makes_the_same_file_as_its_links_one_by_one(is_increment: bool) -> None:
    pairs = [(an_id(f"group-{number % 5}"), an_id(f"user-{number}")) for number in range(40)]
    at_once, by_source, one_by_one = (LinkSpool(shard_count=4, is_increment=is_increment) for _spool in range(3))
    at_once.add_pairs(MEMBERS, pairs)
    sources = dict.fromkeys(source for source, _other in pairs)
    by_source.add_linked(MEMBERS, [(source, [other for of, other in pairs if of == source]) for source in sources])
    by_source.add_linked(MEMBERS, [(an_id("group-without-members"), [])])
    for source, other in pairs:
        one_by_one.add(MEMBERS, source, other)
    assert at_once.rows == by_source.rows == one_by_one.rows == len(pairs)
    assert at_once.file().content == by_source.file().content == one_by_one.file().content


@pytest.mark.parametrize(
    "ids",
    [
        [an_id("a")],
        [an_id("c"), an_id("b"), an_id("a"), an_id("b")],
        ["00000003-0000-0000-c000-000000000000", "00000002-0000-0000-c000-000000000000"],
        [an_id("a"), an_id("b").upper(), an_id("c")],
        [an_id("a"), "a policy template", ""],
        [an_id("a")[:-1], f"0{an_id('b')}"],
        [f"{an_id('a')[:-1]}-", an_id("b")],
        [f"{an_id('a')[:-2]}\n0", an_id("b")],
        ["a0000000-0000-0000-0000-000000000000", "B0000000-0000-0000-0000-000000000000"],
        [f"{an_id('a')[:7]}-{an_id('a')[7]}{an_id('a')[9:]}", an_id("b")],
        [f"  {an_id('b')[2:]}"],
        [f"{an_id('a')[:-1]}g"],
        [f"{an_id('a')[:-1]}\uff11"],
        [f"{an_id('a')}\n{an_id('b')}"],
    ],
)
def test_rows_of_a_page_are_those_of_each_link_whatever_its_ids_look_like(ids: list[str]) -> None:
    at_once, one_by_one = LinkSpool(shard_count=1), LinkSpool(shard_count=1)
    at_once.add_linked(MEMBERS, [(source, [*ids, an_id("z")]) for source in ids])
    for source in ids:
        for other in [*ids, an_id("z")]:
            one_by_one.add(MEMBERS, source, other)
    assert at_once.file().content == one_by_one.file().content
    assert len(rows_of(at_once)) == len(set(map(str.lower, ids))) * len({*map(str.lower, ids), an_id("z")})


def test_a_source_whose_links_came_in_several_pages_has_them_in_order() -> None:
    one, other = (LinkSpool(shard_count=1) for _spool in range(2))
    known = [an_id(f"u{number}") for number in range(30)]
    for page in (known[20:], known[:10], known[5:25]):
        one.add_linked(MEMBERS, [(an_id("g"), page), (an_id("h"), page[:1])])
    other.add_linked(MEMBERS, [(an_id("g"), known), (an_id("h"), [known[20], known[0], known[5]])])
    assert one.file().content == other.file().content


def test_a_link_that_came_twice_is_stored_once() -> None:
    spool = LinkSpool(shard_count=1)
    spool.add_linked(MEMBERS, [(an_id("g"), [an_id("u"), an_id("v"), an_id("u")]), (an_id("g"), [an_id("v")])])
    writer = spool.file()
    assert writer.shards[0].rows == 2
    assert len(decode_links(writer.content, name="l")) == 2


def test_runs_of_sorted_rows_are_the_rows_of_each_source_and_reference() -> None:
    rows = sorted(
        bytes([code]) + object_key(f"g{number}") + object_key(f"u{other}")
        for code in (MEMBERS, OWNERS)
        for number in range(5)
        for other in range(1 + 40 * number)
    )
    runs = runs_of(b"".join(rows))
    assert len(runs) == 10
    assert [{row[:HEAD_BYTES] for row in split_rows(run, ROW_BYTES)} for run in runs] == [
        {run[:HEAD_BYTES]} for run in runs
    ]
    assert b"".join(runs) == b"".join(rows)


def test_joined_runs_are_all_rows_in_order_each_once_also_where_a_source_has_several_runs() -> None:
    rows = [bytes([MEMBERS]) + object_key(f"g{at % 7}") + object_key(f"u{at}") for at in range(60)]
    parts = [b"".join(sorted(rows[start : start + 30])) for start in (0, 20, 30)]
    assert joined_runs(run for part in parts for run in runs_of(part)) == b"".join(sorted(rows))
    assert joined_runs([]) == b""


def test_a_source_with_very_many_rows_is_put_in_order_range_by_range(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = sorted(bytes([MEMBERS]) + object_key("g") + object_key(f"u{at}") for at in range(500))
    runs = [b"".join(rows[start::step]) for start, step in ((0, 2), (1, 2), (0, 5), (3, 7))] + [rows[-1], rows[0]]
    taken_apart: list[int] = []
    whole = link_runs.split_rows

    def counted(content: bytes, width: int) -> list[bytes]:
        taken_apart.append(len(content) // width)
        return whole(content, width)

    monkeypatch.setattr(link_runs, "BYTES_AT_ONCE", 50 * ROW_BYTES)
    monkeypatch.setattr(link_runs, "split_rows", counted)
    pieces = rows_in_pieces(runs)
    assert b"".join(pieces) == b"".join(rows)
    assert min(map(len, pieces[:-1])) >= 50 * ROW_BYTES, "no smaller than what is put in order at once"
    assert sum(taken_apart) == sum(map(len, runs)) // ROW_BYTES, "every row of every run, those that came twice too"
    assert max(taken_apart) < 120
    assert len(taken_apart) > 10


@pytest.mark.parametrize("at_once", [1, ROW_BYTES, 3 * ROW_BYTES])
def test_ranges_of_one_row_or_less_lose_and_double_nothing(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    rows = sorted(bytes([MEMBERS]) + object_key("g") + object_key(f"u{at}") for at in range(12))
    monkeypatch.setattr(link_runs, "BYTES_AT_ONCE", at_once)
    assert joined_runs([b"".join(rows[:9]), b"".join(rows[5:]), rows[5]]) == b"".join(rows)
