"""Links are checked as raw text, and none of them leads a token to another place than Graph."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InputError
from shared.graph import links
from shared.graph.links import Trail

BASE = "https://graph.microsoft.com/v1.0"

HOSTILE = [
    "https://graph.microsoft.com.attacker.example/v1.0/users",
    "https://attacker.example/v1.0/users",
    "https://attacker.example/https://graph.microsoft.com/v1.0/users",
    "http://graph.microsoft.com/v1.0/users",
    "https://graph.microsoft.com:8443/v1.0/users",
    "https://graph.microsoft.com@attacker.example/v1.0/users",
    "https://user:secret@graph.microsoft.com/v1.0/users",
    "https://graph.microsoft.com/v1.0@attacker.example/users",
    "https://graph.microsoft.com/beta/users",
    "https://graph.microsoft.com/v1.0",
    "https://graph.microsoft.com/v1.0/",
    "https://graph.microsoft.com/v1.0/../beta/users",
    "https://graph.microsoft.com/v1.0/users/..",
    "https://graph.microsoft.com/v1.0/./users",
    "https://graph.microsoft.com/v1.0/%2e%2e/beta/users",
    "https://graph.microsoft.com/v1.0/%2E%2E%2Fbeta/users",
    "https://graph.microsoft.com/v1.0/%252e%252e/beta/users",
    "https://graph.microsoft.com/v1.0//attacker.example/users",
    "https://graph.microsoft.com/v1.0/\\attacker.example/users",
    "https://graph.microsoft.com\\@attacker.example/v1.0/users",
    "https://graph.microsoft.com/v1.0/users%5c..%5cgroups",
    "https://graph.microsoft.com/v1.0/users#fragment",
    "https://graph.microsoft.com/v1.0/users?$skiptoken=a#b",
    "https://graph.microsoft.com/v1.0/users?$skiptoken=a\r\nHost: attacker.example",
    "https://graph.microsoft.com/v1.0/users?$skiptoken=a\x00b",
    "https://graph.microsoft.com/v1.0/users?$skiptoken=a\tb",
    "https://graph.microsoft.com/v1.0/users?$skiptoken=a b",
    "https://graph.microsoft.com/v1.0/users?$skiptoken=a\\b",
    "https://graph.microsoft.com/v1.0/users?$skiptoken=%zz",
    "https://graph.microsoft.com/v1.0/user\u017f?$skiptoken=a",
    "https://graph.m\u0456crosoft.com/v1.0/users",
    " https://graph.microsoft.com/v1.0/users",
    "//graph.microsoft.com/v1.0/users",
    "/v1.0/users?$skiptoken=a",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "",
    "https://graph.microsoft.com/v1.0/users?$skiptoken=" + "a" * links.LINK_CHARS_MAX,
]

GENUINE = [
    "/users?$select=id,displayName&$top=999&$skiptoken=RFNwdAIAAQAAAB4-_x.~a",
    "/users?%24select=id%2CdisplayName&%24skiptoken=m~AQAnOzIyNjU7Ow%3d%3d",
    "/groups('02bd9fd6-8f93-4758-87c3-1fb73740a315')/members?$skiptoken=a",
    "/groups/delta()?$deltatoken=aBc",
    "/directory/deletedItems/microsoft.graph.user?$skiptoken=a",
    "/users/microsoft.graph.delta()?$skiptoken=a@b:c/d",
]


@pytest.mark.parametrize("link", HOSTILE)
def test_a_link_that_leads_or_could_be_read_to_lead_elsewhere_is_refused(link: str) -> None:
    assert links.tail_of(link, BASE) is None


@pytest.mark.parametrize("tail", GENUINE)
def test_a_link_as_graph_writes_it_keeps_its_tail_to_the_letter(tail: str) -> None:
    assert links.tail_of(BASE + tail, BASE) == tail


@given(st.text(max_size=60))
def test_l1_whatever_passes_still_names_our_host_and_version_root(text: str) -> None:
    for link in (f"{BASE}/{text}", f"{BASE}{text}", text):
        tail = links.tail_of(link, BASE)
        if tail is not None:
            url = urlsplit(BASE + tail)
            assert (url.scheme, url.netloc) == ("https", "graph.microsoft.com")
            assert url.path.startswith("/v1.0/")
            assert "@" not in url.netloc
            assert not url.fragment


@given(lead=st.integers(0, 40), circle=st.integers(1, 40))
def test_l2_a_circle_of_any_length_is_noticed(lead: int, circle: int) -> None:
    trail: Trail | None = Trail()
    steps = 0
    while trail is not None:
        place = steps if steps < lead else lead + (steps - lead) % circle
        trail = links.followed(trail, f"/users?$skiptoken={place}")
        steps += 1
        assert steps <= 4 * (lead + circle) + 4


def test_a_long_listing_that_never_repeats_is_never_taken_for_a_circle() -> None:
    trail: Trail | None = Trail()
    for number in range(5_000):
        assert trail is not None
        trail = links.followed(trail, f"/users?$skiptoken={number}")
    assert trail is not None
    assert trail.pages == 5_000


@pytest.mark.parametrize(
    "base", ["https://graph.microsoft.com/v1.0", "http://127.0.0.1:80/v1.0", "http://[::1]:1/beta"]
)
def test_a_base_is_https_or_loopback(base: str) -> None:
    assert links.checked_base(f"{base}/") == base


@pytest.mark.parametrize(
    "base",
    [
        "http://graph.microsoft.com/v1.0",
        "http://127.0.0.1.attacker.example/v1.0",
        "https://user@graph.microsoft.com/v1.0",
        "https://graph.microsoft.com",
        "ftp://graph.microsoft.com/v1.0",
        "https://graph.microsoft.com/v1.0?x=1",
        "",
    ],
)
def test_any_other_base_is_refused_by_name(base: str) -> None:
    with pytest.raises(InputError, match=r"version root|loopback") as refused:
        links.checked_base(base)
    assert refused.value.member == "base_url"
