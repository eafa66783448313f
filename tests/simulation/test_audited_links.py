"""Owners and sponsors of which delta tells nothing are found by the audit log, or the log's silence is said."""

from __future__ import annotations

import pytest

from shared.domain.jobs import State
from simulator.faults import Fault, Rule
from tests.simulation.days import Days
from tests.simulation.test_big_groups import untold
from tests.support import virtual_time

LOG = "^/auditLogs/directoryAudits"


def moved(days: Days) -> list[str]:
    """Give an application, a principal and a user another owner or sponsor, without a word to delta; return them."""
    directory, at = days.simulator.tenant.directory, days.clock.unix_seconds()
    people = sorted(directory.stores["user"].live)
    sources = []
    for name, relation in (("application", "owners"), ("servicePrincipal", "owners"), ("user", "sponsors")):
        source = sorted(directory.stores[name].live)[0]
        has = list(directory.links.targets(source, relation))
        other = next(one for one in people if one not in has and one != source)

        def act(source: str = source, relation: str = relation, other: str = other, has: list[str] = has) -> None:
            directory.link(source, relation, other, at)
            if has:
                directory.unlink(source, relation, has[0], at)

        assert untold(days, name, act) >= 1
        sources.append(source)
    return sources


@pytest.mark.parametrize("seed", range(2))
def test_owners_and_sponsors_that_delta_does_not_name_are_captured_all_the_same(seed: int) -> None:
    async def story() -> None:
        days = Days(seed)
        await days.captured()
        await days.captured()
        before = days.requests()
        await days.captured()
        idle = days.requests() - before
        moved(days)
        before = days.requests()
        job = await days.captured()
        assert {days.ways(job)[name] for name in ("application", "servicePrincipal", "user")} == {"delta"}
        assert days.requests() - before <= idle + 3  # the lists of each type in one $batch
        assert await days.found(job) == 0
        moved(days)
        assert await days.found(job) == 3
        point = await days.restore_point()
        assert await days.found(point) == 0
        assert "notAudited" not in point.notes

    virtual_time.run(story())


def test_a_log_that_is_refused_is_said_by_type_and_the_capture_succeeds() -> None:
    async def story() -> None:
        rule = Rule(kind=Fault.FORBIDDEN, path=LOG)
        days = Days(3, faults=[rule])
        await days.captured()
        moved(days)
        job = await days.captured()
        assert job.state is State.SUCCESSFUL, job.error
        assert set(job.notes["notAudited"]) == {"application", "servicePrincipal", "user"}
        assert (
            "does not tell of owners: auditLogs/directoryAudits: Graph answered 403"
            in job.notes["notAudited"]["application"]
        )
        assert await days.found(job) == 3
        assert rule.fired >= 3

    virtual_time.run(story())


@pytest.mark.parametrize("is_told", [True, False])
def test_a_whole_reading_names_what_neither_delta_nor_the_log_has_told(is_told: bool) -> None:
    async def story() -> dict[str, int]:
        days = Days(5)
        for _day in range(7):
            await days.captured()
        moved(days)
        days.simulator.tenant.switches.audit.delay_seconds = 0.0 if is_told else 30 * 24 * 3600.0
        job = await days.captured()
        assert days.ways(job)["user"] == "full"
        return {name: count for name, count in job.counts.items() if name.startswith("disagreed.")}

    missed = {"disagreed.application": 1, "disagreed.servicePrincipal": 1, "disagreed.user": 1}
    assert virtual_time.run(story()) == ({} if is_told else missed)


def test_of_a_log_that_names_too_much_as_much_is_read_as_is_allowed_and_the_rest_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.runs.audited_links.OBJECTS_MAX", 0)

    async def story() -> None:
        days = Days(4)
        await days.captured()
        moved(days)
        job = await days.captured()
        assert job.notes["notAudited"]["user"].startswith("the audit log names more changed sponsors than")
        assert await days.found(job) == 3

    virtual_time.run(story())
