"""Shapes on the wire that a short story does not come by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from functions.wire.body import read_start
from functions.wire.change import change_body, failed_body
from functions.wire.filters import criteria
from functions.wire.job import MEMBERS, job_body
from functions.wire.names import type_member
from shared.domain.changes import Action, Difference, LinkDifference, Outcome, Result
from shared.domain.jobs import Job, Kind, State
from shared.domain.scope import EVERYTHING, Scope

AT = datetime(2026, 11, 20, 6, tzinfo=UTC)
NAMESPACE = "microsoft.graph.entraRecoveryServices"


def a_job(kind: Kind = Kind.RECOVERY, state: State = State.RUNNING, **fields: Any) -> Job:
    return Job(
        tenant="t", job_id="j", kind=kind, state=state, snapshot_id="20261120T060000Z-0badcafe", created_at=AT, **fields
    )


def a_row(action: Action, **fields: Any) -> dict[str, Any]:
    row = Difference(**({"type": "group", "object_id": "g1", "display_name": "G", "action": action} | fields))
    return change_body(row, target_at=AT, shows_all=False)


def test_a_job_has_the_members_that_select_may_name() -> None:
    shown = set(job_body(a_job(), shows_all=True))
    assert shown == MEMBERS | {"@odata.type"}


def test_nothing_is_counted_as_calculated_before_it_is() -> None:
    early = job_body(a_job(state=State.CALCULATING, counts={"objectsCalculated": 7}), shows_all=True)
    assert (early["totalChangedObjectsCalculated"], early["totalChangedLinksCalculated"]) == (None, None)
    assert (early["totalObjectsModified"], early["totalFailedChanges"]) == (0, None)
    running = job_body(a_job(Kind.REPORT, State.CALCULATING, counts={"objectsCalculated": 7}), shows_all=True)
    assert running["totalChangedObjectsCalculated"] is None
    assert "totalObjectsModified" not in running


def test_a_recovery_under_way_shows_what_is_planned_done_and_failed_so_far() -> None:
    counts = {"plannedObjects": 5, "plannedLinks": 4, "done": 6, "objects.applied": 3, "links.applied": 2}
    body = job_body(a_job(counts=counts | {"links.failed": 1}), shows_all=True)
    assert body["tidemark.progress"] == {"done": 6, "planned": 9}
    assert (body["totalObjectsModified"], body["totalLinksModified"], body["totalFailedChanges"]) == (3, 2, None)
    ended = job_body(a_job(state=State.ABANDONED, counts=counts | {"links.failed": 1}), shows_all=True)
    assert ended["totalFailedChanges"] == 1


def test_a_summary_speaks_of_types_as_the_wire_does() -> None:
    counts = {"report.namedLocation.update": 2, "report.group.link": 3, "report.group.unlink": 0}
    body = job_body(a_job(counts=counts), shows_all=True)
    assert body["tidemark.summary"] == {"namedLocationPolicy": {"update": 2}, "group": {"link": 3}}


def test_a_reason_with_dots_stays_whole() -> None:
    body = job_body(a_job(counts={"leftAlone.no. really: not.": 2}), shows_all=True)
    assert body["tidemark.leftAlone"] == {"no. really: not.": 2}


def test_a_failed_job_says_why() -> None:
    body = job_body(a_job(state=State.FAILED, error_code="directory", error="Graph said no"), shows_all=True)
    assert body["tidemark.error"] == {"code": "directory", "message": "Graph said no"}
    assert job_body(a_job(), shows_all=True)["tidemark.error"] is None


def test_a_capture_is_a_plain_job() -> None:
    assert job_body(a_job(Kind.CAPTURE), shows_all=True)["@odata.type"] == f"#{NAMESPACE}.recoveryJobBase"


def test_object_types_that_were_added_later_are_hidden_from_old_clients() -> None:
    assert type_member("appRoleAssignment", shows_all=False) == "unknownFutureValue"
    assert type_member("appRoleAssignment", shows_all=True) == "appRoleAssignment"
    assert type_member("namedLocationPolicy", shows_all=False) == "namedLocationPolicy"


@pytest.mark.parametrize(
    "scope",
    [
        EVERYTHING,
        Scope(types=("user", "namedLocation")),
        Scope(ids={"group": ("11111111-aaaa-4bbb-8ccc-000000000001",)}),
    ],
)
def test_a_scope_comes_back_as_the_criteria_it_was_asked_with(scope: Scope) -> None:
    body = msgspec.json.encode({"filteringCriteria": criteria(scope, shows_all=True)})
    assert read_start({"content-type": "application/json; charset=utf-8"}, body, Kind.REPORT)[0] == scope


def test_types_and_ids_named_twice_count_once() -> None:
    one = "11111111-AAAA-4bbb-8ccc-000000000001"
    rows = [{"entityType": "user", "entityIds": [one]}, {"entityType": "user", "entityIds": [one.lower(), one]}]
    kind = f"{NAMESPACE}.recoveryJobEntityNameAndIdsFilter"
    chosen = {"@odata.type": kind, "filterValues": rows}
    body = msgspec.json.encode({"@odata.type": f"#{NAMESPACE}.recoveryJob", "filteringCriteria": chosen})
    scope, _options = read_start({"content-type": "application/json"}, body, Kind.RECOVERY)
    assert scope.ids == {"user": (one.lower(),)}


def test_no_body_means_everything() -> None:
    for body in (b"", b"{}", b'{"filteringCriteria": null}'):
        assert read_start({"content-type": "application/json"}, body, Kind.REPORT)[0] == EVERYTHING


def test_a_restore_clears_the_time_of_deletion() -> None:
    row = a_row(Action.RESTORE, target={"description": "x"}, current={"description": None})
    assert row["recoveryAction"] == "restore"
    assert row["deltaFromCurrent"] == {
        "@odata.type": "#microsoft.graph.group",
        "deletedDateTime": None,
        "description": "x",
    }


def test_a_soft_delete_sets_it_and_marks_the_object_as_removed() -> None:
    row = a_row(Action.SOFT_DELETE)
    assert row["recoveryAction"] == "softDelete"
    assert row["deltaFromCurrent"]["deletedDateTime"] == "2026-11-20T06:00:00Z"
    assert row["deltaFromCurrent"]["@removed"] == {"reason": "changed"}
    assert row["currentState"] == {"@odata.type": "#microsoft.graph.group", "deletedDateTime": None}


def test_an_object_that_is_gone_for_good_is_an_unknown_action_with_its_own_name_and_reason() -> None:
    row = a_row(Action.RECREATE, target={"displayName": "G"}, refusal="deleted for good")
    assert (row["recoveryAction"], row["tidemark.action"]) == ("unknownFutureValue", "recreate")
    assert row["tidemark.refusal"] == "deleted for good"


def test_links_are_deltas_of_their_reference() -> None:
    links = (
        LinkDifference(reference="members", other_id="u1", action=Action.LINK),
        LinkDifference(reference="members", other_id="u2", action=Action.UNLINK),
        LinkDifference(reference="owners", other_id="u3", action=Action.LINK),
    )
    delta = a_row(Action.UPDATE, links=links)["deltaFromCurrent"]
    assert delta["members@delta"] == [
        {"@odata.type": "#microsoft.graph.directoryObject", "id": "u1"},
        {"@odata.type": "#microsoft.graph.directoryObject", "id": "u2", "@removed": {"reason": "changed"}},
    ]
    assert [item["id"] for item in delta["owners@delta"]] == ["u3"]


def test_a_location_keeps_the_kind_it_is_of() -> None:
    kind = "#microsoft.graph.countryNamedLocation"
    row = a_row(Action.RECREATE, type="namedLocation", target={"@odata.type": kind, "displayName": "L"})
    assert row["deltaFromCurrent"]["@odata.type"] == kind
    assert row["entityTypeName"] == "namedLocationPolicy"


def test_a_failed_link_says_which_one() -> None:
    outcome = Outcome(
        change_id="c",
        type="group",
        object_id="g1",
        display_name="G",
        action=Action.UNLINK,
        result=Result.FAILED,
        before={"members": True},
        reference="members",
        other_id="u1",
        error_code="Authorization_RequestDenied",
        request_id="r-1",
    )
    row = failed_body(outcome, target_at=AT, shows_all=False)
    assert (row["recoveryAction"], row["tidemark.action"]) == ("update", "unlink")
    assert row["deltaFromCurrent"]["members@delta"][0]["id"] == "u1"
    assert row["failureMessage"] == "Authorization_RequestDenied"
    assert row["tidemark.requestId"] == "r-1"
