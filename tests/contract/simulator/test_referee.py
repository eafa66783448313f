"""Nothing the product sends and nothing the tenant answers is against the published description of Graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.faults import Fault
from simulator.referee.exceptions import ALLOWED
from simulator.referee.published import MissingSliceError, Published
from simulator.referee.referee import Exchange, Referee
from simulator.switches import Background, Paging, Switches
from tests.contract.simulator.judged import DONE, told
from tests.support.referee import SLICE, complaints, needs_slice
from tests.unit.simulator.client import Client, a_client

DOCS = Path(__file__).parents[3] / "docs" / "simulator.md"
PLACES = (
    "/users /groups /applications /servicePrincipals /directory/administrativeUnits /directoryRoles "
    "/identity/conditionalAccess/policies /identity/conditionalAccess/namedLocations /oauth2PermissionGrants "
    "/roleManagement/directory/roleDefinitions /roleManagement/directory/roleAssignments /organization /subscribedSkus "
    "/directory/deletedItems/microsoft.graph.user /directory/deletedItems/microsoft.graph.group "
    "/users/delta /groups/delta /auditLogs/directoryAudits /directory/recovery/snapshots /directory/recovery/jobs"
).split()


def a_judged(**more: Any) -> Client:
    """Return a client of a tenant that a referee watches."""
    return a_client(validate=SLICE, **more)


@needs_slice
@pytest.mark.parametrize("seed", [5, 6])
def test_a_capture_an_incident_and_a_recovery_leave_the_referee_without_a_complaint(seed: int) -> None:
    simulator, states, _made = told(seed)
    assert states == DONE
    assert complaints(simulator) == []


@needs_slice
def test_faults_empty_pages_moving_objects_and_other_actors_are_no_reason_to_complain() -> None:
    mischief = Paging(empty_share=0.2, moving_share=0.2, replay_entries=3, seed=8)
    switches = Switches(paging=mischief, background=Background(changes_per_hour=600.0, seed=8))
    faults = (Fault.STATUS_502, Fault.CUT_GZIP, Fault.STATUS_504_AFTER)
    simulator, states, _made = told(8, switches=switches, faults=faults)
    assert states == DONE
    assert complaints(simulator) == []
    behaved = simulator.world.counted()["behaviours"]
    assert behaved["empty_pages"] > 0
    assert sum(count for name, count in behaved.items() if name.startswith("background_")) > 0


@needs_slice
@pytest.mark.parametrize("place", PLACES)
def test_what_the_tenant_lists_is_as_published(place: str) -> None:
    client = a_judged(objects=300)
    reply = client.get(place)
    assert reply.status == 200, reply.body
    if not place.startswith(("/directory/", "/auditLogs")) and "delta" not in place:
        for item in reply.body["value"][:5]:
            assert client.get(f"{place}/{item['id']}").status == 200
    assert complaints(client.simulator) == []


@needs_slice
@pytest.mark.unjudged("wrong requests are planted, and the tenant takes some of them")
@pytest.mark.parametrize(
    ("method", "path", "body", "rule"),
    [
        ("GET", "/people", None, "unknown-path"),
        ("PUT", "/users", {}, "unknown-method"),
        ("GET", "/users?$skip=5", None, "unknown-option"),
        ("GET", "/users?$select=shoeSize", None, "unknown-property"),
        ("GET", "/users?$orderby=shoeSize", None, "unknown-property"),
        ("GET", "/groups?$expand=shoes", None, "unknown-property"),
        ("GET", "/users?$top=1000", None, "wrong-option"),
        ("GET", "/users?$top=all", None, "wrong-option"),
        ("GET", "/users?$count=yes", None, "wrong-option"),
        ("PATCH", "/users/{user}", None, "missing-body"),
        ("PATCH", "/users/{user}", {"employeeHireDate": "tomorrow"}, "wrong-type"),
        ("DELETE", "/users/{user}", {}, "unexpected-body"),
        ("POST", "/groups/{user}/members/$ref", {"id": "x"}, "wrong-type"),
        ("PATCH", "/users/{user}", {"shoeSize": 44}, "unknown-property"),
        ("PATCH", "/users/{user}", {"accountEnabled": "yes"}, "wrong-type"),
        ("PATCH", "/users/{user}", {"businessPhones": None}, "wrong-type"),
        ("POST", "/directoryObjects/getByIds", {"names": ["x"]}, "unknown-parameter"),
        ("POST", "/identity/conditionalAccess/policies", {"state": "perhaps"}, "unknown-member"),
    ],
)
def test_a_request_that_is_not_in_the_description_is_complained_of(
    method: str, path: str, body: dict[str, Any] | None, rule: str
) -> None:
    client = a_judged(objects=30)
    user = client.get("/users?$select=id&$top=1").ids[0]
    client.ask(method, path.replace("{user}", user), body)
    assert [(row["side"], row["rule"]) for row in complaints(client.simulator)] == [("request", rule)]


def an_exchange(answer: Any, *, path: str = "/users", query: str = "", status: int = 200) -> Exchange:
    """Return one read and what came of it."""
    return Exchange("GET", "https://graph.test/v1.0", path, query, b"", status, answer)


@needs_slice
@pytest.mark.parametrize(
    ("exchange", "rule"),
    [
        (an_exchange({"value": [{"id": 7}]}, query="$select=id"), "wrong-type"),
        (an_exchange({"value": [{"id": None}]}, query="$select=id"), "null"),
        (an_exchange({"value": [{"id": "x"}]}, query="$select=id,mail"), "missing-selected"),
        (an_exchange({"value": [{"id": "x", "mail": None}]}, query="$select=id"), "not-selected"),
        (an_exchange({"value": [{"id": "x", "shoeSize": 4}]}, query="$select=id"), "unknown-property"),
        (an_exchange({"value": [], "@odata.nextLink": "https://else.where/v1.0/users"}), "links"),
        (an_exchange({"value": []}, path="/users/delta"), "links"),
        (an_exchange({"value": [{"id": "x"}]}, path="/groups/g/members", query="$select=id"), "no-odata-type"),
        (an_exchange({"error": {"code": "x"}}, status=404), "no-error-envelope"),
        (an_exchange({"error": "not found"}, status=404), "no-error-envelope"),
        (an_exchange({"message": "An error has occurred."}, status=500), "no-error-envelope"),
        (an_exchange({"error": {"code": 404, "message": "x", "innerError": {}}}, status=404), "no-error-envelope"),
        (
            an_exchange({"error": {"code": "x", "message": "x", "innerError": {"date": "x"}}}, status=404),
            "no-error-envelope",
        ),
        (an_exchange(None), "body"),
        (an_exchange({"value": []}, status=204), "body"),
        (an_exchange({"value": []}, status=201), "wrong-status"),
        (an_exchange({"value": []}), "no-context"),
        (an_exchange([{"id": "x"}]), "wrong-type"),
        (an_exchange({"value": {"id": "x"}}), "wrong-type"),
        (an_exchange({"value": ["x"]}), "wrong-type"),
        (an_exchange({"value": [], "total": 1}), "unknown-property"),
        (an_exchange({"value": [], "@odata.count": "1"}), "wrong-type"),
        (an_exchange({"value": [{"id": "x"}]}), "missing-default"),
        (an_exchange({"value": [{"@odata.type": "#microsoft.graph.group"}]}), "wrong-type"),
        (an_exchange({"value": [{"@odata.type": "#microsoft.graph.person7"}]}), "unknown-type"),
        (an_exchange({"value": [{"businessPhones": "1"}]}), "wrong-type"),
        (an_exchange({"value": [{"accountEnabled": "true"}]}), "wrong-type"),
        (an_exchange({"value": [{"createdDateTime": "yesterday"}]}), "wrong-type"),
        (an_exchange({"value": [{"id": "x", "assignedLicenses": [{"skuId": 7}]}]}), "wrong-type"),
        (an_exchange({"state": "on"}, path="/identity/conditionalAccess/policies/x"), "unknown-member"),
        (an_exchange({"count": 7}, path="/users/$count"), "wrong-type"),
    ],
)
def test_an_answer_that_is_not_in_the_description_is_complained_of(exchange: Exchange, rule: str) -> None:
    referee = Referee(SLICE)
    referee.watch(exchange)
    assert rule in [(row["rule"]) for row in referee.report()["complaints"]]


@needs_slice
def test_a_wrong_answer_is_complained_of_every_time_and_a_right_one_never() -> None:
    referee = Referee(SLICE)
    context = {"@odata.context": "https://graph.test/v1.0/$metadata#users(id)"}
    for known in ("x", 7, "x", 7, 7):
        referee.watch(an_exchange(context | {"value": [{"id": known}]}, query="$select=id"))
    assert [(row["rule"], row["count"]) for row in referee.report()["complaints"]] == [("wrong-type", 3)]


def test_every_deliberate_exception_is_in_the_docs_with_its_reason() -> None:
    page = " ".join(DOCS.read_text().split())
    for allowed in ALLOWED:
        assert f"`{allowed.name}`" in page


def test_a_folder_without_the_slice_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MissingSliceError, match=r"graph-v1\.0\.json"):
        Published.read(tmp_path)


@needs_slice
def test_the_control_endpoint_lists_complaints_with_an_example_and_a_count() -> None:
    client = a_judged(objects=10)
    client.get("/people")
    client.get("/people")
    report = client.sim("GET", "/complaints")
    assert report["complaints"] == [
        {
            "side": "request",
            "rule": "unknown-path",
            "place": "GET /people",
            "fact": "",
            "example": "GET /people -> 501",
            "count": 2,
            "accepted": 0,
        }
    ]
