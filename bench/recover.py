"""Measure a whole recovery of counted changes: reading, comparing, planning and applying, in virtual time.

The tenant answers from a process of its own with its documented quotas; 429s, replication lag and faults are on.
"""

from __future__ import annotations

import argparse
import random
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import stages
from bench.breakage import Mix, account, break_tenant, make_trouble
from bench.places import folder
from bench.tenant import TenantProcess, TenantTransport
from bench.world import TENANT, World
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Options
from shared.domain.scope import EVERYTHING
from shared.graph.directory import GraphDirectory
from shared.graph.settings import GraphSettings
from shared.graph.tokens import Token, TokenSource
from shared.memory import virtual_time

WORKERS = 4
WRITES_FULL, WRITES_PER_SECOND = 3_000, 20.0  # "Microsoft Graph service-specific throttling limits": one app
TENANT_WRITES_FULL, TENANT_WRITES_PER_SECOND = 18_000, 60.0  # the same page: all apps of a tenant
READS_PER_SECOND = 800.0  # the same page: 8,000 units in 10 seconds
LATENCY_SECONDS = 0.05
NATIVE_CHANGES_PER_SECOND = 500_000 / (30 * 3600)  # "Entra Backup and Recovery": up to 30 hours for 500,000 changes


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say how much is to be recovered."""
    parser.add_argument("--changes", type=int, default=3_000)
    parser.add_argument("--apps", type=int, choices=(1, 2, 3), default=1, help="identities that write")
    parser.add_argument("--mix", type=shares, default=shares("links=60,properties=30,restores=10"))


def shares(text: str) -> dict[str, float]:
    """Return the share of each kind in `links=60,properties=30,restores=10`; raise ArgumentTypeError."""
    try:
        parts = {name: float(share) for name, share in (one.split("=") for one in text.split(","))}
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must look like links=60,properties=30,restores=10") from None
    if set(parts) - {"links", "properties", "restores"} or min(parts.values()) < 0 or not sum(parts.values()):
        raise argparse.ArgumentTypeError(f"{text!r} may name links, properties and restores, with shares above 0")
    return {name: share / sum(parts.values()) for name, share in parts.items()}


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Return the figures of one recovery; CPU, clock and virtual time in seconds, memory in MiB."""
    counts = {name: round(options.changes * options.mix.get(name, 0)) for name in Mix.__struct_fields__}
    with folder() as root:
        recovering = stages.measured(recover, root, Mix(**counts), options.apps)
    figures: dict[str, Any] = recovering.result
    floor = floor_seconds(figures["broken"], options.apps)
    return {
        "changes": figures["changes"],
        "writes": figures["writes"],
        "least_writes": figures["broken"]["least_writes"],
        "virtual_s": round(figures["virtual_s"], 1),
        "floor_s": round(floor, 1),
        "ratio": round(figures["virtual_s"] / floor, 3),
        "throttled_share": round(figures["throttled"] / figures["sent"], 5),
        "cpu_s": round(figures["cpu_s"], 1),
        "wall_s": round(figures["wall_s"], 1),
        "peak_rss_mb": round(figures["peak_rss_mb"], 1),
        "native_s": round(figures["changes"] / NATIVE_CHANGES_PER_SECOND, 1),
    }


def floor_seconds(broken: dict[str, Any], apps: int = 1) -> float:
    """Return the least virtual seconds that the documented quotas allow `apps` identities for putting `broken` right.

    The write quotas, of each identity and of the tenant, start full. The longest lane is one object's writes, which
    cannot overlap. Reading all users and groups once at the read quota, by pages of 999, comes before any write.
    Left out, so counted against the product: requests that fail, which take from the quota all the same; reading links,
    policies and what is in the recycle bin; reading before each write, after the restores and at the end.
    """
    writes: int = broken["least_writes"]
    of_apps = max(0.0, writes - apps * WRITES_FULL) / (apps * WRITES_PER_SECOND)
    quota = max(of_apps, max(0.0, writes - TENANT_WRITES_FULL) / TENANT_WRITES_PER_SECOND)
    lane = float(broken["longest_lane"] * LATENCY_SECONDS)
    return max(quota, lane) + _reading_seconds(broken["live"])


def _reading_seconds(live: dict[str, int]) -> float:
    pages = sum(count / 999 for count in live.values())
    return pages * 2 / READS_PER_SECOND + LATENCY_SECONDS


def recover(root: Path, mix: Mix, apps: int = 1) -> dict[str, Any]:
    """Capture a generated tenant, break it, recover it as `apps` identities; return what that came to and took."""
    users = 3 * (mix.properties + mix.restores) + 1_000
    objects, links = round(users * 1.4) + mix.links // 40, 2 * mix.links + 10_000
    tenant = TenantProcess(objects, links, root / "answers")
    tenant.ask("token")
    try:
        return virtual_time.run(_story(tenant, root, mix, apps))
    finally:
        tenant.end()


async def _story(tenant: TenantProcess, root: Path, mix: Mix, apps: int) -> dict[str, Any]:
    clock, transport = virtual_time.VirtualClock(), TenantTransport(tenant)

    def tokens(number: int) -> TokenSource:
        async def token(claims: str = "") -> Token:
            assert not claims, "the simulated tenant challenges nobody here"
            return Token(tenant.ask("token", number), clock.now() + timedelta(hours=1))

        return token

    directory = GraphDirectory(
        GraphSettings(),
        tokens=tokens(0),
        clock=clock,
        jitter=random.Random(1),  # noqa: S311  spreads retries; nothing secret depends on it
        transport=transport,
        writers=[tokens(number) for number in range(1, apps)],
    )
    world = World(root, directory, clock=clock)
    snapshot = await world.capture(workers=WORKERS)
    broken = tenant.ask("call", break_tenant, mix)
    tenant.ask("call", make_trouble)
    before = dict(directory.figures)
    await clock.sleep(600)  # the quota has filled up again, as on any day before an incident
    stages.forget_peak()
    began_at, cpu, wall = clock.now(), time.process_time(), time.perf_counter()
    product = world.product
    wire_id = wire_snapshot_id(snapshot.snapshot_id)
    job = await product.starting.recovery(TENANT, wire_id, EVERYTHING, Options(), requested_by="bench")
    await world.finish(job, WORKERS)
    took = {
        "virtual_s": (world.ended_at - began_at).total_seconds(),
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
        "peak_rss_mb": stages.peak_rss_mb(),
    }
    ended = await product.asking.job(TENANT, job.job_id)
    figures = {name: count - before.get(name, 0) for name, count in directory.figures.items()}
    return {
        **took,
        "broken": broken,
        "changes": broken["links"] + broken["properties"] + broken["restores"],
        "writes": tenant.ask("call", account)["writes"],
        "counts": ended.counts,
        "throttled": figures.get("throttled", 0),
        "sent": figures["requests"] + figures.get("parts", 0),
    }
