"""Measure a capture that goes on by delta: a simulated tenant is captured whole, a share of it changes, then again.

The first capture is the yardstick for requests; only the second is timed.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import stages
from bench.capture import WORKERS
from bench.changing import PAUSE_SECONDS, captured_and_changed, touch
from bench.places import folder
from bench.tenant import TenantProcess, over_a_tenant
from bench.world import CAPTURED_AT
from simulator.service import Simulator


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say how large the tenant is and how much of it changes in a day."""
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--links", type=int, default=None, help="6 for every object unless given")
    parser.add_argument("--changed", type=float, default=0.01, help="share of the live users and groups, 0 to 1")


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Return the requests of the capture by delta and of the whole one, their ratio, and its CPU seconds."""
    links = 6 * options.objects if options.links is None else options.links
    with folder() as root:
        stage = stages.measured(capture_twice, root, options.objects, links, options.changed)
    figures: dict[str, Any] = stage.result
    return {
        "requests": figures["requests"],
        "full_requests": figures["full_requests"],
        "share": round(figures["requests"] / figures["full_requests"], 4),
        "cpu_s": round(figures["cpu_s"], 3),
    }


def capture_twice(root: Path, objects: int, links: int, changed: float) -> dict[str, Any]:
    """Capture a generated tenant, change it, and capture it again."""
    return over_a_tenant(root, objects, links, lambda tenant: _story(tenant, root, changed))


async def _story(tenant: TenantProcess, root: Path, changed: float) -> dict[str, Any]:
    begun = await captured_and_changed(tenant, root, change, changed)
    world, transport, whole = begun.world, begun.transport, begun.captured
    cpu = time.process_time() - transport.own_cpu_s
    second = await world.capture(workers=WORKERS, scheduled_at=CAPTURED_AT + timedelta(seconds=PAUSE_SECONDS))
    assert "delta" in second.ways.values(), "the second capture went on from the first"
    assert second.counts["softDeleted"] == whole.counts["softDeleted"], "nothing was deleted in between"
    return {
        "requests": transport.requests - begun.requests,
        "full_requests": begun.requests,
        "cpu_s": time.process_time() - transport.own_cpu_s - cpu,
    }


def change(simulator: Simulator, share: float) -> int:
    """Change the share of the live users and the same of the groups; count them."""
    stores, changed = simulator.tenant.directory.stores, 0
    for name in ("user", "group"):
        live = [(name, object_id) for object_id in sorted(stores[name].live)]
        changed += touch(simulator, live, round(len(live) * share))
    return changed
