"""A cursor is checked again when it comes back from storage."""

from __future__ import annotations

import pytest

from shared.domain.errors import IncompleteListingError
from shared.graph import cursors
from shared.graph.cursors import Bounds, Chain, Cursor
from shared.graph.exchange import Reply
from shared.graph.links import Trail

BASE = "https://graph.microsoft.com/v1.0"
BOUNDS = Bounds(BASE, pages_max=10)
REPLY = Reply(status=200, headers={"request-id": "r-1"})


def test_a_cursor_comes_back_as_it_was_stored() -> None:
    pending = [Chain("g1"), Chain("g2", "/groups/g2/members?$skiptoken=b", Trail(3, "ab"))]
    cursor = Cursor(next="/groups?$skiptoken=a", page=4, rows=3996, trail=Trail(4, "cd"), pending=pending)
    text = cursors.dump(cursor)
    assert text is not None
    assert cursors.load("group-members", text) == cursor


def test_nothing_left_to_read_is_no_cursor() -> None:
    assert cursors.dump(Cursor(page=5, rows=12)) is None


def test_a_listing_that_has_ended_goes_on_while_anything_is_pending() -> None:
    assert cursors.dump(Cursor(page=5, pending=[Chain("g1")])) is not None


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        '{"unknown":1}',
        '{"next":7}',
        '{"next":"https://attacker.example/"}',
        '{"next":"/users/../../beta"}',
        '{"next":"//attacker.example"}',
        '{"next":"@attacker.example/x"}',
        '{"page":1,"pending":[["g","/x#y",[0,""]]]}',
        "[" * 10_000,
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(text: str) -> None:
    with pytest.raises(IncompleteListingError, match=r"^user: the cursor"):
        cursors.load("user", text)


def test_a_next_link_to_another_host_names_the_listing_and_the_request() -> None:
    with pytest.raises(IncompleteListingError, match=r"user: .*another place.*r-1"):
        cursors.advance("user", REPLY, "https://attacker.example/v1.0/users", Trail(), BOUNDS)


def test_a_next_link_to_the_page_just_read_is_a_circle() -> None:
    _, trail = cursors.advance("user", REPLY, f"{BASE}/users?$skiptoken=a", Trail(), BOUNDS)
    with pytest.raises(IncompleteListingError, match="already read"):
        cursors.advance("user", REPLY, f"{BASE}/users?$skiptoken=a", trail, BOUNDS)


def test_a_listing_has_a_ceiling_of_pages() -> None:
    trail = Trail()
    for number in range(BOUNDS.pages_max):
        _, trail = cursors.advance("user", REPLY, f"{BASE}/users?$skiptoken={number}", trail, BOUNDS)
    with pytest.raises(IncompleteListingError, match="more than 10 pages"):
        cursors.advance("user", REPLY, f"{BASE}/users?$skiptoken=last", trail, BOUNDS)
