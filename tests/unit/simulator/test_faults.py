"""Faults on purpose: each kind breaks what it says, and counts."""

import base64
import gzip
import re
import zlib

import msgspec
import pytest

from simulator.faults import Fault, Faults, Rule
from tests.unit.simulator.client import Client, a_client, part


def a_faulty(*rules: Rule, objects: int = 60, seed: int = 0) -> Client:
    """Return a client of a tenant with these rules."""
    return a_client(objects=objects, faults=Faults(list(rules), seed))


@pytest.mark.parametrize(
    "kind", [Fault.STATUS_500, Fault.STATUS_502, Fault.STATUS_503, Fault.STATUS_504, Fault.FORBIDDEN]
)
def test_a_status_before_the_operation_changes_nothing(kind: Fault) -> None:
    client = a_faulty(Rule(kind=kind, method="DELETE", times=1))
    user = client.get("/users?$select=id").ids[0]
    before = client.simulator.fingerprint()
    assert client.delete(f"/users/{user}").status == int(kind.value)
    assert client.simulator.fingerprint() == before
    assert client.delete(f"/users/{user}").status == 204
    assert client.sim("GET", "/counters")["faults"] == {kind.value: 1}


def test_a_time_out_after_the_write_hides_a_success() -> None:
    client = a_faulty(Rule(kind=Fault.STATUS_504_AFTER, method="DELETE", times=1))
    user = client.get("/users?$select=id").ids[0]
    assert client.delete(f"/users/{user}").status == 504
    assert client.get(f"/users/{user}").status == 404
    assert client.sim("GET", "/writes")[0]["object_id"] == user


@pytest.mark.parametrize(("kind", "left"), [(Fault.RESET, 200), (Fault.RESET_AFTER, 404)])
def test_a_reset_breaks_the_connection_before_or_after_the_operation(kind: Fault, left: int) -> None:
    client = a_faulty(Rule(kind=kind, method="DELETE", times=1))
    user = client.get("/users?$select=id").ids[0]
    response = client.raw("DELETE", f"/users/{user}")
    assert response.reset
    assert response.body == b""
    assert client.get(f"/users/{user}").status == left


def test_a_forced_refusal_may_or_may_not_say_when_to_come_back() -> None:
    client = a_faulty(
        Rule(kind=Fault.THROTTLED, path="^/users", retry_after_seconds=2.5),
        Rule(kind=Fault.THROTTLED, path="^/groups", retry_after_seconds=None),
    )
    assert client.get("/users").headers["Retry-After"] == "2.5"
    refusal = client.get("/groups")
    assert refusal.status == 429
    assert "Retry-After" not in refusal.headers


def test_a_cut_body_is_no_json_and_no_whole_gzip() -> None:
    client = a_faulty(Rule(kind=Fault.CUT_BODY))
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(client.raw("GET", "/users").body)
    with pytest.raises((EOFError, zlib.error)):
        gzip.decompress(client.raw("GET", "/users", Accept_Encoding="gzip").body)


def test_an_error_page_and_a_wrong_content_type_come_with_a_good_status() -> None:
    client = a_faulty(Rule(kind=Fault.HTML_PAGE, path="^/users"), Rule(kind=Fault.WRONG_TYPE, path="^/groups"))
    page = client.raw("GET", "/users")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html")
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert client.raw("GET", "/groups").headers["Content-Type"] == "application/xml"


def test_a_looping_next_link_leads_back_to_the_same_page() -> None:
    client = a_faulty(Rule(kind=Fault.NEXT_LINK_LOOP, nth=2))
    first = client.get("/users?$top=5&$select=id").body["@odata.nextLink"]
    assert client.get(first).body["@odata.nextLink"] == first


def test_a_missing_link_leaves_a_delta_page_without_either() -> None:
    client = a_faulty(Rule(kind=Fault.NEXT_LINK_MISSING))
    body = client.get("/users/delta").body
    assert set(body) == {"@odata.context", "value"}


def test_a_link_elsewhere_keeps_its_path_on_another_host() -> None:
    client = a_faulty(Rule(kind=Fault.NEXT_LINK_ELSEWHERE))
    link = client.get("/users?$top=5").body["@odata.nextLink"]
    assert link.startswith("http://graph.attacker.example/v1.0/users?$top=5&")


