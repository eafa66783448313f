"""Segments of a capture in progress: written once to the work container, described in the batch's outputs.

A crash before the batch is recorded leaves blobs that nothing names; the next attempt writes under its own number.
"""

from __future__ import annotations

from typing import Any

import msgspec

from shared.domain.jobs import BatchState
from shared.formats.links import LinkSpool
from shared.formats.segments import File, FileWriter, Segment, decode_segment, encode_segment
from shared.formats.spooling import Spool
from shared.ports import Blobs
from shared.runs.tenure import Tenure

EXTENSIONS = {"objects": "ndz", "index": "idx", "links": "zst", "deleted": "zst"}


class SegmentNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch row keeps of a segment: where its description is and what proves it."""

    name: str
    sha256: str


async def store_segment(work: Blobs, name: str, spool: Spool, links: LinkSpool) -> dict[str, Any]:
    """Write a segment's files, then its description; return the note for the batch's outputs."""
    writers: list[FileWriter] = []
    if spool.rows:
        writers += spool.files()
    if links.rows:
        writers.append(links.file())
    files = [await store_file(work, name, writer) for writer in writers]
    segment = Segment(shard_count=spool.shard_count, is_increment=links.is_increment, files=tuple(files))
    content, digest = encode_segment(segment)
    await work.create(f"{name}.json", content)
    described: dict[str, Any] = msgspec.to_builtins(SegmentNote(name=f"{name}.json", sha256=digest))
    return described


async def store_file(blobs: Blobs, name: str, writer: FileWriter) -> File:
    """Write one file in one request; return its description."""
    file = writer.file(f"{name}.{writer.part}.{EXTENSIONS[writer.part]}")
    await blobs.create(file.name, writer.content, {"sha256": file.sha256, "rows": str(file.rows)})
    return file


async def load_segment(work: Blobs, note: dict[str, Any]) -> Segment:
    """Return the description of a stored segment, proven by the digest in the batch row."""
    known = msgspec.convert(note, SegmentNote)
    return decode_segment(await work.read(known.name), name=known.name, expected=known.sha256)


async def record_segment(work: Blobs, tenure: Tenure, spool: Spool, links: LinkSpool, cursor: str | None) -> None:
    """Store what was read, if anything, and record it with the `cursor` that goes on; None ends the batch."""
    await record_part(work, tenure, spool, links, cursor={"next": cursor or ""}, is_done=cursor is None)


async def record_part(
    work: Blobs,
    tenure: Tenure,
    spool: Spool,
    links: LinkSpool,
    *,
    cursor: dict[str, Any],
    is_done: bool,
    lagged: int = 0,
) -> None:
    """Store what was read, if anything, and record it with a cursor of any form.

    `lagged` adds to the objects of which delta and a read right after it disagreed.
    """
    batch, rows = tenure.batch, spool.rows + links.rows
    outputs = list(batch.outputs)
    if rows:
        name = f"{tenure.job.tenant}/{batch.job_id}/read/{batch.number:05d}-{batch.attempt}-{len(outputs):05d}"
        outputs.append(await store_segment(work, name, spool, links))
    counts = {**batch.counts}
    for known, count in (("objectsRead", spool.rows), ("linksRead", links.rows), ("lagged", lagged)):
        if count or known != "lagged":
            counts[known] = counts.get(known, 0) + count
    state = BatchState.DONE if is_done else BatchState.RUNNING
    await tenure.record(msgspec.structs.replace(batch, state=state, cursor=cursor, outputs=outputs, counts=counts))
