"""Drift, decision by decision: what is drift, what becomes of an item, what an alert says."""

from __future__ import annotations

import hmac
import itertools
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.compare.drift.alerts import alert_id, signature, teams_body, webhook_body
from shared.compare.drift.judging import ITEMS_PER_RULE_MAX, MANY, RESOLVED_DAYS, Gathering, new_since
from shared.compare.drift.states import TRANSITIONS, Seen, next_state
from shared.compare.rows import Row
from shared.domain.changes import Action
from shared.domain.drift import Allowance, DriftItem, DriftRule, DriftState
from shared.domain.errors import InputError
from shared.domain.explanations import Explanation, Log, Risk
from tests.support.builders import AT, a_difference, a_link, an_id

ALL = DriftRule(name="all")
DECISIONS = (Seen.ACCEPT, Seen.DENY)
PAGE = Path(__file__).parents[3] / "docs" / "drift.md"


def a_row(label: str = "user-1", *, risks: tuple[Risk, ...] = (), **members: Any) -> Row:
    found = a_difference(label, **members)
    explanation = Explanation(type=found.type, object_id=found.object_id, log=Log.NOT_IN_LOG, risks=risks)
    return Row(difference=found, explanation=explanation)


def judged(
    rows: Sequence[Row],
    *rules: DriftRule,
    known: Sequence[DriftItem] = (),
    allowed: Sequence[Allowance] = (),
    days: int = 0,
) -> dict[str, DriftItem]:
    gathering = Gathering(rules or (ALL,), allowed, AT + timedelta(days=days))
    for row in rows:
        gathering.add(row)
    return {f"{item.display_name} {item.what}": item for item in gathering.items(known)}


def test_each_property_link_and_object_that_differs_is_one_item() -> None:
    rows = [
        a_row(target={"city": "a", "state": "b"}, current={"city": "c", "state": "d"}),
        a_row("group-1", type="group", target={}, current={}, links=(a_link("user-2"),)),
        a_row("user-3", action=Action.RESTORE, target={"deletedDateTime": None}, current={}),
    ]
    found = judged(rows)
    assert set(found) == {"user-1 city", "user-1 state", f"group-1 members:{an_id('user-2')}", "user-3 restore"}
    assert {item.state for item in found.values()} == {DriftState.NEW}


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (DriftRule(name="r", types=("group",)), set()),
        (DriftRule(name="r", types=("user",)), {"user-1 city", "user-1 state"}),
        (DriftRule(name="r", properties=("state",)), {"user-1 state"}),
        (DriftRule(name="r", risks=(Risk.CONSENT, Risk.PRIVILEGE)), {"user-1 city", "user-1 state"}),
        (DriftRule(name="r", risks=(Risk.CONSENT,)), set()),
        (DriftRule(name="r", at_least=2), set()),
    ],
)
def test_a_rule_chooses_by_type_property_risk_and_number(rule: DriftRule, names: set[str]) -> None:
    row = a_row(target={"city": "a", "state": "b"}, current={"city": "c", "state": "d"}, risks=(Risk.PRIVILEGE,))
    assert set(judged([row], rule)) == names


def test_a_threshold_counts_objects_and_then_all_of_them_are_drift() -> None:
    rule = DriftRule(name="r", at_least=3)
    assert judged([a_row(f"u{number}") for number in range(2)], rule) == {}
    assert len(judged([a_row(f"u{number}") for number in range(3)], rule)) == 3


def test_an_item_names_every_rule_that_found_it() -> None:
    (item,) = judged([a_row()], DriftRule(name="a"), DriftRule(name="b", types=("user",))).values()
    assert item.rules == ("a", "b")


def test_very_many_objects_at_once_are_one_item_that_stays_the_same() -> None:
    rows = [a_row(f"u{number}") for number in range(ITEMS_PER_RULE_MAX + 2)]
    (item,) = judged(rows).values()
    assert (item.what, item.display_name) == (MANY, f"{ITEMS_PER_RULE_MAX + 2} objects")
    again = judged([*rows, a_row("one more")], known=[item])
    assert new_since(again.values(), {item.item_id: item}) == []


