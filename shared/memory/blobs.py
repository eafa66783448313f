"""Blobs in memory: created once, compared when created again, never changed by this class.

A test that wants a damaged file changes `contents` itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from shared.domain.errors import IntegrityError, NotFoundError

BLOB_BYTES_MAX = 64 * 1024 * 1024


class MemoryBlobs:
    """Blobs of one container: `contents` by name, with the `metadata` each was created with."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.metadata: dict[str, dict[str, str]] = {}

    async def create(self, name: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Create blob `name`; success when it is there already with the same bytes.

        Raises IntegrityError when it exists with other bytes; nothing is ever overwritten.
        """
        await asyncio.sleep(0)
        assert len(content) <= BLOB_BYTES_MAX, f"blob {name} has {len(content)} bytes"
        if name not in self.contents:
            self.contents[name] = bytes(content)
            self.metadata[name] = dict(metadata or {})
        elif self.contents[name] != content:
            raise IntegrityError(name, "exists with other bytes")

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return the bytes of `name` from `offset`, at most `length`; nothing when the blob ends before `offset`.

        Raises NotFoundError when there is no blob.
        """
        await asyncio.sleep(0)
        assert offset >= 0, "a read from before the beginning"
        assert length is None or length >= 0, "a read of less than nothing"
        if name not in self.contents:
            raise NotFoundError("blob", name)
        end = None if length is None else offset + length
        return self.contents[name][offset:end]

    async def names(self, prefix: str) -> list[str]:
        """Return every blob name that starts with `prefix`, in order."""
        await asyncio.sleep(0)
        return sorted(name for name in self.contents if name.startswith(prefix))
