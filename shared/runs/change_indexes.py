"""Where the change index of a state lies, and how it is read back: whole, proven, or not at all.

A change index that is missing, damaged or another state's is passed over and said in the log: it is a hint, and who
goes without it reads more snapshots.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.jobs import SnapshotSummary
from shared.formats.change_index import ROW, SHARD_COUNT, ChangeIndex, Run, decode_index, decode_rows
from shared.formats.digests import sha256
from shared.ports import Blobs
from shared.runs.snapshot_reader import stored
from shared.runs.snapshots import Snapshots

FOLDER = "history"

log = logging.getLogger(__name__)


def in_order(listed: Iterable[SnapshotSummary]) -> list[SnapshotSummary]:
    """Return states as they follow one another."""
    return sorted(listed, key=lambda known: known.sequence)


def folder_of(known: SnapshotSummary) -> str:
    """Return where the change index of a state lies: below the state's own files, so it ends with them."""
    return f"{known.manifest_name.rpartition('/')[0]}/{FOLDER}"


def index_name(known: SnapshotSummary) -> str:
    """Return the name of the index that ends with a state."""
    return f"{folder_of(known)}/index.json"


def nothing_indexed(known: SnapshotSummary) -> ChangeIndex:
    """Return the index that says nothing yet and goes on from `known`."""
    return ChangeIndex(
        tenant=known.tenant,
        snapshot_id=known.snapshot_id,
        manifest_sha256=known.manifest_sha256,
        since=known.sequence,
        sequence=known.sequence,
        shard_count=SHARD_COUNT,
        omitted=(),
        runs=(),
    )


async def newest_index(snapshots: Snapshots, states: Sequence[SnapshotSummary]) -> ChangeIndex | None:
    """Return the newest index of `states` that is whole, signed where that is demanded, and its state's own."""
    for known in reversed(states):
        name = index_name(known)
        try:
            content = await snapshots.vault.read(name)
        except NotFoundError:
            continue
        try:
            index = decode_index(content, name=name)
            own = (index.tenant, index.sequence, index.manifest_sha256, index.shard_count)
            if own != (known.tenant, known.sequence, known.manifest_sha256, SHARD_COUNT):
                raise IntegrityError(name, "it is the change index of another state")
            await snapshots.signing.check(snapshots.vault, name, sha256(content))
        except IntegrityError as error:
            log.error("change index refused", extra={"snapshot_id": known.snapshot_id, "reason": str(error)})
            continue
        return index
    return None


async def shard_rows(vault: Blobs, run: Run, shard: int) -> bytes:
    """Return the packed rows of one shard of a run, empty when it has none; raise IntegrityError naming the file."""
    for file in run.files:
        for block in file.blocks:
            if block.shard == shard:
                content = await stored(vault, file.name, block.offset, block.length)
                rows = decode_rows(content, name=file.name, digest=block.digest)
                if len(rows) != block.rows * ROW.size:
                    raise IntegrityError(file.name, f"shard {shard}: {block.rows} rows are listed, others are there")
                return rows
    return b""
