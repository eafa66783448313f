"""Measure a snapshot: from pages to sealed files, sealing alone, a full verification, its size, and looking back."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from bench import floors, history, stages
from bench.places import folder
from bench.population import Population
from bench.world import TENANT, ruled_world, stored_world
from shared.domain.jobs import SnapshotSummary, Step
from shared.runs.snapshot_reader import open_manifest


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say how large the tenant is."""
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--links", type=int, default=None, help="4 for every object unless given")


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Return the figures of one snapshot; CPU in seconds, memory in MiB, sizes in stored bytes."""
    links = 4 * options.objects if options.links is None else options.links
    with folder() as root:
        sealing = stages.measured(seal, root, Population(options.objects, links))
        snapshot: SnapshotSummary = sealing.result["snapshot"]
        verifying = stages.measured(verify, root, snapshot)
        year = stages.measured(history.write, root, snapshot, options.objects).result
        told = stages.measured(history.tell, root, year["states"], year["key"]).result
        looked = stages.measured(history.look, root, year["states"][0])
        floor = stages.measured(floors.hash_and_decompress, root / "vault", snapshot.manifest_name)
    stored, counts = sealing.result["stored"], snapshot.counts
    return {
        "objects": counts["objects"] + counts["softDeleted"],
        "links": counts["links"],
        "pages_to_seal_cpu_s": round(sealing.result["cpu_s"], 3),
        "seal_cpu_s": round(sealing.result["seal_cpu_s"], 3),
        "verify_cpu_s": round(verifying.cpu_s, 3),
        "verify_floor_cpu_s": round(floor.cpu_s, 3),
        "verify_ratio": round(verifying.cpu_s / floor.cpu_s, 3),
        "bytes_per_object": round(stored["objects"] / (counts["objects"] + counts["softDeleted"]), 1),
        "bytes_per_link": round(stored["links"] / max(1, counts["links"]), 1),
        "history_cpu_ms": round(1000 * told["cpu_s"], 1),
        "history_reads": round(told["reads"]),
        "history_versions": round(told["versions"]),
        "index_cpu_s": round(year["index_cpu_s"], 3),
        "search_cpu_s": round(looked.result["search_cpu_s"], 3),
        "object_cpu_s": round(looked.result["object_cpu_s"], 3),
        "peak_rss_mb": round(max(sealing.peak_rss_mb, verifying.peak_rss_mb), 1),
    }


def seal(root: Path, population: Population) -> dict[str, Any]:
    """Capture the tenant into the folder; return the snapshot, the CPU by part and the stored bytes."""

    async def story() -> dict[str, Any]:
        world = ruled_world(root, population)
        snapshot = await world.capture()
        reader = await open_manifest(world.vault, snapshot.manifest_name, snapshot.manifest_sha256)
        stored = {"objects": 0, "links": 0}
        for file in reader.manifest.files:
            stored["links" if file.part == "links" else "objects"] += file.length
        return {
            "snapshot": snapshot,
            "cpu_s": sum(world.cpu_s.values()),
            "seal_cpu_s": world.cpu_s[Step.SEAL] + world.cpu_s[Step.MANIFEST],
            "stored": stored,
        }

    return asyncio.run(story())


def verify(root: Path, snapshot: SnapshotSummary) -> int:
    """Prove every byte of the snapshot; return how many objects that was."""

    async def story() -> int:
        world = stored_world(root)
        await world.know(snapshot)
        return (await world.product.verifying.verify(TENANT, snapshot.snapshot_id)).objects

    return asyncio.run(story())
