"""What a recovery does about each kind of difference, and in which wave (tests/properties hold the promises)."""

from __future__ import annotations

import pytest

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import TYPES
from shared.catalogue.waves import Wave
from shared.compare.judge import BUILT_IN, HARD_DELETED, ON_PREMISES
from shared.domain.changes import Action, Difference
from shared.domain.jobs import Options
from shared.recover.dealing import batches, dealt
from shared.recover.plan import NEWER, left_alone, link_changes, object_changes
from shared.recover.recreating import WHEN_ASKED
from tests.support.builders import a_change, a_difference, a_link, a_link_change, a_policy_body, a_user_body, an_id

CAUTIOUS, THOROUGH = Options(), Options(soft_delete_newer=True)


def planned(*differences: Difference, options: Options = CAUTIOUS) -> dict[Wave, list[Action]]:
    waves = object_changes(differences, options)
    return {wave: [change.action for change in changes] for wave, changes in waves.items()}


def test_an_update_writes_the_properties_that_differ() -> None:
    waves = object_changes([a_difference()], CAUTIOUS)
    assert waves == {Wave.UPDATE: [a_change(target={"city": "Oslo"})]}


def test_an_update_leaves_out_what_graph_does_not_let_anyone_write() -> None:
    row = a_difference(target={"city": "Oslo", "createdDateTime": "x", "displayName": None})
    [change] = object_changes([row], CAUTIOUS)[Wave.UPDATE]
    assert change.target == {"city": "Oslo"}


def test_an_update_of_links_only_plans_no_change_to_the_object() -> None:
    assert planned(a_difference(type="group", target={}, links=(a_link(),))) == {}


def test_a_restore_comes_before_the_properties_it_brings_out_of_date() -> None:
    row = a_difference(action=Action.RESTORE)
    assert planned(row) == {Wave.RESTORE: [Action.RESTORE], Wave.UPDATE: [Action.UPDATE]}


def test_a_policy_to_be_switched_on_lands_report_only_and_is_switched_by_a_change_of_its_own() -> None:
    target = {"state": "enabled", "grantControls": None}
    waves = object_changes([a_difference("p", type="conditionalAccessPolicy", target=target)], CAUTIOUS)
    [landed], [switched] = waves[Wave.POLICY_UPDATE], waves[Wave.POLICY_ENABLE]
    assert landed.target == {**target, "state": "enabledForReportingButNotEnforced"}
    assert switched.target == target
    assert landed.change_id != switched.change_id


@pytest.mark.parametrize("state", ["disabled", "enabledForReportingButNotEnforced"])
def test_a_policy_that_is_not_switched_on_is_set_back_in_one_change(state: str) -> None:
    assert planned(a_difference(type="conditionalAccessPolicy", target={"state": state})) == {
        Wave.POLICY_UPDATE: [Action.UPDATE]
    }


@pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry.name)
def test_an_object_is_restored_in_an_earlier_wave_than_its_properties(entry: ObjectType) -> None:
    if entry.has_bin:
        assert entry.waves[Action.RESTORE] < entry.waves[Action.UPDATE]
    else:
        assert {Action.RESTORE, Action.SOFT_DELETE}.isdisjoint(entry.waves)


def test_an_object_newer_than_the_snapshot_is_soft_deleted_only_when_asked() -> None:
    row = a_difference(action=Action.SOFT_DELETE, target={}, current={})
    assert planned(row) == {}
    assert left_alone(row, CAUTIOUS) == NEWER
    assert planned(row, options=THOROUGH) == {Wave.SOFT_DELETE: [Action.SOFT_DELETE]}
    assert left_alone(row, THOROUGH) == ""


@pytest.mark.parametrize("reason", [ON_PREMISES, BUILT_IN])
def test_what_the_report_refuses_is_left_alone_for_the_same_reason(reason: str) -> None:
    row = a_difference(action=Action.RECREATE, refusal=reason)
    assert left_alone(row, THOROUGH) == reason
    assert planned(row, options=THOROUGH) == {}


def test_what_is_gone_for_good_is_created_anew_only_when_asked() -> None:
    row = a_difference(action=Action.RECREATE, refusal=HARD_DELETED, target=a_user_body())
    assert left_alone(row, THOROUGH) == WHEN_ASKED
    assert planned(row, options=THOROUGH) == {}
    asked = Options(recreate_deleted=True)
    assert left_alone(row, asked) == ""
    assert planned(row, options=asked) == {Wave.RECREATE: [Action.RECREATE], Wave.UPDATE: [Action.UPDATE]}


def test_what_graph_cannot_create_stays_gone_whoever_asks() -> None:
    row = a_difference(type="permissionGrantPolicy", action=Action.RECREATE, refusal=HARD_DELETED, target={"id": "x"})
    assert left_alone(row, Options(recreate_deleted=True)) == HARD_DELETED
    assert left_alone(row, THOROUGH) == HARD_DELETED


def test_a_policy_created_anew_lands_report_only_and_is_switched_on_last() -> None:
    body = a_policy_body()
    row = a_difference(
        "policy-1", type="conditionalAccessPolicy", action=Action.RECREATE, refusal=HARD_DELETED, target=body
    )
    waves = object_changes([row], Options(recreate_deleted=True))
    [made], [switched] = waves[Wave.POLICY_RESTORE], waves[Wave.POLICY_ENABLE]
    assert made.target["state"] == "enabledForReportingButNotEnforced"
    assert switched.target["state"] == "enabled"


def test_links_are_added_before_others_are_removed() -> None:
    links = [a_link("z", action=Action.UNLINK), a_link("b", reference="owners"), a_link("a")]
    changes = link_changes("group", an_id("group-1"), "group-1", links)
    assert [(change.action, change.reference) for change in changes] == [
        (Action.LINK, "members"),
        (Action.LINK, "owners"),
        (Action.UNLINK, "members"),
    ]
    assert changes[0] == a_link_change("a")


def test_the_biggest_object_begins_first_and_the_others_come_between_its_runs() -> None:
    big = [a_link_change(f"u{number}", "big") for number in range(6)]
    first, second = [a_link_change("v", "small-a")], [a_link_change("v", "small-b")]
    assert dealt([*first, *second, *big], run_max=2) == [*big[:4], *second, *big[4:], *first]


def test_dealing_loses_and_doubles_nothing() -> None:
    changes = [a_link_change(f"u{number}", f"g{number % 7}") for number in range(50)]
    order = dealt(changes, run_max=3)
    assert sorted(order, key=lambda change: change.change_id) == sorted(changes, key=lambda change: change.change_id)


def test_dealing_leaves_the_list_it_was_given_as_it_was() -> None:
    changes = [a_link_change("a"), a_link_change("b")]
    dealt(changes, run_max=1)
    assert changes == [a_link_change("a"), a_link_change("b")]


def test_changes_are_cut_into_batches_of_what_one_message_covers() -> None:
    changes = [a_change(f"user-{number}") for number in range(5)]
    assert list(batches(changes, size=2)) == [changes[:2], changes[2:4], changes[4:]]
    assert list(batches([], size=2)) == []
