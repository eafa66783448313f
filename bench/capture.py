"""Measure a whole capture: gateway, reading, rolling forward and sealing, of a simulated tenant in virtual time.

The tenant answers from a process of its own, so processor time and memory are those of one worker process alone. What
the measurement itself does in that process, counting requests and passing them on, is timed and taken off.
"""

from __future__ import annotations

import argparse
import importlib
import random
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import floors, stages
from bench.beside import Beside
from bench.places import folder
from bench.tenant import TenantProcess, TenantTransport
from bench.world import World
from shared.graph.directory import GraphDirectory
from shared.graph.settings import GraphSettings
from shared.graph.tokens import Token
from shared.memory import virtual_time
from shared.ports import Clock
from shared.runs.snapshot_reader import open_manifest

WORKERS = 8  # messages one function app instance handles at a time
READ_UNITS_PER_SECOND = 800  # "Microsoft Graph service-specific throttling limits": 8,000 units in 10 seconds


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say how large the tenant is."""
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--links", type=int, default=None, help="6 for every object unless given")


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Return the figures of one capture; CPU, clock and virtual time in seconds, memory in MiB, stored bytes."""
    links = 6 * options.objects if options.links is None else options.links
    with folder() as root:
        capturing = stages.measured(capture, root, options.objects, links)
        alone = stages.measured(floors.open_and_store, root / "answers")
    return figures_of(capturing, alone)


def figures_of(capturing: stages.Stage, alone: stages.Stage) -> dict[str, float]:
    """Return what is printed of a capture and of the floor that ran after it.

    Raises StageError when that floor and the one beside the capture did not open the same bytes.
    """
    figures: dict[str, Any] = capturing.result
    if alone.result != figures["opened"]:
        raise stages.StageError(f"the floors opened {figures['opened']} and {alone.result} bytes: not the same answers")
    return {
        "objects": figures["objects"],
        "links": figures["links"],
        "cpu_s": round(figures["cpu_s"], 3),
        "wall_s": round(capturing.wall_s, 3),
        "floor_cpu_s": round(figures["floor_cpu_s"], 3),
        "ratio": round(figures["cpu_s"] / figures["floor_cpu_s"], 3),
        "peak_rss_mb": round(capturing.peak_rss_mb, 1),
        "requests": figures["requests"],
        "least_requests": figures["least_requests"],
        "requests_ratio": round(figures["requests"] / figures["least_requests"], 3),
        "virtual_s": round(figures["virtual_s"], 3),
        "quota_floor_s": round(figures["quota_floor_s"], 3),
        "stored_bytes": figures["stored_bytes"],
        "alone_floor_cpu_s": round(alone.cpu_s, 3),
        "alone_ratio": round(figures["cpu_s"] / alone.cpu_s, 3),
    }


def capture(root: Path, objects: int, links: int) -> dict[str, Any]:
    """Capture a generated tenant into the folder; return what it came to and what it took."""
    tenant = TenantProcess(objects, links, root / "answers")
    tenant.ask("token")  # the tenant is there when it answers, so that making it is not waited for in the figures
    try:
        beside = Beside()
        figures = virtual_time.run(_story(tenant, root, beside))
        floor_cpu_s, opened = beside.end()
        return {**figures, "floor_cpu_s": floor_cpu_s, "opened": opened, "least_requests": tenant.ask("least")}
    finally:
        tenant.end()


def world_of(tenant: TenantProcess, root: Path, clock: Clock, transport: TenantTransport) -> World:
    """Return the product over the folder, with the gateway to the tenant's process."""

    async def token(claims: str = "") -> Token:
        assert not claims, "the simulated tenant challenges nobody here"
        return Token(tenant.ask("token"), clock.now() + timedelta(hours=1))

    directory = GraphDirectory(
        GraphSettings(),
        tokens=token,
        clock=clock,
        jitter=random.Random(1),  # noqa: S311  spreads retries; nothing secret depends on it
        transport=transport,
    )
    return World(root, directory, clock=clock)


async def _story(tenant: TenantProcess, root: Path, beside: Beside) -> dict[str, Any]:
    clock, transport = virtual_time.VirtualClock(), TenantTransport(tenant, beside)
    world = world_of(tenant, root, clock, transport)
    importlib.import_module("shared.graph.sdk")  # a worker imports it once in its life, whatever it captures
    began_at, cpu = clock.now(), time.process_time()
    snapshot = await world.capture(workers=WORKERS)
    cpu_s, virtual_s = time.process_time() - cpu - transport.own_cpu_s, (world.ended_at - began_at).total_seconds()
    reader = await open_manifest(world.vault, snapshot.manifest_name, snapshot.manifest_sha256)
    return {
        "objects": snapshot.counts["objects"] + snapshot.counts["softDeleted"],
        "links": snapshot.counts["links"],
        "cpu_s": cpu_s,
        "virtual_s": virtual_s,
        "requests": transport.requests,
        "quota_floor_s": transport.cost.read_units / READ_UNITS_PER_SECOND,
        "stored_bytes": sum(file.length for file in reader.manifest.files),
    }
