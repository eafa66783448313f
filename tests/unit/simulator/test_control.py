"""Control under /_sim: counters, writes, fingerprint, clock."""

import pytest

from simulator.applications import AUDITOR, TIDEMARK
from simulator.http import Request
from simulator.server import is_local
from simulator.service import is_control
from tests.unit.simulator.client import a_client, part, reference


def test_requests_and_parts_are_counted_by_application_and_status() -> None:
    client = a_client()
    user = client.a_user()
    client.get("/users/none")
    client.batch(part("1", "GET", f"/users/{user}"), part("2", "GET", "/users/none"))
    counted = client.sim("GET", "/counters")
    assert (counted["requests"], counted["parts"], counted["writes"]) == (3, 2, 1)
    assert counted["by_app"] == {TIDEMARK.app_id: 3}
    assert counted["by_status"] == {"201": 1, "404": 1, "200": 1}
    assert counted["parts_by_status"] == {"200": 1, "404": 1}


def test_every_write_that_took_effect_is_listed_in_order_with_what_it_touched() -> None:
    client = a_client()
    user = client.a_user()
    group = client.a_group([user])
    client.clock.seconds += 60
    client.patch(f"/groups/{group}", {"shoeSize": 1})
    client.post(f"/groups/{group}/owners/$ref", {"@odata.id": reference(user)})
    client.delete(f"/groups/{group}/members/{user}/$ref")
    writes = client.sim("GET", f"/writes?app={TIDEMARK.app_id}")
    assert [(each["method"], each["path"]) for each in writes] == [
        ("POST", "/users"),
        ("POST", "/groups"),
        ("POST", f"/groups/{group}/owners/$ref"),
        ("DELETE", f"/groups/{group}/members/{user}/$ref"),
    ]
    assert writes[0]["object_type"] == "user"
    assert writes[1]["links"] == [["members", user, "added"]]
    assert writes[2]["at"] == "2026-01-01T00:01:00Z"
    assert (writes[3]["object_id"], writes[3]["links"]) == (group, [["members", user, "removed"]])
    assert client.sim("GET", f"/writes?app={AUDITOR.app_id}") == []


def test_a_fingerprint_changes_with_the_tenant_and_comes_back_with_it() -> None:
    client = a_client(objects=60)
    user = next(iter(client.directory.stores["user"].live))
    group = client.a_group()

    def print_now() -> str:
        return str(client.sim("GET", "/fingerprint")["fingerprint"])

    before = print_now()
    client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(user)})
    linked = print_now()
    client.delete(f"/groups/{group}/members/{user}/$ref")
    client.patch(f"/users/{user}", {"city": "Elsewhere"})
    changed = print_now()
    client.patch(f"/users/{user}", {"city": None})
    assert len({before, linked, changed}) == 3
    assert print_now() == before


def test_a_fingerprint_can_ignore_objects_and_their_links() -> None:
    client = a_client(objects=60)
    group = client.a_group()
    before = client.sim("GET", "/fingerprint")
    user = client.a_user()
    client.post(f"/groups/{group}/members/$ref", {"@odata.id": reference(user)})
    assert client.sim("GET", "/fingerprint") != before
    assert client.sim("GET", f"/fingerprint?ignoring={user}") == before


def test_the_clock_is_moved_forward_only() -> None:
    client = a_client()
    assert client.get("/users").status == 200
    client.sim("POST", "/clock", {"advance_seconds": 3_600})
    assert client.get("/users").status == 401
    assert client.simulator.world.now() == client.clock.seconds + 3_600
    back = client.simulator.handle(Request("POST", "/_sim/clock", {}, b'{"advance_seconds": -1}'))
    assert back.status == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", b"", 404),
        ("DELETE", "/counters", b"", 404),
        ("POST", "/incidents/none", b"{}", 404),
        ("POST", "/incidents/careless-script", b'{"scale": 2}', 400),
        ("POST", "/incidents/careless-script", b'{"speed": 2}', 400),
        ("POST", "/faults", b'{"rules": [{"kind": "earthquake"}]}', 400),
        ("POST", "/faults", b'{"rules": [{"kind": "500", "path": "("}]}', 400),
        ("POST", "/clock", b"later", 400),
    ],
)
def test_a_bad_control_request_is_refused(method: str, path: str, body: bytes, status: int) -> None:
    response = a_client().simulator.handle(Request(method, f"/_sim{path}", {}, body))
    assert response.status == status
    assert b'"error"' in response.body


@pytest.mark.parametrize("path", ["/_sim/counters", "//_sim/counters", "/_SIM/counters?x=/v1.0", "_sim"])
def test_whatever_reaches_control_is_known_as_control(path: str) -> None:
    assert is_control(path)
    assert a_client().simulator.handle(Request("GET", path, {})).status in (200, 404)


def test_graph_and_token_requests_are_not_control() -> None:
    assert not any(is_control(path) for path in ("/v1.0/users", "/v1.0/_sim", "/%5Fsim/counters", "/x?/_sim"))


def test_only_loopback_addresses_are_this_machine() -> None:
    assert is_local("127.0.0.1")
    assert is_local("::1")
    assert not any(is_local(each) for each in ("10.0.0.4", "192.0.2.1", "", None, "localhost"))
