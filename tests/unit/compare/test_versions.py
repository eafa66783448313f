"""Where to look for an object's versions, and what makes one; each test names the promise it proves."""

from __future__ import annotations

from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.compare.steps import link_rows, object_rows
from shared.compare.versions import LinkChange, Seen, own_changes, places, versions
from shared.domain.changes import Json
from shared.formats.change_index import GONE, LINKED, LINKED_BY, OBJECT, ROW, UNLINKED_BY, ChangeRow
from shared.formats.objects import SOFT_DELETED, IndexRow

KEY, OTHER = b"k" * 16, b"o" * 16


def a_change_row(sequence: int, kind: int = OBJECT, value: bytes = OTHER) -> ChangeRow:
    return ChangeRow(KEY, 1, kind, 0, sequence, value)


def an_index_row(digest: bytes = b"d" * 16, flags: int = 0, offset: int = 0) -> IndexRow:
    return IndexRow(KEY, digest, offset, 10, 0, 1, flags)


def incoming(*, is_added: bool) -> LinkChange:
    return LinkChange(code=1, other=OTHER, is_incoming=True, is_added=is_added)


def test_v1_states_that_rows_name_and_states_nobody_speaks_of_are_looked_at() -> None:
    rows = [a_change_row(3), a_change_row(5, LINKED), a_change_row(6, LINKED_BY)]
    found = places([1, 2, 3, 4, 5, 6], rows, [True, True, True, False, True, True])
    assert [set(one) for one in (found.named, found.unknown, found.linked)] == [{2}, {3}, {4}]
    assert found.incoming == {5: (incoming(is_added=True),)}


def test_v2_changes_of_states_that_are_gone_fall_to_the_next_one_kept() -> None:
    rows = [a_change_row(sequence) for sequence in (2, 4, 9, 12)]
    assert places([3, 8, 10], rows, [True] * 3).named == {1, 2}, "2 lies before all, 12 after all"


def test_v2_a_link_that_came_and_went_between_two_kept_states_is_no_change() -> None:
    steps = [LINKED_BY, UNLINKED_BY, LINKED_BY]
    for count, wanted in ((1, (incoming(is_added=True),)), (2, ()), (3, (incoming(is_added=True),))):
        rows = [a_change_row(4 + number, kind) for number, kind in enumerate(steps[:count])]
        assert places([3, 10], rows, [True] * 2).incoming == {1: wanted}


def test_v3_another_spelling_of_the_same_is_no_version() -> None:
    spellings: list[Json] = [
        {"id": "u", "otherMails": ["a", "b"]},
        {"otherMails": ["b", "a"], "id": "u", "city": None, "@x": 1},
    ]
    seen = [Seen(position=place, row=an_index_row(), body=body) for place, body in enumerate(spellings)]
    assert [one.position for one in versions(USER, seen)] == [0]


def test_what_graph_computes_is_shown_although_no_report_compares_it() -> None:
    mails = (["smtp:a"], ["smtp:b"])
    seen = [Seen(position=place, row=an_index_row(), body={"proxyAddresses": mail}) for place, mail in enumerate(mails)]
    assert versions(USER, seen)[1].after == {"proxyAddresses": ["smtp:b"]}


def test_each_way_an_object_can_become_another_has_its_word() -> None:
    body, live, deleted = {"id": "u"}, an_index_row(), an_index_row(flags=SOFT_DELETED)
    seen = [
        Seen(position=0),
        Seen(position=1, row=live, body=body),
        Seen(position=2, row=deleted, body=body),
        Seen(position=3, row=live, body=body, links=own_changes([], [(1, OTHER)])),
        Seen(position=4, row=live, body=body, links=own_changes([(1, OTHER)], [])),
        Seen(position=5),
        Seen(position=6),
    ]
    found = versions(GROUP, seen)
    assert [(one.position, one.what.value) for one in found] == [
        (1, "appeared"),
        (2, "softDeleted"),
        (3, "restored"),
        (4, "changed"),
        (5, "disappeared"),
    ]
    assert (found[0].before, found[0].after, found[-1].before, found[-1].after) == ({}, body, body, {})
    assert versions(GROUP, seen[1:2])[0].what == "firstSeen"


def test_rows_name_what_is_new_another_or_gone_and_nothing_that_merely_moved() -> None:
    moved, other = an_index_row(offset=99), an_index_row(digest=b"e" * 16)
    assert list(object_rows([an_index_row()], [moved], 7)) == []
    assert list(object_rows([an_index_row()], [other], 7)) == [ROW.pack(KEY, 1, OBJECT, 0, 7, b"e" * 16)]
    assert list(object_rows([an_index_row()], [], 7)) == [ROW.pack(KEY, 1, OBJECT, GONE, 7, bytes(16))]
    assert list(object_rows([], [an_index_row(flags=SOFT_DELETED)], 7)) == [
        ROW.pack(KEY, 1, OBJECT, SOFT_DELETED, 7, b"d" * 16)
    ]


def test_a_link_that_is_new_or_gone_has_a_row_for_each_end() -> None:
    link = bytes([1]) + KEY + OTHER
    assert list(link_rows(set(), {link}, 7)) == [
        ROW.pack(KEY, 1, 1, 0, 7, OTHER),
        ROW.pack(OTHER, 1, 3, 0, 7, KEY),
    ]
    assert [ROW.unpack(row)[2] for row in link_rows({link}, set(), 7)] == [2, 4]
    assert list(link_rows({link}, {link}, 7)) == []
