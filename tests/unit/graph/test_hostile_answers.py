"""Whatever link an answer holds, no request leaves for another place, and the listing fails by name."""

from __future__ import annotations

import random

import httpx
import msgspec
import pytest

from shared.catalogue.group import GROUP
from shared.catalogue.types import LISTINGS
from shared.catalogue.user import USER
from shared.domain.errors import IncompleteListingError
from shared.graph.directory import GraphDirectory
from shared.graph.settings import GraphSettings
from tests.support.virtual_time import VirtualClock, run
from tests.unit.graph.gateways import Handler, Tokens, a_page
from tests.unit.graph.test_links import BASE, HOSTILE

SENT_LINKS = [link for link in HOSTILE if link]  # an empty link is refused where pages are read
STORED_TAILS = [link for link in SENT_LINKS if link != "/v1.0/users?$skiptoken=a"]  # as a tail it stays below the base


def a_directory(handler: Handler) -> GraphDirectory:
    """Return the gateway over scripted answers."""
    clock = VirtualClock()
    transport = httpx.MockTransport(handler)
    return GraphDirectory(
        GraphSettings(), tokens=Tokens(clock), clock=clock, jitter=random.Random(1), transport=transport
    )


class Recorder:
    """Answers every request with one response and keeps the urls that were asked."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.urls: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return the response."""
        self.urls.append(str(request.url))
        return httpx.Response(200, json=msgspec.json.decode(self._response.content))


@pytest.mark.parametrize("link", SENT_LINKS)
def test_a_hostile_next_link_causes_no_request_at_all(link: str) -> None:
    graph = Recorder(a_page("a", nextLink=link))
    with pytest.raises(IncompleteListingError, match="user: the next link leads to another place"):
        run(a_directory(graph).page(LISTINGS["user"], ""))
    assert len(graph.urls) == 1
    assert graph.urls[0].startswith(f"{BASE}/users?")


@pytest.mark.parametrize("link", SENT_LINKS)
def test_a_hostile_delta_link_is_never_kept_as_a_token(link: str) -> None:
    graph = Recorder(a_page(deltaLink=link))
    with pytest.raises(IncompleteListingError, match="user-delta: the delta link leads to another place"):
        run(a_directory(graph).delta_token(USER))
    assert len(graph.urls) == 1


@pytest.mark.parametrize("link", STORED_TAILS)
def test_a_hostile_token_or_cursor_from_storage_causes_no_request(link: str) -> None:
    graph = Recorder(a_page())
    directory = a_directory(graph)
    stored = msgspec.json.encode({"next": link, "page": 1}).decode()
    with pytest.raises(IncompleteListingError, match="token is none of ours"):
        run(directory.delta_page(USER, link, ""))
    with pytest.raises(IncompleteListingError, match="leads elsewhere"):
        run(directory.page(LISTINGS["user"], stored))
    assert graph.urls == []


@pytest.mark.parametrize("link", SENT_LINKS)
def test_a_hostile_next_link_inside_a_batch_causes_no_request(link: str) -> None:
    part = {"value": [{"id": "u"}], "@odata.nextLink": link}
    row = {"id": "0", "status": 200, "headers": {"Content-Type": "application/json"}, "body": part}
    graph = Recorder(httpx.Response(200, json={"responses": [row]}))
    with pytest.raises(IncompleteListingError, match="group-members of g: the next link leads to another place"):
        run(a_directory(graph).references(GROUP, "members", ["g"]))
    assert graph.urls == [f"{BASE}/$batch"]


def test_an_id_cannot_escape_from_its_place_in_a_path() -> None:
    bodies: list[bytes] = []

    def graph(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        gone = {"error": {"code": "Request_ResourceNotFound", "message": "gone"}}
        return httpx.Response(200, json={"responses": [{"id": "0", "status": 404, "body": gone}]})

    run(a_directory(graph).find(USER, ["../groups?$top=1#"]))
    urls = [part["url"].partition("?$select")[0] for body in bodies for part in msgspec.json.decode(body)["requests"]]
    escaped = "..%2Fgroups%3F%24top%3D1%23"
    assert urls == [f"/users/{escaped}", f"/directory/deletedItems/{escaped}/microsoft.graph.user"]


def test_a_page_that_is_exactly_full_and_has_no_next_link_must_agree_with_the_count() -> None:
    ids = [f"u{number}" for number in range(999)]

    def graph(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/$count"):
            assert request.headers["consistencylevel"] == "eventual"
            return httpx.Response(200, content="\ufeff1500".encode(), headers={"content-type": "text/plain"})
        return a_page(*ids)

    with pytest.raises(IncompleteListingError, match="full page without a next link: 999 of 1500"):
        run(a_directory(graph).page(LISTINGS["user"], ""))


def test_the_gateway_keeps_its_token_whatever_the_source_does() -> None:
    async def story() -> list[str]:
        clock = VirtualClock()
        tokens = Tokens(clock)
        transport = httpx.MockTransport(lambda _: a_page("a"))
        directory = GraphDirectory(
            GraphSettings(), tokens=tokens, clock=clock, jitter=random.Random(1), transport=transport
        )
        for _ in range(3):
            await directory.page(LISTINGS["user"], "")
        await clock.sleep(3_400)
        await directory.page(LISTINGS["user"], "")
        return tokens.asked

    assert run(story()) == ["", ""]
