"""The keys of soft-deleted objects: a small file that lets a comparison tell a vanished link from a hidden one.

Pure. Graph leaves soft-deleted users out of member lists and puts the links back on restore, so a link to such an
object is not a difference of its own. Rows are the type's code and the key, 17 bytes, sorted, in one zstd frame.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.domain.errors import IntegrityError
from shared.domain.ids import KEY_BYTES
from shared.formats.frames import compress, decompress

ROW_BYTES = 1 + KEY_BYTES


def encode_deleted(rows: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the block that holds (type code, key) pairs."""
    return compress(b"".join(sorted(bytes([code]) + key for code, key in rows)))


def decode_deleted(block: bytes | memoryview, *, name: str, without: frozenset[int] = frozenset()) -> set[bytes]:
    """Return the keys in a block, those of types with a code in `without` left out.

    Raises IntegrityError when the block is no whole number of rows.
    """
    content = decompress(block, name=name)
    if len(content) % ROW_BYTES:
        raise IntegrityError(name, f"{len(content)} bytes are no whole number of {ROW_BYTES}-byte rows")
    return {
        content[start + 1 : start + ROW_BYTES]
        for start in range(0, len(content), ROW_BYTES)
        if content[start] not in without
    }
