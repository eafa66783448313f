"""One small recovery, told once for every call it makes, with the worker dying there.

Enumerated, not sampled: no moment of a recovery may be a bad one to lose a worker. A worker dies after every call, and
before every fourth one (`make soak`: every one); dying before a call is nearly dying after the one before it.
"""

from __future__ import annotations

import pytest

from tests.simulation.deaths import PARTS, Told, calls_of, recovered
from tests.support import virtual_time
from tests.support.deaths import Deaths

STRIDES = {"after": 1, "before": 4}
KINDS = (
    "user.restore user.update user.softDelete group.link group.unlink group.softDelete namedLocation.update "
    "conditionalAccessPolicy.update conditionalAccessPolicy.softDelete"
).split()


async def undisturbed() -> tuple[int, Told, dict[str, int]]:
    """Return how many calls the recovery makes when nobody dies, how its changes end, and its figures."""
    deaths = Deaths()
    ended = await recovered(deaths)
    assert ended.is_right
    return deaths.calls, await ended.outcomes(), ended.job.counts


CALLS, OUTCOMES, COUNTS = virtual_time.run(undisturbed())


def test_the_enumeration_covers_a_recovery_that_does_everything() -> None:
    assert CALLS > 150
    assert not [kind for kind in KINDS if not COUNTS.get(f"outcome.{kind}.applied")]


def test_a_death_that_never_comes_is_no_proof() -> None:
    deaths = Deaths({100 * CALLS: "before"})

    async def story() -> str:
        return await (await recovered(deaths)).wrong(deaths, OUTCOMES)

    assert virtual_time.run(story()) == "fired"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_worker_may_die_at_any_call(when: str, part: int) -> None:
    async def story(call: int) -> str:
        deaths = Deaths({call: when})
        return await (await recovered(deaths)).wrong(deaths, OUTCOMES)

    broken = {call: virtual_time.run(story(call)) for call in calls_of(part, CALLS, STRIDES[when])}
    assert not {call: lost for call, lost in broken.items() if lost}
