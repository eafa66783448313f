"""The undo of one small recovery, told with the worker dying before or after its calls.

Every eighth call is died at on both sides here, every one by `make soak`.
"""

from __future__ import annotations

import pytest

from tests.simulation.deaths import PARTS, Told, calls_of, recovered
from tests.support import virtual_time
from tests.support.deaths import Deaths

STRIDE = 8


async def undisturbed() -> tuple[int, Told]:
    """Return how many calls the undo makes when nobody dies, and how its changes end."""
    deaths = Deaths()
    ended = await recovered(Deaths(), deaths)
    assert ended.is_right
    return deaths.calls, await ended.outcomes()


CALLS, OUTCOMES = virtual_time.run(undisturbed())


def test_the_enumeration_covers_a_whole_undo() -> None:
    assert CALLS > 150
    assert len({change.split(":")[0] for change in OUTCOMES}) >= 4, "restores, updates, links and soft deletions"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_worker_may_die_at_any_call_of_an_undo(when: str, part: int) -> None:
    async def story(call: int) -> str:
        deaths = Deaths({call: when})
        return await (await recovered(Deaths(), deaths)).wrong(deaths, OUTCOMES)

    broken = {call: virtual_time.run(story(call)) for call in calls_of(part, CALLS, STRIDE)}
    assert not {call: lost for call, lost in broken.items() if lost}
