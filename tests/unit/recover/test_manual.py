"""What a plan leaves to people: every promise of shared/recover/manual.py, and the runbook as Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue.types import type_named
from shared.compare.judge import BUILT_IN, HARD_DELETED, NO_BIN, ON_PREMISES, READ_ONLY
from shared.compare.recreation import recreation
from shared.domain.changes import Action, Difference
from shared.domain.jobs import Options
from shared.domain.manual import ManualStep, Setting, Task
from shared.recover.manual import ASKABLE, DIRECTORY, SUPPORT, manual_steps
from shared.recover.plan import left_alone, object_changes
from shared.recover.runbook import STEPS_MAX, VALUE_CHARS_MAX, Title, markdown_of
from tests.properties.strategies import modest, reports
from tests.support.builders import a_difference, a_link, an_id

TITLE = Title(tenant="t", job_id="j", snapshot_id="s")
DELETED = "deletedDateTime"


def steps_of(row: Difference, options: Options | None = None, spared: str = "") -> list[ManualStep]:
    return list(manual_steps(row, options or Options(), spared))


@modest
@given(report=reports, newer=st.booleans())
def test_m1_every_property_that_differs_is_written_or_in_a_step_with_both_values(
    report: list[Difference], newer: bool
) -> None:
    allowed = Options(soft_delete_newer=newer)
    for row in report:
        if row.action not in {Action.UPDATE, Action.RESTORE}:
            continue
        steps = steps_of(row, allowed)
        in_steps = {one.name: (one.now, one.wanted) for step in steps for one in step.settings if not one.other_id}
        written = {name for some in object_changes([row], allowed).values() for one in some for name in one.target}
        for name in row.target.keys() - {DELETED}:
            assert (name in written) != (name in in_steps)
            assert name in written or in_steps[name] == (row.current.get(name), row.target[name])
        if left_alone(row, allowed):
            assert sum(bool(one.other_id) for step in steps for one in step.settings) == len(row.links)


@modest
@given(report=reports)
def test_m2_what_may_still_be_asked_for_is_in_no_step(report: list[Difference]) -> None:
    for row in report:
        if left_alone(row, Options()) in ASKABLE:
            assert steps_of(row) == []


@pytest.mark.parametrize(
    ("row", "task", "where"),
    [
        (a_difference(refusal=ON_PREMISES), Task.SET, DIRECTORY),
        (a_difference(action=Action.RESTORE, refusal=ON_PREMISES), Task.RESTORE, DIRECTORY),
        (a_difference(refusal=BUILT_IN), Task.CHECK, SUPPORT),
        (a_difference(action=Action.SOFT_DELETE, target={}, refusal=NO_BIN), Task.DELETE, "admin center, Users"),
        (a_difference(target={"proxyAddresses": ["a"]}, refusal=f"{READ_ONLY}: x"), Task.CHECK, "admin center, Users"),
        (a_difference(type="group", target={"isAssignableToRole": True}), Task.SET, "admin center, Groups"),
        (a_difference(type="application", target={"passwordCredentials": []}), Task.RENEW, "App registrations"),
        (a_difference(type="application", action=Action.RESTORE, target={}), Task.RENEW, "App registrations"),
        (a_difference(type="application", target={"isDisabled": True}), Task.SET, "App registrations"),
    ],
)
def test_every_state_that_graph_cannot_write_is_a_step_with_its_task_and_place(
    row: Difference, task: Task, where: str
) -> None:
    (step,) = steps_of(row)
    assert (step.task, where in step.where, step.object_id) == (task, True, row.object_id)
    assert step.reason


def test_an_object_that_is_gone_for_good_is_created_anew_with_its_values_and_what_it_needs_besides() -> None:
    row = a_difference(
        type="attributeSet", action=Action.RECREATE, target={"description": "North"}, refusal=HARD_DELETED
    )
    (step,) = steps_of(row, Options(recreate_deleted=True))
    needed = recreation(type_named(row.type), row.target)
    assert (step.task, step.notes) == (Task.CREATE, needed.needs)
    assert step.settings == (Setting(name="description", wanted="North"),)


def test_a_user_who_is_created_anew_when_asked_still_needs_a_password_by_hand() -> None:
    row = a_difference(action=Action.RECREATE, target={"displayName": "Ann"}, refusal=HARD_DELETED)
    assert steps_of(row) == [], "it may still be asked for"
    (step,) = steps_of(row, Options(recreate_deleted=True))
    assert (step.task, any("password" in note for note in step.notes)) == (Task.RENEW, True)


def test_what_the_guard_left_alone_is_a_step_with_the_guards_reason() -> None:
    (step,) = steps_of(a_difference(type="conditionalAccessPolicy", target={"state": "enabled"}), spared="lock-out")
    assert (step.reason, step.settings[0].wanted) == ("lock-out", "enabled")


def test_links_of_a_row_that_is_left_alone_are_named_with_their_other_end() -> None:
    row = a_difference(type="group", target={}, links=(a_link("user-1"),), refusal=ON_PREMISES)
    (step,) = steps_of(row)
    assert step.settings == (Setting(name="members", now=False, wanted=True, other_id=an_id("user-1")),)


HOSTILE = "](javascript:alert(1)) <script>x</script> | `code` \r\n# heading \u202e www.evil.example http://evil.example"


def test_a_runbook_shows_hostile_names_and_values_as_text_in_their_cells() -> None:
    step = ManualStep(
        type="user", object_id=an_id("user-1"), display_name=HOSTILE, task=Task.SET, reason=HOSTILE, where="Here",
        settings=(Setting(name="city", now=HOSTILE, wanted=None, reason="why"),), notes=(HOSTILE,),
    )  # fmt: skip
    text = markdown_of(TITLE, [step], total=1).decode()
    lines = text.splitlines()
    assert [line for line in lines if line.startswith("#")] == [
        lines[0],
        next(x for x in lines if x.startswith("## 1.")),
    ]
    assert "<script>" not in text
    assert "\u202e" not in text
    assert "](" not in text.replace("\\]\\(", "")
    assert "http://" not in text
    (row,) = [line for line in lines if line.startswith("| city")]
    assert row.replace("\\|", "").count("|") == 5


def test_a_runbook_says_what_it_leaves_out_and_is_the_same_every_time() -> None:
    step = ManualStep(type="user", object_id="i", display_name="n", task=Task.SET, reason="r", where="w",
                      settings=(Setting(name="city", now="x" * (VALUE_CHARS_MAX + 1), wanted=1),))  # fmt: skip
    content = markdown_of(TITLE, [step], total=STEPS_MAX + 1)
    assert b"the whole value is in the JSON form" in content
    assert f"{STEPS_MAX} more steps".encode() in content
    assert content == markdown_of(TITLE, [step], total=STEPS_MAX + 1)
