"""What delta does not tell of an object's links is as it was: not read again, and not lost."""

from __future__ import annotations

from tests.simulation.days import Days
from tests.support import virtual_time


def asked(days: Days, what: str, since: int) -> int:
    """Return how many requests, or parts of a $batch, had `what` in their address since so many requests."""
    return sum(what in part["url"] for sent in days.platform.transport.log[since:] for part in sent.parts())


def with_managers(seed: int) -> tuple[Days, list[str]]:
    """Return a tenant in which everybody has the same manager, and its users; that manager comes first."""
    days = Days(seed, objects=120)
    directory, at = days.simulator.tenant.directory, days.clock.unix_seconds()
    chief, *others = users = sorted(directory.stores["user"].live)
    for user in others:
        for known in list(directory.links.targets(user, "manager")):
            directory.unlink(user, "manager", known, at)
        directory.link(user, "manager", chief, at)
    return days, users


def test_managers_of_users_whose_other_properties_changed_are_kept_without_reading_them() -> None:
    async def story() -> tuple[int, int]:
        days, (_chief, *others) = with_managers(1)
        await days.captured()
        directory, at = days.simulator.tenant.directory, days.clock.unix_seconds()
        for user in others:
            directory.update("user", user, {"department": "moved"}, at)
        before = days.requests()
        second = await days.captured()
        assert days.ways(second)["user"] == "delta"
        assert asked(days, "department", before) >= len(others) // 15, "they were read again"
        return asked(days, "expand=manager", before), await days.found(second)

    assert virtual_time.run(story()) == (0, 0)


def test_a_manager_who_changed_and_those_of_users_who_came_are_read() -> None:
    async def story() -> tuple[int, int]:
        days, (chief, moved, left, back, *_others) = with_managers(2)
        directory, at = days.simulator.tenant.directory, days.clock.unix_seconds()
        directory.soft_delete("user", back, at)
        await days.captured()
        at = days.clock.unix_seconds()
        directory.unlink(moved, "manager", chief, at)
        directory.link(moved, "manager", back, at)
        directory.unlink(left, "manager", chief, at)
        directory.restore("user", back, at)
        name = f"new@{days.simulator.tenant.domain}"
        directory.add("user", {"id": "0" * 8 + "-aaaa-4aaa-8aaa-" + "1" * 12, "userPrincipalName": name}, at)
        directory.link("0" * 8 + "-aaaa-4aaa-8aaa-" + "1" * 12, "manager", moved, at)
        before = days.requests()
        second = await days.captured()
        assert days.ways(second)["user"] == "delta"
        return asked(days, "expand=manager", before), await days.found(second)

    assert virtual_time.run(story()) == (4, 0)
