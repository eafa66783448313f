"""HTTP functions and the admin endpoint, over the wire."""

import asyncio

import msgspec
import pytest

from tests.contract.local_host.conftest import KEY, Answer, TinyApp, ask


def asked(url: str, method: str = "GET", *, key: str | None = None, body: bytes = b"", **headers: str) -> Answer:
    return asyncio.run(ask(url, method, key=key, body=body, **headers))


def test_a_request_reaches_the_function_as_it_came_and_its_answer_goes_back_whole(served: str) -> None:
    body = bytes(range(256)) * 300
    url = f"{served}/echo/YWJj==/deep/a%3Db%2Fc?x=1&x=two%20words&flag="
    answer = asked(url, "POST", body=body, **{"X-Probe": "seen"})
    assert answer.status == 207
    assert answer.body == body
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["set-cookie"] == "a=1; HttpOnly; Path=/; SameSite=Lax"
    assert msgspec.json.decode(answer.headers["x-seen"]) == {
        "method": "POST",
        "url": url,
        "query": {"x": "1,two words", "flag": ""},
        "route": {"id": "YWJj==", "rest": "deep/a=b%2Fc"},
        "x-probe": "seen",
    }


def test_a_path_that_is_no_route_is_404_and_another_method_405(served: str) -> None:
    assert asked(f"{served}/nowhere").status == 404
    answer = asked(f"{served}/echo/1/2", "DELETE")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, POST"


def test_a_function_that_raises_is_500_with_an_empty_body(served: str) -> None:
    answer = asked(f"{served}/broken")
    assert (answer.status, answer.body) == (500, b"")


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("wrong", 401), (KEY, 200)])
def test_a_function_of_level_function_needs_the_key(served: str, key: str | None, status: int) -> None:
    assert asked(f"{served}/guarded", key=key).status == status


def test_a_function_that_answers_too_late_is_504(served: str) -> None:
    assert asked(f"{served}/slow/0.1").body == b"done"
    assert asked(f"{served}/slow/2").status == 504


def test_the_status_page_tells_functions_and_calls_in_flight(served: str) -> None:
    status = msgspec.json.decode(asked(f"{served}/admin/host/status", key=KEY).body)
    assert status["state"] == "Running"
    assert status["instance"] == "served"
    assert set(status["functions"]) == {"tick", "work", "echo", "guarded", "broken", "slow"}
    assert status["inflight"] == len(status["running"])


@pytest.mark.parametrize(
    ("path", "key", "body", "status"),
    [
        ("tick", None, b"{}", 401),
        ("tick", "wrong", b"{}", 401),
        ("tock", KEY, b"{}", 404),
        ("echo", KEY, b"{}", 400),
        ("work", KEY, b"{}", 400),
        ("tick", KEY, b"[", 400),
    ],
)
def test_the_admin_endpoint_refuses_what_it_cannot_do(
    served: str, path: str, key: str | None, body: bytes, status: int
) -> None:
    assert asked(f"{served}/admin/functions/{path}", "POST", key=key, body=body).status == status


def test_without_a_key_there_is_no_admin_endpoint_and_no_guarded_function(tiny: TinyApp) -> None:
    url = asyncio.run(tiny.start(TIDEMARK_LOCAL_ADMIN_KEY=""))
    assert asked(f"{url}/admin/host/status", key="").status == 403
    assert asked(f"{url}/guarded", key="").status == 401


def test_functions_fired_by_the_admin_endpoint_run_at_once(tiny: TinyApp) -> None:
    async def story() -> None:
        url = await tiny.start()
        fired = await ask(f"{url}/admin/functions/tick", "POST", key=KEY, body=b'{"input": ""}')
        assert (fired.status, fired.body) == (202, b"")
        order = msgspec.json.encode({"input": {"id": "by hand"}})
        assert (await ask(f"{url}/admin/functions/work", "POST", key=KEY, body=order)).status == 202
        assert (await tiny.recorded("tick"))[0]["past_due"] is False
        assert (await tiny.recorded("work done"))[0]["id"] == "by hand"

    asyncio.run(story())
