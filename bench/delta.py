"""Measure a capture that goes on by delta: a simulated tenant is captured whole, a share of it changes, then again.

The tenant answers from a process of its own, so processor time is that of one worker process alone. The first capture
is the yardstick for requests; only the second is timed.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import stages
from bench.capture import WORKERS, world_of
from bench.places import folder
from bench.tenant import TenantProcess, TenantTransport, over_a_tenant
from bench.world import CAPTURED_AT
from shared.memory import virtual_time
from simulator.service import Simulator

PAUSE_SECONDS = 600.0  # what lies between the captures costs nothing, so it need not be a day


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
    clock, transport = virtual_time.VirtualClock(), TenantTransport(tenant)
    world = world_of(tenant, root, clock, transport)
    whole = await world.capture(workers=WORKERS)
    full_requests = transport.requests
    tenant.ask("call", change, changed)
    await clock.sleep(PAUSE_SECONDS)
    cpu = time.process_time() - transport.own_cpu_s
    second = await world.capture(workers=WORKERS, scheduled_at=CAPTURED_AT + timedelta(seconds=PAUSE_SECONDS))
    assert "delta" in second.ways.values(), "the second capture went on from the first"
    assert second.counts["softDeleted"] == whole.counts["softDeleted"], "nothing was deleted in between"
    return {
        "requests": transport.requests - full_requests,
        "full_requests": full_requests,
        "cpu_s": time.process_time() - transport.own_cpu_s - cpu,
    }


def change(simulator: Simulator, share: float) -> int:
    """Change the share of the live users and groups, each in one property and groups in one member too; count them."""
    directory, at = simulator.tenant.directory, simulator.world.now()
    changed = 0
    for name in ("user", "group"):
        live = sorted(directory.stores[name].live)
        for number in range(round(len(live) * share)):
            object_id = live[number * len(live) // round(len(live) * share)]
            directory.update(name, object_id, {"displayName": f"Changed {number}"}, at)
            changed += 1
            if name == "group" and len(members := directory.links.targets(object_id, "members")):
                directory.unlink(object_id, "members", next(iter(members)), at)
    return changed
