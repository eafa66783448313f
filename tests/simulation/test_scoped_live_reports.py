"""A live report of a part of the tenant reads that part, and has the rows that the report of everything has of it."""

from __future__ import annotations

import random

import pytest

from shared.catalogue.types import TYPES
from shared.domain.changes import Difference
from shared.domain.errors import InputError
from shared.domain.jobs import Job, State
from shared.domain.scope import Scope
from shared.jobs import choices
from shared.runs import scopes
from simulator.applications import CARELESS_SCRIPT
from simulator.faults import Fault, Rule
from tests.simulation.days import PLAIN, Days
from tests.simulation.test_live_by_delta import rows_of
from tests.support import virtual_time
from tests.support.platform import TENANT

SEEDS = range(6)
NOBODY = "00000000-aaaa-4bbb-8ccc-00000000dead"
SCOPES = (("user",), ("group",), ("group", "administrativeUnit"), ("conditionalAccessPolicy",), ("appRoleAssignment",))


async def moved(seed: int) -> tuple[Days, Job]:
    """Capture a tenant and let much happen: members go to the recycle bin, links and policies change."""
    days = Days(seed, objects=60)
    target = await days.captured()
    days.move(60)
    days.mover.policy()
    directory = days.simulator.tenant.directory
    assignment = sorted(directory.stores["appRoleAssignment"].live.values(), key=lambda body: str(body["id"]))[0]
    days.simulator.act(CARELESS_SCRIPT, "DELETE", f"/servicePrincipals/{assignment['resourceId']}")
    return days, target


def of(rows: list[Difference], scope: Scope) -> list[Difference]:
    return [row for row in rows if scope.covers(row.type, row.object_id)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_report_of_chosen_types_is_that_part_of_the_report_of_everything(seed: int) -> None:
    async def story() -> int:
        days, target = await moved(seed)
        _whole, every = await rows_of(days, target, PLAIN)
        found = 0
        for types in SCOPES:
            _report, rows = await rows_of(days, target, PLAIN, Scope(types=types))
            assert rows == of(every, Scope(types=types)), types
            found += len(rows)
        return found

    assert virtual_time.run(story()) > 10


def chosen_ids(days: Days, every: list[Difference], seed: int) -> Scope:
    """Return a scope of objects that differ and objects that do not, of several types, and of one that never was."""
    chance = random.Random(seed)
    ids: dict[str, set[str]] = {"user": {NOBODY}}
    for row in chance.sample(every, len(every) // 2):
        ids.setdefault(row.type, set()).add(row.object_id)
    for name in ("user", "group", "application"):
        live = sorted(days.simulator.tenant.directory.stores[name].live)
        ids.setdefault(name, set()).update(chance.sample(live, min(4, len(live))))
    return Scope(ids={name: tuple(sorted(some)) for name, some in sorted(ids.items())})


@pytest.mark.parametrize("seed", SEEDS)
def test_a_report_of_chosen_objects_is_that_part_of_the_report_of_everything(seed: int) -> None:
    async def story() -> None:
        days, target = await moved(seed)
        days.move(10)
        point = await days.restore_point()
        days.move(30)
        for state in (target, point):
            _whole, every = await rows_of(days, state, PLAIN)
            scope = chosen_ids(days, every, seed)
            report, rows = await rows_of(days, state, PLAIN, scope)
            assert rows == of(every, scope)
            assert rows
            assert set(report.notes["ways"].values()) == {"ids"}
            asking = days.platform.operator.asking
            unknown, _total, _is_more = await asking.unknown(TENANT, report.job_id, skip=0, top=10)
            assert [(one.type, one.object_id) for one in unknown] == [("user", NOBODY)]

    virtual_time.run(story())


def test_a_report_of_very_many_objects_reads_their_types_and_has_the_same_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scopes, "IDS_IN_ROW_MAX", 2)
    monkeypatch.setattr(choices, "BY_IDS_MAX", 5)

    async def story() -> None:
        days, target = await moved(3)
        _whole, every = await rows_of(days, target, PLAIN)
        scope = chosen_ids(days, every, 3)
        assert scope.size > choices.BY_IDS_MAX
        report, rows = await rows_of(days, target, PLAIN, scope)
        assert rows == of(every, scope)
        assert rows
        assert report.scope_file is not None
        assert "ids" not in set(report.notes["ways"].values())

    virtual_time.run(story())


def test_a_report_of_one_object_costs_a_handful_of_requests() -> None:
    async def story() -> list[str]:
        days = Days(7, objects=60)
        target = await days.captured()
        user = sorted(days.simulator.tenant.directory.stores["user"].live)[0]
        days.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user}", {"department": "Elsewhere"})
        before = days.requests()
        report, rows = await rows_of(days, target, PLAIN, Scope(ids={"user": (user,)}))
        assert [(row.object_id, list(row.target)) for row in rows] == [(user, ["department"])]
        assert report.counts["objectsRead"] == 1
        return [str(entry) for entry in days.platform.transport.log[before:]]

    asked = virtual_time.run(story())
    assert len(asked) < 10
    assert not [text for text in asked if "/delta" in text]


