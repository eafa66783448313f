"""Measure a comparison of two stored states of a tenant, of which a share of the objects differs.

The second state lies in the work container, as a report's own reading of the tenant does; the steps are the product's.
With `--live delta` it is a whole live report that is measured (bench/live.py).
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from bench import floors, live, stages
from bench.places import folder
from bench.population import Population
from bench.world import CAPTURED_AT, TENANT, ruled_world, stored_world
from shared.domain.jobs import Batch, BatchState, Job, Kind, SnapshotSummary, State, Step
from shared.runs.preparing import SHARDS_PER_RANGE
from shared.runs.snapshot_reader import open_manifest

REPORT_ID = "6f0d5c1e-0000-4000-8000-0000000000c0"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say how large the tenant is and how much of it differs."""
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--links", type=int, default=None, help="4 for every object unless given")
    parser.add_argument("--changed", type=float, default=0.01, help="share of the objects that differ, 0 to 1")
    parser.add_argument("--live", choices=["delta"], help="measure a live report that reads by delta instead")


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Return the figures of one comparison; CPU and clock in seconds, memory in MiB."""
    links = 4 * options.objects if options.links is None else options.links
    if options.live:
        return live.measure(options.objects, links, options.changed)
    with folder() as root:
        before = stages.measured(seal, root / "before", Population(options.objects, links)).result
        now = stages.measured(seal, root / "now", Population(options.objects, links, options.changed)).result
        comparing = stages.measured(compare, root, before, now)
        sides = ((root / "before/vault", before.manifest_name), (root / "now/vault", now.manifest_name))
        floor = stages.measured(floors.read_both, sides)
    return {
        "objects": before.counts["objects"] + before.counts["softDeleted"],
        "changes": comparing.result,
        "cpu_s": round(comparing.cpu_s, 3),
        "wall_s": round(comparing.wall_s, 3),
        "floor_cpu_s": round(floor.cpu_s, 3),
        "ratio": round(comparing.cpu_s / floor.cpu_s, 3),
        "peak_rss_mb": round(comparing.peak_rss_mb, 1),
    }


def seal(root: Path, population: Population) -> SnapshotSummary:
    """Store one state of the tenant below `root`."""
    return asyncio.run(ruled_world(root, population).capture())


def compare(root: Path, before: SnapshotSummary, now: SnapshotSummary) -> int:
    """Compare every shard of both states; return how many objects differ."""

    async def story() -> int:
        world = stored_world(root / "before", work="../now/vault")
        await world.know(before)
        reader = await open_manifest(world.vault, before.manifest_name, before.manifest_sha256)
        job = Job(
            tenant=TENANT,
            job_id=REPORT_ID,
            kind=Kind.REPORT,
            state=State.LOADING_DATA,
            snapshot_id=before.snapshot_id,
            created_at=CAPTURED_AT,
        )
        batches = await world.run(job, layout(now, reader.manifest.shard_count))
        return sum(output["records"] for batch in batches if batch.step is Step.COMPARE for output in batch.outputs)

    return asyncio.run(story())


def layout(now: SnapshotSummary, shards: int) -> list[Batch]:
    """Return the batches of a report whose reading of the tenant has been sealed already."""
    read = {"name": now.manifest_name, "sha256": now.manifest_sha256}
    first = Batch(job_id=REPORT_ID, number=0, wave=0, step=Step.MANIFEST, state=BatchState.DONE, outputs=[read])
    batches = [first]
    for start in range(0, shards, SHARDS_PER_RANGE):
        argument = {"first": start, "end": min(start + SHARDS_PER_RANGE, shards), "shards": shards}
        batches.append(Batch(job_id=REPORT_ID, number=len(batches), wave=1, step=Step.COMPARE, argument=argument))
    return batches
