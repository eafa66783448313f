"""A capture that goes on from the one before by delta holds what a capture that reads everything would hold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from shared.domain.jobs import Job, State
from shared.domain.verification import Mode
from simulator.applications import CARELESS_SCRIPT
from simulator.faults import Fault, Rule
from tests.simulation.days import Days
from tests.support import virtual_time
from tests.support.platform import TENANT

SEEDS = range(5)
BY_DELTA = ("user", "group")


def test_the_second_capture_goes_on_by_delta_and_holds_the_tenant_as_it_is() -> None:
    async def story(seed: int) -> int:
        days = Days(seed)
        assert set(days.ways(await days.captured()).values()) == {"full"}
        days.move()
        days.mover.policy()
        second = await days.captured()
        assert second.state is State.SUCCESSFUL, second.error
        assert {days.ways(second)[name] for name in BY_DELTA} == {"delta"}
        days.move(5)
        third = await days.captured()
        proven = await days.platform.operator.verifying.verify(TENANT, third.snapshot_id, Mode.FULL)
        assert (proven.is_chained, proven.is_signed) == (True, True)
        return await days.found(third)

    assert {seed: virtual_time.run(story(seed)) for seed in SEEDS} == dict.fromkeys(SEEDS, 0)


def test_replayed_and_repeated_delta_pages_change_nothing() -> None:
    async def story() -> int:
        days = Days(2)
        await days.captured()
        days.control("switches", {"paging": {"replay_entries": 40, "empty_share": 0.3, "seed": 2}})
        days.move(60)
        second = await days.captured()
        assert {days.ways(second)[name] for name in BY_DELTA} == {"delta"}
        return await days.found(second)

    assert virtual_time.run(story()) == 0


def test_a_group_of_many_members_is_merged_whole_whatever_the_order_of_its_pages() -> None:
    async def story() -> int:
        days = Days(4, objects=120)
        directory = days.simulator.tenant.directory
        await days.captured()
        group = sorted(directory.stores["group"].live)[0]
        for user in sorted(directory.stores["user"].live)[:60]:
            directory.link(group, "members", user, days.clock.unix_seconds())
        second = await days.captured()
        assert days.ways(second)["group"] == "delta"
        return await days.found(second)

    assert virtual_time.run(story()) == 0


def test_an_unchanged_tenant_costs_a_handful_of_requests_and_the_copy_is_the_same_state() -> None:
    async def story() -> tuple[int, int, int]:
        days = Days(3, objects=150)
        await days.captured()
        whole = days.requests()
        second = await days.captured()
        by_delta = days.requests() - whole
        return whole, by_delta, await days.found(second)

    whole, by_delta, found = virtual_time.run(story())
    assert found == 0
    assert by_delta < whole


def test_what_is_carried_on_does_not_keep_what_it_replaced() -> None:
    async def story() -> list[int]:
        days = Days(5)
        user = sorted(days.simulator.tenant.directory.stores["user"].live)[0]
        sizes = []
        for number in range(5):
            days.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{user}", {"department": f"Department {number}"})
            manifest = days.manifest(await days.captured())
            sizes.append(sum(file.length for file in manifest.files if file.part == "objects"))
        return sizes

    sizes = virtual_time.run(story())
    assert max(sizes[2:]) < 1.05 * sizes[1]  # one frame is replaced by the next, none is kept


def after_a_day(faults: list[Rule], between: Callable[[Days], Awaitable[None]] | None = None) -> tuple[Days, Job, int]:
    """Capture, let `between` happen, capture again under `faults`; return the world, the second job and what a report
    against it finds, -1 when it has failed.
    """

    async def story() -> tuple[Days, Job, int]:
        days = Days(6)
        await days.captured()
        days.move(10)
        if between is not None:
            await between(days)
        days.simulator.world.faults.rules.extend(faults)
        second = await days.captured()
        found = await days.found(second) if second.state is State.SUCCESSFUL else -1
        return days, second, found

    return virtual_time.run(story())


@pytest.mark.parametrize("nth", [1, 2], ids=["while it is tried", "in the middle"])
def test_an_expired_token_leads_to_a_whole_reading_of_that_type_only(nth: int) -> None:
    gone = Rule(kind=Fault.GONE, path=r"/users/delta.*deltatoken=(?!latest)", nth=nth, times=1)
    days, second, found = after_a_day([gone])
    assert (gone.fired, found) == (1, 0)
    facts = days.manifest(second).types
    assert (facts["user"].way, facts["group"].way) == ("full", "delta")
    assert "410" in facts["user"].why
    assert "410" in second.notes["ways"]["user"]


def test_tokens_older_than_their_life_are_not_even_tried() -> None:
    async def wait(days: Days) -> None:
        await days.clock.sleep(8 * 86_400)

    days, second, found = after_a_day([], wait)
    assert found == 0
    assert "too old" in days.manifest(second).types["user"].why


def test_a_native_recovery_forces_a_whole_reading_because_delta_does_not_show_it() -> None:
    async def recover(days: Days) -> None:
        days.control("native/snapshots")
        await days.clock.sleep(60)
        days.move(20)
        days.control("native/recoveries", {})

    days, second, found = after_a_day([], recover)
    assert found == 0
    assert days.ways(second)["user"] == "full"
    assert "native recovery" in second.notes["nativeWatch"]


def test_a_native_watch_that_is_refused_is_said_and_stops_nothing() -> None:
    days, second, found = after_a_day([Rule(kind=Fault.FORBIDDEN, path="/directory/recovery/jobs")])
    assert found == 0
    assert days.ways(second)["user"] == "delta"
    assert second.notes["nativeWatch"].startswith("not available")


def test_consent_revoked_in_the_middle_fails_the_capture_by_type_and_request_and_seals_nothing() -> None:
    denied = Rule(kind=Fault.FORBIDDEN, path="/groups/delta", nth=2)
    days, second, _found = after_a_day([denied])
    assert denied.fired > 0
    assert second.state is State.FAILED
    assert "group-delta: Graph answered 403" in second.error
    assert "request-id" in second.error
    assert sum(name.endswith("manifest.json") for name in days.platform.vault.contents) == 1


def test_a_weekly_whole_reading_names_every_object_that_delta_missed() -> None:
    async def story() -> tuple[dict[str, int], list[str], str]:
        days = Days(7)
        for _day in range(6):
            await days.captured()
            days.move(3)
        directory = days.simulator.tenant.directory
        missed = sorted(directory.stores["user"].live)[0]
        directory.stores["user"].log.is_recording = False
        directory.update("user", missed, {"city": "Nowhere in delta"}, days.clock.unix_seconds())
        directory.stores["user"].log.is_recording = True
        days.move(5)
        job = await days.captured()
        assert days.ways(job)["user"] == "delta"
        days.move(10)  # what delta names since is no disagreement
        job = await days.captured()
        facts = days.manifest(job).types["user"]
        assert (facts.way, facts.why) == ("full", "a whole reading is due every 7 days")
        rows, _more = await days.platform.operator.asking.disagreements(TENANT, job.job_id, skip=0, top=99)
        assert await days.found(job) == 0
        disagreed = {name: count for name, count in job.counts.items() if name.startswith("disagreed.")}
        return disagreed, [row.object_id for row in rows if row.object_id == missed], job.notes["check"]

    counts, named, said = virtual_time.run(story())
    assert counts == {"disagreed.user": 1}
    assert len(named) == 1
    assert said.startswith("user, group, ")
    assert said.endswith(": 1 objects were otherwise than delta had given them")


def test_an_object_that_is_not_yet_as_delta_says_is_read_again_and_counted() -> None:
    async def story() -> tuple[int, int]:
        days = Days(8)
        await days.captured()
        user = sorted(days.simulator.tenant.directory.stores["user"].live)[0]
        days.simulator.act(CARELESS_SCRIPT, "DELETE", f"/users/{user}")
        asked: list[str] = []

        def restored_meanwhile(tail: str) -> None:
            """Bring the user back once delta has called it deleted, and take it away again before the second read."""
            if tail.startswith("/users/delta") and "latest" not in tail:
                asked.append(tail)
                if len(asked) == 2:  # the first is the trial of the token
                    days.simulator.act(CARELESS_SCRIPT, "POST", f"/directory/deletedItems/{user}/restore", {})
            elif tail.startswith("/$batch") and len(asked) in (2, 3):
                asked.append(tail)  # the first looks into the recycle bin, the second for the live object
                if len(asked) == 4:
                    days.simulator.act(CARELESS_SCRIPT, "DELETE", f"/users/{user}")

        days.platform.transport.after_request = restored_meanwhile
        second = await days.captured()
        days.platform.transport.after_request = None
        return days.manifest(second).consistency.lagged, await days.found(second)

    assert virtual_time.run(story()) == (1, 0)
