"""What Graph may answer a capture with that is no listing: nothing is sealed with a hole, and the error says where.

An answer is spoilt on its way from the tenant to the gateway, so the tenant itself stays what it is. The error names
the type, the range of its listing and the request.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from shared.domain.jobs import State
from shared.runs.preparing import Preparing
from simulator.faults import Fault, Rule
from simulator.http import Request, Response
from tests.simulation.days import Days
from tests.support import virtual_time
from tests.support.platform import TENANT

Json = dict[str, Any]
Spoil = Callable[[Response, Json], Response]
USERS = r"^/v1\.0/users\?"
RANGE = r"user, range \d of \d"
KNOWN = r"\(request-id [0-9a-f-]{36}\)"
DEEP = b"[" * 10_000 + b"]" * 10_000


@pytest.fixture(autouse=True)
def _small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.jobs.readings.FEW_OBJECTS_MAX", 0)
    monkeypatch.setattr(Preparing.__init__, "__kwdefaults__", {"range_objects_max": 30})


def spoilt(days: Days, spoil: Spoil, path: str = USERS, *, nth: int = 2, times: int = 1_000) -> list[str]:
    """Spoil the answers to GETs of `path` from the `nth` on; return the list of what was asked, as it grows."""
    asked: list[str] = []
    answer = days.simulator.handle

    def handle(request: Request) -> Response:
        response = answer(request)
        if request.method == "GET" and re.search(path, request.path_with_query):
            asked.append(request.path_with_query)
            if nth <= len(asked) < nth + times:
                body = gzip.decompress(response.body) if response.headers.get("Content-Encoding") else response.body
                return spoil(response, {**msgspec.json.decode(body), "asked": request.path_with_query})
        return response

    days.simulator.handle = handle  # type: ignore[method-assign]
    return asked


def plain(response: Response, body: bytes, kind: str = "application/json") -> Response:
    """Return the response with another body, not compressed."""
    kept = {name: text for name, text in response.headers.items() if name.lower() not in {"content-encoding"}}
    return Response(200, {**kept, "Content-Type": kind, "Content-Length": str(len(body))}, body)


def edited(change: Callable[[Json], object]) -> Spoil:
    """Return what changes the page that an answer is."""

    def spoil(response: Response, page: Json) -> Response:
        change(page)
        return plain(response, msgspec.json.encode(page))

    return spoil


def without_an_id(page: Json) -> None:
    del page["value"][0]["id"]


def pointing(link: str) -> Callable[[Json], object]:
    return lambda page: page.__setitem__("@odata.nextLink", link)


def pointing_at_itself(page: Json) -> None:
    page["@odata.nextLink"] = "https://graph.microsoft.com" + page["asked"]


def deep(response: Response, page: Json) -> Response:
    body = msgspec.json.encode({name: page[name] for name in ("value",)})
    return plain(response, body[:-1] + b',"x":' + DEEP + b"}")


def truncated(response: Response, page: Json) -> Response:
    whole = gzip.compress(msgspec.json.encode(page))
    kept = {**response.headers, "Content-Encoding": "gzip", "Content-Length": str(len(whole) - 20)}
    return Response(200, kept, whole[:-20])


BAD: dict[str, tuple[Spoil, str]] = {
    "wrong content type": (lambda response, page: plain(response, b"{}", "text/plain"), "is text/plain, not"),
    "HTML page": (lambda response, page: plain(response, b"<html></html>", "text/html"), "is text/html, not"),
    "half a page": (lambda response, page: plain(response, b'{"value":[{"id":"'), "body ends too early"),
    "missing id": (edited(without_an_id), "missing required field `id`"),
    "id twice in a page": (edited(lambda page: page["value"].append(page["value"][0])), "one id comes twice"),
    "next link loop": (edited(pointing_at_itself), "leads back to a page already read"),
    "next link to another host": (
        edited(pointing("https://graph.microsoft.com.evil.example/v1.0/users")),
        "elsewhere|another place",
    ),
    "wrong types": (edited(lambda page: page.__setitem__("value", {"id": "x"})), "Expected `array`"),
    "10,000-deep JSON": (deep, "nested too deeply|no whole JSON"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_page_fails_the_capture_by_type_range_and_request_and_seals_nothing(name: str) -> None:
    spoil, fact = BAD[name]

    async def story() -> None:
        days = Days(41, objects=120)
        asked = spoilt(days, spoil)
        job = await days.captured()
        assert len(asked) >= 2
        assert job.state is State.FAILED
        assert re.search(rf"^{RANGE}: .*({fact}).*{KNOWN}$", job.error), job.error
        assert not days.platform.vault.contents
        assert await days.platform.operator.snapshots.listed(TENANT) == []

    virtual_time.run(story())


@pytest.mark.parametrize(
    ("kind", "path", "nth", "where"),
    [
        (Fault.FORBIDDEN, r"^/users\?.*top=999", 2, RANGE),
        (Fault.FORBIDDEN, r"^/groups\?.*expand=owners", 1, "group-owners"),
        (Fault.FORBIDDEN, "^/identity/conditionalAccess/policies", 2, "conditionalAccessPolicy"),
        (Fault.NEXT_LINK_MISSING, "^/users/delta", None, "user-delta"),
        (Fault.HTML_PAGE, "^/groups/delta", None, "group-delta"),
        (Fault.CUT_BODY, "^/identity/conditionalAccess/namedLocations", None, "namedLocation"),
    ],
)
def test_consent_revoked_or_a_cut_in_the_middle_fails_the_capture_by_what_was_read(
    kind: Fault, path: str, nth: int | None, where: str
) -> None:
    async def story() -> None:
        rule = Rule(kind=kind, path=path, nth=nth)
        days = Days(42, objects=120, faults=[rule])
        job = await days.captured()
        assert rule.fired > 0
        assert job.state is State.FAILED
        assert re.search(rf"^{where}\b.*: .*{KNOWN}$", job.error), job.error
        assert not days.platform.vault.contents

    virtual_time.run(story())


def test_a_truncated_gzip_answer_is_asked_for_again_and_never_taken_for_a_page() -> None:
    async def story() -> None:
        days = Days(43, objects=120)
        asked = spoilt(days, truncated, times=2)
        job = await days.captured()
        assert job.state is State.SUCCESSFUL, job.error
        assert len(asked) - len(set(asked)) == 2, "what came truncated was asked for again"
        assert await days.found(job) == 0

    virtual_time.run(story())


def test_ids_that_come_twice_over_pages_and_empty_pages_with_a_next_link_make_no_difference() -> None:
    def page_by_page(response: Response, page: Json) -> Response:
        """Give the second half after an empty page, with the first object of all once more."""
        rows, base = page["value"], "https://graph.microsoft.com"
        asked, _, step = page["asked"].partition("&$skiptoken=")
        at = {"": rows[:1], "one": [], "two": rows}[step]
        following = {"": "one", "one": "two"}.get(step)
        link = {"@odata.nextLink": f"{base}{asked}&$skiptoken={following}"} if following else {}
        return plain(response, msgspec.json.encode({"value": at, **link}))

    async def story() -> None:
        days = Days(44, objects=120)
        answer = days.simulator.handle

        def unstepped(request: Request) -> Response:
            target = re.sub(r"&\$skiptoken=(one|two)", "", request.path_with_query)
            return answer(Request(request.method, target, request.headers, request.body, request.scheme))

        days.simulator.handle = unstepped  # type: ignore[method-assign]
        asked = spoilt(days, page_by_page, nth=1)
        job = await days.captured()
        assert job.state is State.SUCCESSFUL, job.error
        assert sum("skiptoken=two" in one for one in asked) > 1
        live = days.simulator.tenant.directory.stores["user"].live
        assert days.manifest(job).types["user"].objects == len(live)
        assert await days.found(job) == 0

    virtual_time.run(story())


def test_a_challenge_with_claims_is_answered_with_a_new_token_and_the_capture_goes_on() -> None:
    async def story() -> None:
        rule = Rule(kind=Fault.CLAIMS, path=r"^/users\?.*top=999", nth=2, times=1)
        days = Days(45, objects=120, faults=[rule])
        job = await days.captured()
        assert (rule.fired, job.state) == (1, State.SUCCESSFUL), job.error
        assert await days.found(job) == 0

    virtual_time.run(story())
