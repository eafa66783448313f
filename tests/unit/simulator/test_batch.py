"""$batch: what is refused as a whole, and how the parts fare."""

from typing import Any

import pytest

from simulator.throttle import Limits
from tests.unit.simulator.client import a_client, part, reference


def test_twenty_parts_are_answered_and_twenty_one_refused() -> None:
    client = a_client(objects=30)
    parts = [part(str(number), "GET", "/users?$top=1&$select=id") for number in range(21)]
    assert {answer["status"] for answer in client.batch(*parts[:20]).values()} == {200}
    assert client.post("/$batch", {"requests": parts}).status == 400


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part("a", "GET", "/users"), part("A", "GET", "/groups")],
        [part("a", "GET", "/users", dependsOn=["b"]), part("b", "GET", "/users")],
        [part("a", "GET", "https://graph.microsoft.com/v1.0/users")],
        [part("a", "POST", "/$batch", {"requests": []})],
        [{"id": "a"}],
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(parts: list[dict[str, Any]]) -> None:
    assert a_client().post("/$batch", {"requests": parts}).status == 400


def test_answers_come_in_an_order_that_the_seed_decides() -> None:
    def order(seed: int) -> list[str]:
        client = a_client(objects=30, seed=seed)
        parts = [part(str(number), "GET", "/users?$top=1") for number in range(10)]
        return [answer["id"] for answer in client.post("/$batch", {"requests": parts}).body["responses"]]

    assert sorted(order(1)) == sorted(order(2))
    assert order(1) == order(1) != order(2)


def test_each_part_has_its_own_status_and_body() -> None:
    client = a_client()
    user = client.a_user()
    answers = client.batch(
        part("1", "GET", f"/users/{user}"),
        part("2", "GET", "/users/none"),
        part("3", "PATCH", f"/users/{user}", {"city": "Lyon"}),
        part("4", "GET", "/devices"),
        part("5", "GET", "/users/$count", headers={"ConsistencyLevel": "eventual"}),
    )
    assert {key: answer["status"] for key, answer in answers.items()} == {
        "1": 200,
        "2": 404,
        "3": 204,
        "4": 501,
        "5": 200,
    }
    assert answers["1"]["body"]["id"] == user
    assert answers["2"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert "body" not in answers["3"]
    assert answers["5"]["body"] == "1"


def test_a_part_with_a_body_needs_a_content_type() -> None:
    client = a_client()
    user = client.a_user()
    answers = client.batch({"id": "1", "method": "PATCH", "url": f"/users/{user}", "body": {"city": "Lyon"}})
    assert answers["1"]["status"] == 400


def test_the_second_of_two_writes_to_one_object_collides() -> None:
    client = a_client()
    one, two = client.a_user(), client.a_user()
    group = client.a_group([one, two])
    answers = client.batch(
        part("1", "DELETE", f"/groups/{group}/members/{one}/$ref"),
        part("2", "DELETE", f"/groups/{group.upper()}/members/{two}/$ref"),
        part("3", "PATCH", f"/users/{one}", {"city": "Lyon"}),
        part("4", "GET", f"/groups/{group}"),
    )
    assert answers["2"]["status"] == 409
    assert answers["2"]["body"]["error"]["code"] == "Directory_ConcurrencyViolation"
    assert [answers[key]["status"] for key in "134"] == [204, 204, 200]
    assert client.members(group) == {two}


def test_writes_that_wait_for_each_other_do_not_collide() -> None:
    client = a_client()
    one, two = client.a_user(), client.a_user()
    group = client.a_group()
    place = f"/groups/{group}/members/$ref"
    answers = client.batch(
        part("1", "POST", place, {"@odata.id": reference(one)}),
        part("2", "POST", place, {"@odata.id": reference(two)}, dependsOn=["1"]),
    )
    assert [answers[key]["status"] for key in "12"] == [204, 204]


def test_children_of_a_failed_part_fail_with_it() -> None:
    client = a_client()
    user = client.a_user()
    answers = client.batch(
        part("1", "GET", "/users/none"),
        part("2", "PATCH", f"/users/{user}", {"city": "Lyon"}, dependsOn=["1"]),
        part("3", "GET", f"/users/{user}", dependsOn=["2"]),
        part("4", "GET", f"/users/{user}"),
    )
    assert [answers[key]["status"] for key in "1234"] == [404, 424, 424, 200]
    assert client.get(f"/users/{user}?$select=city").body["city"] is None


def test_parts_are_charged_one_by_one_and_the_throttled_ones_say_when_to_come_back() -> None:
    client = a_client(limits=Limits(writes_max=1_000, write_window_seconds=1.0))
    users = [client.a_user() for _ in range(8)]
    client.simulator.world.throttle.limits = Limits(writes_max=5, write_window_seconds=10.0)
    client.simulator.world.throttle._writes.clear()
    client.simulator.world.throttle._reads.clear()
    answers = client.batch(*(part(user, "PATCH", f"/users/{user}", {"city": "Lyon"}) for user in users))
    statuses = [answers[user]["status"] for user in users]
    assert statuses == [204] * 5 + [429] * 3
    waits = [float(answers[user]["headers"]["Retry-After"]) for user in users[5:]]
    assert waits == [4.0, 6.0, 8.0]