def test_what_somebody_answers_for_is_no_drift_until_that_expires() -> None:
    allowance = Allowance(type="user", owner="ops", expires_at=AT + timedelta(days=1))
    for one in (
        allowance,
        msgspec.structs.replace(allowance, object_id=an_id("user-1").upper(), property="city"),
    ):
        assert judged([a_row()], allowed=[one]) == {}
        assert len(judged([a_row()], allowed=[one], days=2)) == 1
    for other in ({"type": "group"}, {"object_id": an_id("user-2")}, {"property": "state"}):
        assert len(judged([a_row()], allowed=[msgspec.structs.replace(allowance, **other)])) == 1


def decided(item: DriftItem, state: DriftState) -> DriftItem:
    return msgspec.structs.replace(item, state=state, decided_by="me", note="why")


@pytest.mark.parametrize("state", [DriftState.ACCEPTED, DriftState.DENIED])
def test_a_decision_stays_while_the_value_stays_and_ends_with_it(state: DriftState) -> None:
    (item,) = judged([a_row()]).values()
    known = decided(item, state)
    (same,) = judged([a_row()], known=[known], days=1).values()
    assert (same.state, same.decided_by, same.note) == (state, "me", "why")
    assert (same.first_seen_at, same.last_seen_at) == (AT, AT + timedelta(days=1))
    (other,) = judged([a_row(current={"city": "Paris"})], known=[known], days=1).values()
    assert (other.state, other.decided_by) == (DriftState.NEW, "")
    assert new_since([same], {known.item_id: known}) == []
    assert new_since([other], {known.item_id: known}) == [other]


def test_what_is_gone_is_resolved_kept_for_a_while_and_new_when_it_comes_back() -> None:
    (item,) = judged([a_row()]).values()
    (resolved,) = judged([], known=[decided(item, DriftState.DENIED)], days=1).values()
    assert (resolved.state, resolved.decided_by) == (DriftState.RESOLVED, "me")
    (kept,) = judged([], known=[resolved], days=RESOLVED_DAYS).values()
    assert kept == resolved
    assert judged([], known=[resolved], days=RESOLVED_DAYS + 2) == {}
    (back,) = judged([a_row()], known=[resolved], days=2).values()
    assert (back.state, back.first_seen_at) == (DriftState.NEW, AT + timedelta(days=2))
    assert new_since([back], {resolved.item_id: resolved}) == [back]


def test_every_pair_of_state_and_event_is_decided_and_only_resolved_items_refuse_decisions() -> None:
    refused = set()
    for state, seen in itertools.product(DriftState, Seen):
        try:
            next_state(state, seen)
        except InputError:
            refused.add((state, seen))
    assert refused == {(DriftState.RESOLVED, seen) for seen in DECISIONS}
    assert {goal for _pair, goal in TRANSITIONS.items()} == set(DriftState)


def test_the_page_shows_the_table_of_states() -> None:
    text = PAGE.read_text()
    for (state, seen), goal in TRANSITIONS.items():
        assert f"| {state} | {seen} | {goal} |" in text


def test_an_alert_says_the_same_each_time_and_changes_its_id_with_what_it_says() -> None:
    items = list(judged([a_row(f"u{number}") for number in range(150)]).values())
    first = alert_id("t", "s", items)
    assert first == alert_id("t", "s", list(items))
    assert len({first, alert_id("t", "s2", items), alert_id("t", "s", items[1:])}) == 3
    body = msgspec.json.decode(webhook_body(first, "t", "b", "s", items))
    assert (body["alertId"], body["count"], len(body["items"])) == (first, 150, 100)
    assert webhook_body(first, "t", "b", "s", items) == webhook_body(first, "t", "b", "s", items)


def test_a_card_shows_hostile_names_as_text_runs_only() -> None:
    (item,) = judged([a_row(display_name="[x](javascript:1) \u202e **b**")]).values()
    message = msgspec.json.decode(teams_body("t", "b", "s", [item] * 12))
    card = message["attachments"][0]["content"]
    assert card["type"] == "AdaptiveCard"
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    runs = [run for block in card["body"] for run in block["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}
    assert not any("\u202e" in run["text"] for run in runs)
    assert runs[-1]["text"].startswith("and 2 more")


def test_a_signature_proves_secret_time_and_content() -> None:
    made = signature(b"secret", "1", b"content")
    assert made == hmac.new(b"secret", b"1.content", "sha256").hexdigest()
    others = [(b"other", "1", b"content"), (b"secret", "2", b"content"), (b"secret", "1", b"x")]
    assert made not in [signature(*other) for other in others]