def test_link_faults_wait_for_an_answer_that_has_a_link() -> None:
    client = a_faulty(Rule(kind=Fault.NEXT_LINK_MISSING, times=1))
    client.get("/groups")
    assert client.sim("GET", "/faults")[0]["matched"] == 0
    assert "@odata.nextLink" not in client.get("/users?$top=5").body
    assert "@odata.nextLink" in client.get("/users?$top=5").body


def test_a_rule_strikes_from_the_nth_match_on_as_often_as_it_may() -> None:
    client = a_faulty(Rule(kind=Fault.STATUS_503, path="^/users", nth=2, times=2))
    assert [client.get("/users").status for _ in range(5)] == [200, 503, 503, 200, 200]
    assert client.get("/groups").status == 200


def test_a_rule_may_name_several_methods() -> None:
    client = a_faulty(Rule(kind=Fault.STATUS_503, method="patch|DELETE"))
    assert client.patch("/users/none", {}).status == client.delete("/users/none").status == 503
    assert client.get("/users").status == 200


def test_a_probability_is_decided_by_the_seed() -> None:
    def statuses(seed: int) -> list[int]:
        client = a_faulty(Rule(kind=Fault.STATUS_500, probability=0.5), seed=seed)
        return [client.get("/groups").status for _ in range(30)]

    assert statuses(1) == statuses(1) != statuses(2)
    assert {200, 500} == set(statuses(1))


def test_a_rule_that_never_fired_is_counted_with_zero() -> None:
    client = a_faulty(Rule(kind=Fault.STATUS_500, path="/devices"))
    client.get("/users")
    assert client.sim("GET", "/counters")["faults"] == {"500": 0}


def test_faults_strike_parts_of_a_batch_and_the_batch_itself() -> None:
    client = a_faulty(Rule(kind=Fault.STATUS_503, path="^/groups"), Rule(kind=Fault.STATUS_504, path="batch", nth=2))
    answers = client.batch(part("1", "GET", "/groups"), part("2", "GET", "/users"))
    assert [answers[key]["status"] for key in "12"] == [503, 200]
    assert client.post("/$batch", {"requests": [part("1", "GET", "/users")]}).status == 504


def test_rules_are_set_while_the_tenant_runs_and_replace_the_old_ones() -> None:
    client = a_client(objects=30)
    client.sim("POST", "/faults", {"seed": 4, "rules": [{"kind": "500", "path": "^/users"}]})
    assert client.get("/users").status == 500
    client.sim("POST", "/faults", {"rules": []})
    assert client.get("/users").status == 200


def test_a_claims_challenge_says_what_the_next_token_must_carry() -> None:
    client = a_faulty(Rule(kind=Fault.CLAIMS, path="^/users", nth=2, times=1))
    assert client.get("/users").status == 200
    refusal = client.get("/users")
    assert (refusal.status, refusal.code) == (401, "InvalidAuthenticationToken")
    found = re.search(r'error="insufficient_claims", claims="([^"]+)"', refusal.headers["WWW-Authenticate"])
    assert found is not None
    assert "nbf" in msgspec.json.decode(base64.b64decode(found[1]))["access_token"]
    assert client.get("/users").status == 200


def test_a_forced_410_sends_a_delta_client_back_to_the_start() -> None:
    client = a_faulty(Rule(kind=Fault.GONE, path="deltatoken=.", times=1))
    link = client.get("/users/delta?$select=id,city&$deltatoken=latest")
    assert link.status == 410
    again = client.get(link.headers["Location"])
    assert again.status == 200
    assert set(again.body["value"][0]) == {"id", "city"}


def test_a_cut_gzip_is_gzip_without_an_end_whatever_its_size() -> None:
    client = a_faulty(Rule(kind=Fault.CUT_GZIP))
    response = client.raw("GET", "/users?$top=1&$select=id", Accept_Encoding="gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    with pytest.raises((EOFError, zlib.error)):
        gzip.decompress(response.body)


def test_a_slow_page_is_whole_and_takes_its_time() -> None:
    client = a_faulty(Rule(kind=Fault.SLOW, path="^/users", seconds=7.5, times=1))
    assert client.raw("GET", "/users").delay_seconds == 7.5
    assert client.raw("GET", "/users").delay_seconds == 0.0
