"""Microsoft's published description of Graph as the referee of what the simulated tenant receives and answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.service import Simulator

SLICE = Path(__file__).parents[3] / "shared" / "reference" / "graph"
HAS_SLICE = (SLICE / "graph-v1.0.json").is_file()
needs_slice = pytest.mark.skipif(not HAS_SLICE, reason="the published slice of Graph is not beside the project")


def complaints(simulator: Simulator) -> list[dict[str, Any]]:
    """Return what the referee complains of."""
    assert simulator.world.referee is not None
    report = simulator.world.referee.report()
    assert report["requests"] > 0
    rows: list[dict[str, Any]] = report["complaints"]
    return rows
