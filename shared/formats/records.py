"""Files of records: differences, plan batches, before-images and outcomes (docs/formats/records.md).

Pure. One zstd frame of NDJSON; the first line is a header with the format tag and the number of records, so that a cut
file, a foreign one, or one of a newer version is refused by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from shared.domain.errors import IntegrityError
from shared.formats.digests import sha256
from shared.formats.frames import compress, decompress
from shared.formats.tags import check_tag

FILE_BYTES_MAX = 512 * 1024 * 1024

DIFFERENCES = "differences/1"
CHANGES = "changes/1"
OUTCOMES = "outcomes/1"
BEFORE_IMAGES = "before-images/1"
CAUSES = "causes/1"
EXPLANATIONS = "explanations/1"
UNKNOWN_OBJECTS = "unknown-objects/1"
CONFIRMATIONS = "confirmations/1"
OVERWRITTEN = "overwritten/1"
MANUAL_STEPS = "manual-steps/1"
ID_MAP = "id-map/1"
SCOPE = "scope/1"
EXPOSURE = "exposure/1"

Record = TypeVar("Record")
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """First line of a record file."""

    format: str
    records: int


def encode_records(tag: str, records: Sequence[msgspec.Struct]) -> tuple[bytes, str]:
    """Return the file of `records` and its SHA-256."""
    return encode_lines(tag, [encode_record(record) for record in records])


def encode_record(record: msgspec.Struct) -> bytes:
    """Return the line of one record, without its end."""
    return _ENCODER.encode(record)


def encode_lines(tag: str, lines: Sequence[bytes]) -> tuple[bytes, str]:
    """Return the file of records that are lines already, and its SHA-256."""
    content = compress(b"\n".join([encode_record(Header(tag, len(lines))), *lines, b""]))
    return content, sha256(content)


def decode_records(content: bytes, kind: type[Record], tag: str, *, name: str, expected: str = "") -> list[Record]:
    """Return the records of a file; raise IntegrityError naming it when it is not exactly that.

    `expected` is the file's SHA-256 where the caller has it recorded.
    """
    if expected and sha256(content) != expected:
        raise IntegrityError(name, "its SHA-256 is not the recorded one: it was altered")
    lines = decompress(content, name=name, bytes_max=FILE_BYTES_MAX).splitlines()
    check_tag(lines[0] if lines else b"", tag, name=name)
    try:
        header = msgspec.json.decode(lines[0], type=Header)
        if header.records != len(lines) - 1:
            raise IntegrityError(name, f"{len(lines) - 1} records instead of {header.records}")
        decoder = msgspec.json.Decoder(kind)
        return [decoder.decode(line) for line in lines[1:]]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(name, f"not a file of {tag}: {error}") from error
