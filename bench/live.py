"""Measure a live report by delta: a simulated tenant is captured, a share of it changes, and it is reported on twice.

What counting and passing on the tenant's answers takes in this process is taken off. The first report is the measured
one; the second, of the same tenant and the same snapshot, shows what a second use costs.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bench import floors, stages
from bench.capture import WORKERS
from bench.changing import captured_and_changed, touch
from bench.places import folder
from bench.tenant import TenantProcess, TenantTransport, over_a_tenant
from bench.world import TENANT, World
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, SnapshotSummary, Step
from shared.domain.scope import EVERYTHING
from shared.formats.manifests import manifest_name
from simulator.service import Simulator


def measure(objects: int, links: int, changed: float) -> dict[str, float]:
    """Return the figures of the first report, and of the second the seconds of processor, of virtual time, requests."""
    with folder() as root:
        figures: dict[str, Any] = stages.measured(report_twice, root, objects, links, changed).result
        first, second, places = figures["first"], figures["second"], figures["places"]
        floor = stages.measured(floors.read_live, root, *places)
    return {
        "objects": figures["objects"],
        "changes": first["changes"],
        "cpu_s": round(first["cpu_s"], 3),
        "wall_s": round(first["wall_s"], 3),
        "floor_cpu_s": round(floor.cpu_s, 3),
        "ratio": round(first["cpu_s"] / floor.cpu_s, 3),
        "peak_rss_mb": round(first["peak_rss_mb"], 1),
        "virtual_s": round(first["virtual_s"], 3),
        "requests": first["requests"],
        "second_cpu_s": round(second["cpu_s"], 3),
        "second_virtual_s": round(second["virtual_s"], 3),
        "second_requests": second["requests"],
    }


def report_twice(root: Path, objects: int, links: int, changed: float) -> dict[str, Any]:
    """Capture a generated tenant, change it, and report on it twice."""
    return over_a_tenant(root, objects, links, lambda tenant: _story(tenant, root, changed))


async def _story(tenant: TenantProcess, root: Path, changed: float) -> dict[str, Any]:
    begun = await captured_and_changed(tenant, root, change, changed)
    world, transport, target = begun.world, begun.transport, begun.captured
    answers = tenant.ask("recorded")
    job, first = await _reported(world, transport, target)
    again, second = await _reported(world, transport, target)
    assert first["changes"] == second["changes"] > 0, "both reports find what was changed"
    assert "delta" in {said["way"] for said in await _ways(world, again)}, "the reports went on from the capture"
    live = manifest_name(f"{TENANT}/{job.job_id}/live")
    objects_of = target.counts["objects"] + target.counts["softDeleted"]
    return {"objects": objects_of, "first": first, "second": second, "places": (target.manifest_name, live, answers)}


async def _reported(world: World, transport: TenantTransport, target: SnapshotSummary) -> tuple[Job, dict[str, Any]]:
    """Report on the tenant; return the job and what it took, from its acceptance to its last row."""
    stages.forget_peak()
    cpu, wall, requests = time.process_time() - transport.own_cpu_s, time.perf_counter(), transport.requests
    began_at = world.product.clock.now()
    wire_id = wire_snapshot_id(target.snapshot_id)
    job = await world.product.starting.report(TENANT, wire_id, EVERYTHING, requested_by="bench")
    await world.finish(job, WORKERS)
    figures: dict[str, Any] = {
        "cpu_s": time.process_time() - transport.own_cpu_s - cpu,
        "wall_s": time.perf_counter() - wall,
        "peak_rss_mb": stages.peak_rss_mb(),
        "virtual_s": (world.ended_at - began_at).total_seconds(),
        "requests": transport.requests - requests,
    }
    ended = await world.product.asking.job(TENANT, job.job_id)
    return job, {**figures, "changes": ended.counts["objectsCalculated"]}


async def _ways(world: World, job: Job) -> list[dict[str, str]]:
    batches = await world.product.ledger.batches(TENANT, job.job_id)
    return [said for batch in batches if batch.step is Step.PREPARE for said in batch.cursor["ways"].values()]


def change(simulator: Simulator, share: float) -> int:
    """Change as many live users and groups as the share of all objects is; count them."""
    stores = simulator.tenant.directory.stores
    live = [(name, object_id) for name in ("user", "group") for object_id in sorted(stores[name].live)]
    return touch(simulator, live, min(round(sum(len(store.live) for store in stores.values()) * share), len(live)))