def test_more_objects_than_one_recording_holds_are_all_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.runs.reading_by_ids.IDS_AT_ONCE", 7)

    async def story() -> None:
        days, target = await moved(11)
        _whole, every = await rows_of(days, target, PLAIN)
        users = sorted(days.simulator.tenant.directory.stores["user"].live)
        scope = Scope(ids={"user": tuple(users)})
        report, rows = await rows_of(days, target, PLAIN, scope)
        assert rows == of(every, scope) != []
        assert report.counts["objectsRead"] >= len(users) > 20

    virtual_time.run(story())


def test_a_type_that_the_snapshot_does_not_hold_is_refused_by_name_before_anything_is_read() -> None:
    async def story() -> None:
        rule = Rule(kind=Fault.FORBIDDEN, path=r"^/groups\b|^/directory/deletedItems/microsoft.graph.group\b")
        days = Days(12, faults=[rule])
        target = await days.captured()
        days.simulator.world.faults.rules.remove(rule)
        before = days.requests()
        for scope in (Scope(types=("group",)), Scope(ids={"group": (NOBODY,)})):
            with pytest.raises(InputError, match="group cannot be compared: the snapshot does not hold it"):
                await days.reported(target, scope)
        assert days.requests() == before

    virtual_time.run(story())


def test_objects_of_a_type_that_the_tenant_refuses_now_fail_the_report_by_that_name() -> None:
    async def story() -> Job:
        days = Days(13)
        target = await days.captured()
        rule = Rule(kind=Fault.FORBIDDEN, path=r"^/groups\b|^/directory/deletedItems/microsoft.graph.group\b")
        days.simulator.world.faults.rules.append(rule)
        report = await days.reported(target, Scope(ids={"group": (NOBODY,), "user": (NOBODY,)}))
        assert rule.fired
        return report

    report = virtual_time.run(story())
    assert report.state is State.FAILED
    assert "group cannot be compared: the tenant refuses it now" in report.error


def test_a_recovery_of_chosen_objects_reads_them_and_brings_them_back() -> None:
    async def story() -> int:
        days, target = await moved(14)
        _whole, every = await rows_of(days, target, PLAIN)
        users = tuple(row.object_id for row in every if row.type == "user")
        done = await days.recovered(target, Scope(ids={"user": users}))
        assert done.state is State.SUCCESSFUL, done.error
        assert done.notes["ways"] == {"user": "ids"}
        _after, left = await rows_of(days, target, PLAIN, Scope(ids={"user": users}))
        assert not [row for row in left if not row.refusal]
        return len(users)

    assert virtual_time.run(story()) > 3


def test_a_recovery_that_may_change_groups_reads_all_of_them_for_the_lock_out_guard() -> None:
    async def story() -> Job:
        days, target = await moved(15)
        group = sorted(days.simulator.tenant.directory.stores["group"].live)[0]
        return await days.recovered(target, Scope(ids={"group": (group,)}))

    done = virtual_time.run(story())
    assert done.state is State.SUCCESSFUL, done.error
    assert done.notes["ways"] == {"group": "delta"}


def test_every_type_can_be_reported_on_alone() -> None:
    async def story() -> dict[str, str]:
        days, target = await moved(16)
        failed = {}
        for entry in TYPES:
            report = await days.reported(target, Scope(types=(entry.name,)))
            if report.state is not State.SUCCESSFUL:
                failed[entry.name] = report.error
        return failed

    assert virtual_time.run(story()) == {}
