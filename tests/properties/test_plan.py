"""The promises of shared/recover/plan.py, each over generated reports."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue.identity import address, collection
from shared.catalogue.types import TYPES, type_named
from shared.catalogue.waves import Wave
from shared.compare.judge import creatable, writable
from shared.domain.changes import Action, Change, Difference, LinkDifference
from shared.domain.jobs import Options
from shared.recover.dealing import BATCH_CHANGES_MAX, batches, dealt, runs
from shared.recover.plan import left_alone, link_changes, object_changes
from shared.recover.writes import link_strokes, object_stroke
from tests.properties.strategies import links, modest, object_ids, reports

options = st.builds(Options, soft_delete_newer=st.booleans(), remove_newer_grants=st.booleans())
AWAY = frozenset({Action.SOFT_DELETE, Action.REMOVE})
link_lists = st.lists(links, max_size=30, unique_by=lambda link: (link.reference, link.other_id))


def by_wave(report: list[Difference], allowed: Options) -> list[tuple[Wave, Change]]:
    return [(wave, change) for wave, some in object_changes(report, allowed).items() for change in some]


@modest
@given(report=reports, allowed=options)
def test_p1_an_object_is_restored_before_its_properties_are_written(report: list[Difference], allowed: Options) -> None:
    plan = by_wave(report, allowed)
    restored = {(change.type, change.object_id): wave for wave, change in plan if change.action is Action.RESTORE}
    for wave, change in plan:
        if change.action is Action.UPDATE and (change.type, change.object_id) in restored:
            assert restored[change.type, change.object_id] < wave


@modest
@given(report=reports, allowed=options)
def test_p1_whatever_can_be_an_end_of_a_link_is_there_before_links_are(
    report: list[Difference], allowed: Options
) -> None:
    ends = {entry.name for entry in TYPES if entry.references} | {"user"}
    for wave, change in by_wave(report, allowed):
        if change.type in ends and change.action not in AWAY:
            assert wave < Wave.RELINK < Wave.LINKS


@modest
@given(report=reports, allowed=options)
def test_p1_named_locations_come_before_the_policies_that_name_them(report: list[Difference], allowed: Options) -> None:
    kept = [(wave, change) for wave, change in by_wave(report, allowed) if change.action not in AWAY]
    locations = [wave for wave, change in kept if change.type == "namedLocation"]
    policies = [wave for wave, change in kept if change.type == "conditionalAccessPolicy"]
    assert all(one < other for one, other in itertools.product(locations, policies))


@modest
@given(report=reports, allowed=options)
def test_p2_a_policy_comes_after_every_object_and_link_it_could_depend_on(
    report: list[Difference], allowed: Options
) -> None:
    kept = [(wave, change) for wave, change in by_wave(report, allowed) if change.action not in AWAY]
    policies = [wave for wave, change in kept if change.type == "conditionalAccessPolicy"]
    others = [wave for wave, change in kept if change.type != "conditionalAccessPolicy"]
    for policy in policies:
        assert policy > Wave.LINKS
        assert all(other < policy for other in others)


@modest
@given(report=reports, allowed=options, values=st.dictionaries(st.sampled_from(["displayName"]), st.just("x")))
def test_p2_a_policy_is_switched_on_in_the_last_stage_and_lands_report_only_before(
    report: list[Difference], allowed: Options, values: dict[str, str]
) -> None:
    switched = [
        msgspec.structs.replace(row, target={**row.target, **values, "state": "enabled"})
        for row in report
        if row.type == "conditionalAccessPolicy"
    ]
    for wave, change in by_wave(switched, allowed):
        if change.action is Action.UPDATE:
            assert (change.target["state"] == "enabled") == (wave is Wave.POLICY_ENABLE)
            assert wave in {Wave.POLICY_UPDATE, Wave.POLICY_ENABLE}


@modest
@given(report=reports, allowed=options)
def test_p3_no_request_of_a_plan_deletes_an_object_for_good_and_only_what_is_known_by_its_content_is_created(
    report: list[Difference], allowed: Options
) -> None:
    for _wave, change in by_wave(report, allowed):
        entry = type_named(change.type)
        live, in_bin = address(entry, change.object_id, {}), f"{entry.deleted_path}/{change.object_id}"
        requests = {("PUT" if entry.replaces else "PATCH", live)}
        if entry.has_bin:
            requests |= {("DELETE", live), ("POST", f"{in_bin}/restore")}
        if entry.is_remade:
            requests.add(("POST", entry.make or collection(entry, change.object_id)))
        is_removed = change.action is Action.REMOVE
        assert not is_removed or (allowed.remove_newer_grants and entry.is_removable and entry.is_remade)
        if is_removed:
            requests = {("POST", entry.make) if entry.make else ("DELETE", live)}
        write = object_stroke(entry, change, {}, change.target).write
        assert (write.method, write.path) in requests
        assert write.method != "DELETE" or entry.has_bin or is_removed


@modest
@given(source=object_ids, wanted=link_lists)
def test_p3_removing_a_link_never_deletes_the_object_at_its_other_end(
    source: str, wanted: list[LinkDifference]
) -> None:
    changes = link_changes("group", source, "group-1", wanted)
    strokes = link_strokes(type_named("group"), changes)
    assert Counter(change.change_id for stroke in strokes for change in stroke.changes) == Counter(
        change.change_id for change in changes
    )
    for stroke in strokes:
        assert stroke.write.method == "PATCH" or stroke.write.path.endswith("/$ref")


@modest
@given(report=reports, allowed=options)
def test_p4_what_is_refused_or_not_allowed_is_not_planned_and_says_why(
    report: list[Difference], allowed: Options
) -> None:
    planned = {(change.type, change.object_id) for _wave, change in by_wave(report, allowed)}
    for row in report:
        identity = (row.type, row.object_id)
        if left_alone(row, allowed):
            assert identity not in planned
        else:
            assert (identity in planned) == (
                row.action is not Action.UPDATE or bool(writable(type_named(row.type), row.target))
            )


@modest
@given(report=reports, allowed=options)
def test_p4_a_plan_writes_only_what_graph_lets_anyone_write(report: list[Difference], allowed: Options) -> None:
    for _wave, change in by_wave(report, allowed):
        allowed_of = creatable if change.action is Action.RECREATE else writable
        assert allowed_of(type_named(change.type), change.target) == change.target


@modest
@given(report=reports, allowed=options, seed=st.integers(0, 1000))
def test_p5_every_change_has_an_id_of_its_own_whatever_order_the_report_is_in(
    report: list[Difference], allowed: Options, seed: int
) -> None:
    ids = [change.change_id for _wave, change in by_wave(report, allowed)]
    assert len(ids) == len(set(ids))
    shuffled = random.Random(seed).sample(report, len(report))
    assert set(ids) == {change.change_id for _wave, change in by_wave(shuffled, allowed)}


@modest
@given(report=reports, wanted=link_lists, run_max=st.integers(1, 5))
def test_dealing_keeps_every_change_and_the_order_within_a_lane(
    report: list[Difference], wanted: list[LinkDifference], run_max: int
) -> None:
    changes = [change for _wave, change in by_wave(report, Options(soft_delete_newer=True))]
    changes += link_changes("group", "00000000-0000-4000-8000-000000000000", "g", wanted)
    order = dealt(changes, run_max)
    assert Counter(change.change_id for change in order) == Counter(change.change_id for change in changes)
    lanes = {(change.object_id, change.action, change.reference) for change in changes}
    for lane in lanes:
        ours = [change for change in order if (change.object_id, change.action, change.reference) == lane]
        assert ours == [change for change in changes if (change.object_id, change.action, change.reference) == lane]


@modest
@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=40), run_max=st.integers(1, 7))
def test_the_runs_of_every_lane_are_spread_over_the_whole_wave(sizes: list[int], run_max: int) -> None:
    order = list(runs(sizes, run_max))
    assert sorted(order) == [
        (lane, first, min(first + run_max, size))
        for lane, size in enumerate(sizes)
        for first in range(0, size, run_max)
    ]
    for lane, size in enumerate(sizes):
        ours = [place for place, run in enumerate(order) if run[0] == lane]
        share = len(order) / math.ceil(size / run_max)
        for number, place in enumerate(ours):
            assert number * share - len(sizes) <= place <= (number + 1) * share + len(sizes)


@modest
@given(count=st.integers(0, 1300))
def test_batches_are_full_but_for_the_last_and_lose_nothing(count: int) -> None:
    change = Change(change_id="c", type="user", object_id="u", display_name="", action=Action.RESTORE)
    cut = list(batches([change] * count))
    assert sum(len(batch) for batch in cut) == count
    assert all(len(batch) == BATCH_CHANGES_MAX for batch in cut[:-1])
    assert all(0 < len(batch) <= BATCH_CHANGES_MAX for batch in cut)
