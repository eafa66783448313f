"""Requests go out at the pace of the quotas, and are repeated only as retry.py says."""

from __future__ import annotations

import asyncio
import base64
from itertools import pairwise

import httpx
import msgspec
import pytest

from shared.domain.errors import DirectoryError
from shared.graph.exchange import Reply, Request
from shared.graph.settings import QuotaSettings
from shared.graph.tokens import CachedTokens
from tests.support.virtual_time import VirtualClock, run
from tests.unit.graph.gateways import Tokens, a_page, a_sender

POLICY = Request(tail="/identity/conditionalAccess/policies")
USERS = [Request(tail=f"/users/u{number}?$select=id") for number in range(45)]


def now() -> float:
    """Return the virtual seconds since the story began."""
    return asyncio.get_running_loop().time()


def parts_of(request: httpx.Request) -> list[str]:
    """Return the urls of the parts of a $batch."""
    return [part["url"] for part in msgspec.json.decode(request.content)["requests"]]


def batch_answer(statuses: list[int], **headers: str) -> httpx.Response:
    """Return a $batch answer with one part for each status."""
    body = {"id": "x", "error": {"code": "c", "message": "m"}}
    rows = [{"id": str(n), "status": status, "headers": headers, "body": body} for n, status in enumerate(statuses)]
    return httpx.Response(200, json={"responses": rows})


def test_conditional_access_requests_are_more_than_a_second_apart_whoever_sends_them() -> None:
    times: list[float] = []

    def graph(request: httpx.Request) -> httpx.Response:
        times.append(now())
        return a_page()

    async def story() -> None:
        sender = a_sender(graph)
        await asyncio.gather(*(sender.send(POLICY) for _ in range(4)))

    run(story())
    assert [after - before for before, after in pairwise(times)] == pytest.approx([1.05] * 3)


def test_a_decimal_retry_after_is_obeyed_and_nobody_else_is_let_through_meanwhile() -> None:
    times: list[float] = []

    def graph(request: httpx.Request) -> httpx.Response:
        times.append(now())
        if len(times) == 1:
            return httpx.Response(429, headers={"retry-after": "7.5"})
        return a_page("a")

    async def story() -> None:
        sender = a_sender(graph)

        async def later() -> Reply:
            await asyncio.sleep(1)
            return await sender.send(USERS[1])

        replies = await asyncio.gather(sender.send(USERS[0]), later())
        assert [reply.status for reply in replies] == [200, 200]

    run(story())
    assert len(times) == 3
    assert min(times[1:]) >= 7.5


def test_parts_of_a_batch_that_are_challenged_are_sent_once_more_with_a_token_that_has_the_claims() -> None:
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
    coded = base64.b64encode(claims.encode()).decode()
    challenge = {"WWW-Authenticate": f'Bearer realm="", error="insufficient_claims", claims="{coded}"'}
    sent: list[tuple[str, list[str]]] = []
    unmoved: list[int] = []

    def graph(request: httpx.Request) -> httpx.Response:
        parts = parts_of(request)
        sent.append((request.headers["authorization"], parts))
        rows = [
            {
                "id": str(n),
                "status": 401,
                "headers": challenge,
                "body": {"error": {"code": "InvalidAuthenticationToken"}},
            }
            if url.startswith(("/users/u1?", "/users/u3?")) and (len(sent) == 1 or unmoved)
            else {"id": str(n), "status": 200, "headers": {}, "body": {"id": "x"}}
            for n, url in enumerate(parts)
        ]
        return httpx.Response(200, json={"responses": rows})

    async def story() -> None:
        clock = VirtualClock()
        sender = a_sender(graph, tokens=CachedTokens(Tokens(clock), clock))
        writes = [Request(method="PATCH", tail=part.tail) for part in USERS[:5]]
        assert [reply.status for reply in await sender.send_batch(writes)] == [200] * 5
        (first, _all), (second, again) = sent
        assert (first, second) == ("Bearer token-1", "Bearer token-2")
        assert again == [USERS[1].tail, USERS[3].tail], "what was carried out is not sent again"
        unmoved.append(1)
        statuses = [reply.status for reply in await sender.send_batch(writes)]
        assert (statuses, len(sent)) == ([200, 401, 200, 401, 200], 4), "a second challenge is the last word"

    run(story())


