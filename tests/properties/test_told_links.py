"""Links brought up to date by what delta tells are the links there are, whatever the order, the pages and the replays.

The model is the set of members before and after. Graph tells of every member that came or went at least once, of others
too (replays), always as it is now; what is told goes through the product's own formats, as one increment or several.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.ids import object_key
from shared.formats.links import ADD, LinkSpool, apply_increment, decode_links, encode_links
from shared.formats.segments import decode_segment
from shared.formats.spooling import Spool
from shared.jobs.told import Told, joined
from shared.memory.blobs import MemoryBlobs
from shared.runs.overlay import Overlay, Source
from shared.runs.staging import store_segment
from tests.support.builders import an_id

GROUP, MEMBERS = an_id("group"), 1
PEOPLE = [an_id(f"one-{number}") for number in range(8)]
members = st.sets(st.sampled_from(PEOPLE))
Pages = list[list[tuple[str, bool]]]


@st.composite
def told_pages(draw: st.DrawFn) -> tuple[set[str], set[str], Pages]:
    """Return the members before and after, and pages of what is told: (member, whether removed)."""
    before, after = draw(members), draw(members)
    moved = sorted(before ^ after)
    replayed = draw(st.lists(st.sampled_from(PEOPLE), max_size=6))
    told = draw(st.permutations([*moved, *replayed]))
    cuts = sorted(draw(st.lists(st.integers(0, len(told)), max_size=3)))
    pages = [told[start:end] for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True)]
    return before, after, [[(one, one not in after) for one in page] for page in pages]


def what(page: Sequence[tuple[str, bool]]) -> Told:
    added = frozenset(one for one, is_removed in page if not is_removed)
    return Told(added, frozenset(one for one, is_removed in page if is_removed))


def increment(told: Told) -> LinkSpool:
    spool = LinkSpool(1, is_increment=True)
    spool.add_linked(MEMBERS, [(GROUP, sorted(told.added))])
    for other in sorted(told.removed):
        spool.take(MEMBERS, GROUP, other)
    return spool


def rows_of(spool: LinkSpool) -> list[bytes]:
    return decode_links(bytes(spool.file().content), name="l", is_increment=True) if spool.rows else []


def links(of: set[str]) -> set[bytes]:
    return {bytes([MEMBERS]) + object_key(GROUP) + object_key(one) for one in of}


@given(told_pages())
def test_the_links_are_those_of_now_and_being_told_again_changes_nothing(
    case: tuple[set[str], set[str], Pages],
) -> None:
    """T1 and T2."""
    before, after, pages = case
    told = joined(map(what, pages))
    assert told.is_settled
    rows = links(before)
    for _time in range(2):
        apply_increment(rows, rows_of(increment(told)))
        assert rows == links(after)
    for page in pages:
        apply_increment(rows, rows_of(increment(what(page))))
    assert rows == links(after)


@given(told_pages(), st.permutations(range(4)))
@settings(max_examples=60)
def test_pages_sealed_as_restore_points_and_merged_in_any_order_give_the_same_links(
    case: tuple[set[str], set[str], Pages], order: Sequence[int]
) -> None:
    before, after, pages = case
    ordered = [pages[number] for number in order if number < len(pages)]

    async def merged() -> tuple[set[bytes], set[bytes]]:
        blobs = MemoryBlobs()
        base = LinkSpool(1)
        base.add_linked(MEMBERS, [(GROUP, sorted(before))])
        spools = [base, *(increment(what(page)) for page in ordered)]
        sources = []
        for number, spool in enumerate(spools):
            note = await store_segment(blobs, f"s{number}", Spool(1), spool)
            segment = decode_segment(blobs.contents[note["name"]], name=note["name"], expected=note["sha256"])
            sources.append(Source(blobs, segment.files, segment.is_increment))
        told: list[bytes] = []
        await Overlay(sources, is_increment=False).links(0, told.append)
        await Overlay(sources[1:], is_increment=True).links(0, told.append)
        whole, own = told
        layered = links(before)
        apply_increment(layered, [own[at : at + 34] for at in range(0, len(own), 34)])
        return {whole[at : at + 33] for at in range(0, len(whole), 33)}, layered

    assert asyncio.run(merged()) == (links(after), links(after))


@given(told_pages(), st.sampled_from(PEOPLE))
def test_what_is_told_both_ways_settles_nothing(case: tuple[set[str], set[str], Pages], one: str) -> None:
    """T3."""
    told = joined([*map(what, case[2]), Told(frozenset({one})), Told(removed=frozenset({one}))])
    assert not told.is_settled


def test_a_link_taken_away_is_not_brought_back_by_an_earlier_increment_and_a_whole_list_forgets_it() -> None:
    rows = links({PEOPLE[0], PEOPLE[1]})
    replaced = LinkSpool(1, is_increment=True)
    replaced.reset(MEMBERS, GROUP)
    replaced.add(MEMBERS, GROUP, PEOPLE[2])
    replaced.take(MEMBERS, GROUP, PEOPLE[1])
    apply_increment(rows, rows_of(replaced))
    assert rows == links({PEOPLE[2]})
    assert encode_links(row + ADD for row in rows)
