"""Segments of a capture in progress: written once to the work container, described in the batch's outputs.

A crash before the batch is recorded leaves blobs that nothing names; the next attempt writes under its own number.
"""

from __future__ import annotations

from typing import Any

import msgspec

from shared.formats.links import LinkSpool
from shared.formats.objects import Spool
from shared.formats.segments import File, FileWriter, Segment, decode_segment, encode_segment
from shared.ports import Blobs

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
    await blobs.create(file.name, bytes(writer.content), {"sha256": file.sha256, "rows": str(file.rows)})
    return file


async def load_segment(work: Blobs, note: dict[str, Any]) -> Segment:
    """Return the description of a stored segment, proven by the digest in the batch row."""
    known = msgspec.convert(note, SegmentNote)
    return decode_segment(await work.read(known.name), name=known.name, expected=known.sha256)
