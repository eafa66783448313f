"""Microsoft's published description of Graph as the referee of every simulated tenant in every suite.

Where the description lies beside the project, each tenant a test makes is judged by it, and the test that brought a
complaint fails with its text. Suites of the simulated tenant itself send wrong requests on purpose: there a wrong
request is a complaint only when the tenant accepted it. Wrong answers are complaints everywhere.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.referee.referee import Referee
from simulator.service import Simulator

SLICE = Path(__file__).parents[3] / "shared" / "reference" / "graph"
HAS_SLICE = (SLICE / "graph-v1.0.json").is_file()
needs_slice = pytest.mark.skipif(not HAS_SLICE, reason="the published slice of Graph is not beside the project")
# Their tests send what no client of ours would.
OF_THE_TENANT_ITSELF = ("tests/unit/simulator/", "tests/contract/simulator/")

_judging: list[tuple[weakref.ref[Simulator], Referee]] = []


def complaints(simulator: Simulator) -> list[dict[str, Any]]:
    """Return what the referee complains of."""
    assert simulator.world.referee is not None
    report = simulator.world.referee.report()
    assert report["requests"] > 0
    rows: list[dict[str, Any]] = report["complaints"]
    return rows


def judge_every_tenant() -> None:
    """Give every simulated tenant made from now on a referee, if the description is there."""
    if not HAS_SLICE:
        return
    make: Callable[..., None] = Simulator.__init__

    @functools.wraps(make)
    def judged(self: Simulator, **wishes: Any) -> None:
        make(self, **{**wishes, "validate": wishes.get("validate") or SLICE})
        assert self.world.referee is not None
        _judging.append((weakref.ref(self), self.world.referee))

    Simulator.__init__ = judged  # type: ignore[method-assign]


def brought_up(nodeid: str) -> list[str]:
    """Return the complaints that came up since the last call, one line each; `nodeid` is the test that ran."""
    is_lenient = nodeid.startswith(OF_THE_TENANT_ITSELF)
    lines = []
    for _tenant, referee in _judging:
        for row in referee.report()["complaints"]:
            if row["side"] == "answer" or row["accepted"] or not is_lenient:
                lines.append("{side}: {rule}: {place}: {fact} ({count} times, as in {example})".format(**row))
    # A tenant that other tests go on with is judged anew; the others are gone, and their complaints with them.
    _judging[:] = [(tenant, referee) for tenant, referee in _judging if tenant() is not None]
    for _tenant, referee in _judging:
        referee.forget()
    return lines
