"""Blobs in memory: created once, compared when created again, never changed by this class, removed as a shelf.

A test that wants a damaged file changes `contents` itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.protection import UNPROTECTED, Container, Protection
from shared.memory.clock import EPOCH, LoopClock
from shared.ports import Aged, Clock

BLOB_BYTES_MAX = 64 * 1024 * 1024


class MemoryBlobs:
    """Blobs of one container: `contents` by name, with the `metadata` and the time each was created with.

    `protection` is what the container says of itself; it is enforced by tests/support/worm, not here.
    """

    def __init__(self, clock: Clock | None = None, protection: Protection = UNPROTECTED) -> None:
        self.contents: dict[str, bytes] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.created: dict[str, datetime] = {}
        self.protection = protection
        self._clock = clock or LoopClock()

    async def create(self, name: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Create blob `name`; success when it is there already with the same bytes.

        Raises IntegrityError when it exists with other bytes; nothing is ever overwritten.
        """
        await asyncio.sleep(0)
        assert len(content) <= BLOB_BYTES_MAX, f"blob {name} has {len(content)} bytes"
        if name not in self.contents:
            self.contents[name] = bytes(content)
            self.metadata[name] = dict(metadata or {})
            self.created[name] = self._clock.now()
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

    async def container(self) -> Container:
        """Return the protection this container was made with, and the clock's time."""
        await asyncio.sleep(0)
        return Container(protection=self.protection, at=self._clock.now())

    async def aged(self, prefix: str) -> list[Aged]:
        """Return every blob whose name starts with `prefix`, in order, with its age."""
        now = self._clock.now()
        return [Aged(name, (now - self.created.get(name, EPOCH)).total_seconds()) for name in await self.names(prefix)]

    async def remove(self, name: str) -> str:
        """Remove a blob; one that is not there is gone."""
        await asyncio.sleep(0)
        self.contents.pop(name, None)
        return ""
