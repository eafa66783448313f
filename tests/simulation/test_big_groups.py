"""Members of big groups are brought up to date by what delta tells, and come out as reading would show them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulation.days import Days
from tests.support import virtual_time
from tests.support.platform import TENANT

MORE_THAN_A_PAGE = 1_200


def a_big_group(days: Days, members: int) -> tuple[str, list[str]]:
    """Return a group with so many members, all of them users made for it, and two users more."""
    directory, at = days.simulator.tenant.directory, days.clock.unix_seconds()
    group = sorted(directory.stores["group"].live)[0]
    users = [f"00000000-aaaa-4aaa-8aaa-{number:012x}" for number in range(members + 2)]
    for number, user in enumerate(users):
        name = f"extra{number}@{days.simulator.tenant.domain}"
        thing = {"id": user, "displayName": f"Extra {number}", "userPrincipalName": name, "accountEnabled": True}
        directory.add("user", thing, at)
    for user in users[:members]:
        directory.link(group, "members", user, at)
    return group, users


def member_pages(days: Days, group: str, since: int) -> int:
    """Return how many pages of the group's members were asked for since so many requests."""
    log = days.platform.transport.log[since:]
    return sum(f"/{group}/members?" in part["url"] for sent in log for part in sent.parts())


def untold(days: Days, type_name: str, act: Callable[[], object]) -> int:
    """Let something happen of which delta of that type tells nothing; return how much there was to tell."""
    log = days.simulator.tenant.directory.stores[type_name].log
    before = len(log)
    act()
    told = len(log) - before
    del log._entries[before:]
    return told


@pytest.mark.parametrize("seed", range(3))
def test_one_member_more_costs_the_same_whatever_the_size_of_the_group(seed: int) -> None:
    async def story(members: int) -> tuple[int, int]:
        days = Days(seed, objects=40)
        group, users = a_big_group(days, members)
        await days.captured()
        directory, at = days.simulator.tenant.directory, days.clock.unix_seconds()
        directory.link(group, "members", users[-1], at)
        directory.unlink(group, "members", users[0], at)
        before = days.requests()
        second = await days.captured()
        spent, pages = days.requests() - before, member_pages(days, group, before)
        assert days.ways(second)["group"] == "delta"
        assert await days.found(second) == 0
        return spent, pages

    sizes = [virtual_time.run(story(members)) for members in (MORE_THAN_A_PAGE, 3 * MORE_THAN_A_PAGE)]
    assert sizes[0] == sizes[1]
    assert sizes[0][1] == 1, "one page says that there are more"


def test_replays_restore_points_and_a_whole_day_on_top_leave_the_members_as_they_are() -> None:
    async def story() -> list[int]:
        days = Days(5, objects=40)
        group, users = a_big_group(days, MORE_THAN_A_PAGE)
        await days.captured()
        directory = days.simulator.tenant.directory
        days.control("switches", {"paging": {"replay_entries": 40, "empty_share": 0.3, "seed": 2}})
        found = []
        for number in range(3):
            at = days.clock.unix_seconds()
            directory.unlink(group, "members", users[number], at)
            directory.link(group, "members", users[-1 - number % 2], at)
            directory.unlink(group, "members", users[-2 + number % 2], at)
            days.move(5)
            found.append(await days.found(await days.restore_point()))
        whole = await days.captured()
        assert days.ways(whole)["group"] == "delta"
        return [*found, await days.found(whole)]

    assert virtual_time.run(story()) == [0, 0, 0, 0]


def test_a_big_group_that_comes_back_from_the_recycle_bin_is_read_whole() -> None:
    async def story() -> int:
        days = Days(6, objects=40)
        group, _users = a_big_group(days, MORE_THAN_A_PAGE)
        await days.captured()
        directory = days.simulator.tenant.directory
        directory.soft_delete("group", group, days.clock.unix_seconds())
        await days.captured()
        directory.restore("group", group, days.clock.unix_seconds())
        before = days.requests()
        third = await days.captured()
        assert days.ways(third)["group"] == "delta"
        assert member_pages(days, group, before) == 3, "the first page once more with the second"
        return await days.found(third)

    assert virtual_time.run(story()) == 0


@pytest.mark.parametrize("members", [25, MORE_THAN_A_PAGE])
def test_a_member_who_is_restored_is_a_member_again_although_delta_names_no_group(members: int) -> None:
    async def story() -> int:
        days = Days(7, objects=40)
        group, users = a_big_group(days, members)
        directory = days.simulator.tenant.directory
        directory.link(users[5], "manager", users[0], days.clock.unix_seconds())
        await days.captured()
        directory.soft_delete("user", users[0], days.clock.unix_seconds())
        directory.link(group, "members", users[-1], days.clock.unix_seconds())
        directory.update("user", users[5], {"department": "moved"}, days.clock.unix_seconds())
        assert await days.found(await days.captured()) == 0
        at = days.clock.unix_seconds()
        assert untold(days, "group", lambda: directory.restore("user", users[0], at)) >= 1
        third = await days.captured()
        assert days.ways(third)["group"] == "delta"
        return await days.found(third)

    assert virtual_time.run(story()) == 0


def test_a_whole_reading_names_a_big_group_of_which_delta_kept_something_back() -> None:
    async def story() -> tuple[dict[str, int], list[str], str]:
        days = Days(8, objects=40)
        group, users = a_big_group(days, MORE_THAN_A_PAGE)
        for _day in range(6):
            await days.captured()
        directory, at = days.simulator.tenant.directory, days.clock.unix_seconds()
        assert untold(days, "group", lambda: directory.unlink(group, "members", users[0], at)) == 1
        directory.link(group, "members", users[-1], at)
        assert days.ways(await days.captured())["group"] == "delta"
        job = await days.captured()
        assert days.ways(job)["group"] == "full"
        rows, _more = await days.platform.operator.asking.disagreements(TENANT, job.job_id, skip=0, top=99)
        counts = {name: count for name, count in job.counts.items() if name.startswith("disagreed.")}
        return counts, [row.object_id for row in rows], group

    counts, named, group = virtual_time.run(story())
    assert counts == {"disagreed.group": 1}
    assert named == [group]
