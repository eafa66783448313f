"""Measure how an object's history is found: over a year of daily snapshots, and what keeping the index costs a day."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.folder import FolderBlobs
from bench.population import guid_of
from bench.world import TENANT
from bench.year import CountedBlobs, Year
from shared.domain.ids import key_guid
from shared.domain.jobs import SnapshotSummary
from shared.formats.rows import snapshot_key, snapshot_values
from shared.memory.clock import LoopClock
from shared.memory.rows import MemoryRows
from shared.memory.signing import MemorySigning
from shared.ports import ANY, Blobs, Put, Rows
from shared.runs.history import History
from shared.runs.indexing import Indexing
from shared.runs.searching import START, Searching
from shared.runs.signing import Signing
from shared.runs.snapshots import Snapshots

LOOKS = 5
NOBODY = "Nobody is called so"


def write(root: Path, first: SnapshotSummary, objects: int) -> dict[str, Any]:
    """Write a year after the snapshot `first`; return its states, the object to look up, and a day's indexing CPU."""

    async def story() -> dict[str, Any]:
        vault = FolderBlobs(root / "vault")
        snapshots = _snapshots(vault, MemoryRows(LoopClock()))
        year = Year(snapshots, vault, objects)
        await year.write(first)
        began = time.process_time()
        await Indexing(snapshots).changes(year.states[0], year.states[-1])
        return {"states": year.states, "key": year.key, "index_cpu_s": time.process_time() - began}

    return asyncio.run(story())


def tell(root: Path, states: list[SnapshotSummary], key: bytes) -> dict[str, float]:
    """Tell the history of one object several times; return CPU, reads and versions of one telling."""

    async def story() -> dict[str, float]:
        vault = CountedBlobs(FolderBlobs(root / "vault"))
        rows = MemoryRows(LoopClock())
        for known in states:
            await rows.write(TENANT, [Put(snapshot_key(known.snapshot_id), snapshot_values(known), ANY)])
        snapshots = _snapshots(vault, rows)
        history, spent = History(snapshots), list[float]()
        told = await history.of(TENANT, key_guid(key))  # the first one also loads modules
        assert not told.notes, told.notes
        vault.reads = 0
        for _look in range(LOOKS):
            began = time.process_time()
            await history.of(TENANT, key_guid(key))
            spent.append(time.process_time() - began)
        return {"cpu_s": median(spent), "reads": vault.reads / LOOKS, "versions": len(told.versions)}

    return asyncio.run(story())


def look(root: Path, known: SnapshotSummary) -> dict[str, float]:
    """Search a whole snapshot for a name that nobody has, and show one object; return CPU of each."""

    async def story() -> dict[str, float]:
        snapshots = _snapshots(FolderBlobs(root / "vault"), MemoryRows(LoopClock()))
        await snapshots.list_again(known)
        searching, place, began = Searching(snapshots), START, time.process_time()
        while True:
            found, after = await searching.search(TENANT, known.snapshot_id, NOBODY, start=place, top=1)
            assert not found, "somebody is called so"
            if after is None:
                break
            place = after
        search_cpu_s, began = time.process_time() - began, time.process_time()
        await searching.whole(TENANT, known.snapshot_id, guid_of("user", 0))
        return {"search_cpu_s": search_cpu_s, "object_cpu_s": time.process_time() - began}

    return asyncio.run(story())


def _snapshots(vault: Blobs, rows: Rows) -> Snapshots:
    signing = MemorySigning()
    return Snapshots(rows, vault, Signing(signing, signing))