@pytest.mark.parametrize("header", ["", 'Bearer claims="%%%"', 'Bearer claims="/w=="', 'Bearer error="x"'])
def test_a_part_that_is_refused_without_a_readable_challenge_is_not_repeated(header: str) -> None:
    sent: list[int] = []

    def graph(request: httpx.Request) -> httpx.Response:
        sent.append(len(parts_of(request)))
        return batch_answer([401, 200], **{"WWW-Authenticate": header})

    async def story() -> None:
        assert [reply.status for reply in await a_sender(graph).send_batch(USERS[:2])] == [401, 200]

    run(story())
    assert sent == [2]


def test_a_read_that_fails_is_repeated_until_it_succeeds() -> None:
    statuses = [503, 0, 500, 200]

    def graph(request: httpx.Request) -> httpx.Response:
        status = statuses.pop(0)
        if status == 0:
            raise httpx.ReadError("reset")
        return httpx.Response(status, json={"value": []})

    assert run(a_sender(graph).send(USERS[0])).status == 200
    assert statuses == []


def test_a_read_whose_body_was_cut_in_transfer_is_repeated() -> None:
    answers = [
        httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"\x1f\x8b")),
        a_page("a"),
    ]
    reply = run(a_sender(lambda _: answers.pop(0)).send(USERS[0]))
    assert (reply.cut, answers) == ("", [])


def test_a_read_whose_json_ends_in_the_middle_is_repeated() -> None:
    json = {"content-type": "application/json"}
    answers = [httpx.Response(200, content=b'{"value":[{"id":"a"},', headers=json), a_page("a")]
    reply = run(a_sender(lambda _: answers.pop(0)).send(USERS[0]))
    assert (reply.cut, answers) == ("", [])


def test_many_reads_go_in_batches_of_20_and_only_the_refused_parts_go_again() -> None:
    batches: list[list[str]] = []

    def graph(request: httpx.Request) -> httpx.Response:
        parts = parts_of(request)
        batches.append(parts)
        refused = [429 if len(batches) <= 3 and url == "/users/u3?$select=id" else 200 for url in parts]
        return batch_answer(refused, **{"Retry-After": "2"})

    replies = run(a_sender(graph).read_each(USERS))
    assert [reply.status for reply in replies] == [200] * 45
    assert sorted(len(parts) for parts in batches) == [1, 5, 20, 20]
    assert batches[-1] == ["/users/u3?$select=id"]


def test_a_read_that_is_to_be_repeated_holds_no_other_up() -> None:
    sent: list[tuple[float, int]] = []

    def graph(request: httpx.Request) -> httpx.Response:
        parts = parts_of(request)
        sent.append((now(), len(parts)))
        refused = [503 if len(sent) == 1 and place == 0 else 200 for place in range(len(parts))]
        return batch_answer(refused, **{"Retry-After": "60"})

    many = [Request(tail=f"/users/u{number}?$select=id") for number in range(400)]
    replies = run(a_sender(graph).read_each(many))
    assert [reply.status for reply in replies] == [200] * 400
    assert [count for at, count in sent if at < 60] == [20] * 20, "everything but the failed one is read meanwhile"
    assert [count for at, count in sent if at >= 60] == [1]


def test_a_batch_whose_answer_is_unreadable_or_leaves_parts_out_is_not_believed() -> None:
    answers = [
        httpx.Response(200, content=b"<html>", headers={"content-type": "text/html"}),
        batch_answer([200]),
        batch_answer([200]),
    ]
    replies = run(a_sender(lambda _: answers.pop(0)).read_each(USERS[:2]))
    assert [reply.status for reply in replies] == [200, 200]
    assert answers == []


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_batch_refused_as_a_whole_is_an_error_by_name(status: int) -> None:
    with pytest.raises(DirectoryError, match=f"answered {status}") as refused:
        run(a_sender(lambda _: httpx.Response(status)).send_batch(USERS[:2]))
    assert refused.value.status == status


def test_a_quota_set_below_20_makes_batches_smaller() -> None:
    sizes: list[int] = []

    def graph(request: httpx.Request) -> httpx.Response:
        sizes.append(len(parts_of(request)))
        return batch_answer([200] * sizes[-1])

    run(a_sender(graph, QuotaSettings(read_units=27, read_window_seconds=1)).read_each(USERS[:12]))
    assert sizes == [5, 5, 2]


def test_near_the_limit_the_gateway_slows_down_before_it_is_refused() -> None:
    async def story(used: str) -> float:
        sender = a_sender(
            lambda _: httpx.Response(200, json={"value": []}, headers={"x-ms-throttle-limit-percentage": used}),
            QuotaSettings(read_units=10, read_window_seconds=1),
        )
        for _ in range(30):
            await sender.send(USERS[0])
        return now()

    assert run(story("0.9")) > 1.3 * run(story(""))
