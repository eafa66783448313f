"""Tables in a terminal of 80 columns: no column is lost, and no id is cut, since ids are copied from the screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cli.screen import Screen
from cli.tables.changes import CHANGES, DRIFT_ITEMS, change_row, drift_item_row
from cli.tables.jobs import JOBS, job_row
from cli.tables.outcomes import ID_MAP, LEDGER, OUTCOMES, RUNBOOK, ledger_row, outcome_row, renewal_row, step_row
from tests.unit.cli.worlds import Terminal

ID, OTHER, ANEW = (f"{n}1111111-aaaa-4bbb-8ccc-000000000001" for n in range(1, 4))
TYPE = "crossTenantAccessPolicyConfigurationPartner"
AT = "2026-11-29T02:50:44Z"
CHANGE = {"entityTypeName": TYPE, "displayName": "Zweigstelle Nord, Vertrieb und Kundendienst", "id": ID}
OUTCOME = {**CHANGE, "action": "softDelete", "result": "alreadyRight", "reference": "members", "otherId": OTHER}
RENEWAL = {**CHANGE, "oldId": ID, "newId": ANEW, "oldAppId": OTHER, "newAppId": ANEW}
JOB = {"id": ID, "tidemark.kind": "recovery", "status": "successful", "jobStartDateTime": AT, "totalFailedChanges": 297}
ITEM = {**CHANGE, "itemId": "0" * 32, "state": "accepted", "what": "conditions", "rules": ["risky"], "changedBy": OTHER}
STEP = {**CHANGE, "task": "restore", "where": "Entra admin center", "reason": "mastered on premises"}
STYLES = re.compile(r"\x1b\[[0-9;]*m")
SHOWN: list[tuple[Sequence[str], Callable[[Any], Sequence[object]], dict[str, Any], list[str]]] = [
    (JOBS, job_row, JOB, [ID, "297 failed"]),
    (CHANGES, change_row, {**CHANGE, "recoveryAction": "softDelete"}, [ID]),
    (OUTCOMES, outcome_row, OUTCOME, [ID]),
    (LEDGER, ledger_row, {**OUTCOME, "recordedDateTime": AT, "standing": "overwritten"}, [ID]),
    (ID_MAP, renewal_row, RENEWAL, [ID, OTHER, ANEW]),
    (DRIFT_ITEMS, drift_item_row, ITEM, ["0" * 32]),
    (RUNBOOK, step_row, STEP, [ID]),
]


@pytest.mark.parametrize(("columns", "row", "shown", "whole"), SHOWN, ids=lambda value: getattr(value, "__name__", ""))
def test_no_column_is_lost_and_no_id_is_cut_in_80_columns(
    columns: Sequence[str],
    row: Callable[[Any], Sequence[object]],
    shown: dict[str, Any],
    whole: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal(is_terminal=True)
    Screen(stdin=Terminal(), stdout=out, stderr=Terminal(), asks_json=False).table("Title", columns, [row(shown)])
    text = STYLES.sub("", out.getvalue())
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == " ".join(columns).split()
    assert [one for one in whole if one not in text] == []
