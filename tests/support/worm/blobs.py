"""Blobs in memory under a container-level immutability policy: what is protected cannot be removed."""

from __future__ import annotations

import asyncio

from shared.domain.protection import Container
from shared.memory.blobs import MemoryBlobs
from shared.ports import Clock
from tests.support.worm.policy import WormPolicy


class WormBlobs(MemoryBlobs):
    """MemoryBlobs that refuse as the service does; `policy.breaches` is what was tried all the same."""

    def __init__(self, clock: Clock, *, days: int = 35, is_locked: bool = True) -> None:
        super().__init__(clock)
        self.policy = WormPolicy(clock.now, days=days, is_locked=is_locked, created=self.created)

    async def container(self) -> Container:
        """Return what the policy is now."""
        await asyncio.sleep(0)
        return Container(protection=self.policy.protection, at=self.policy.now())

    async def remove(self, name: str) -> str:
        """Remove a blob that is not protected; return the service's code otherwise."""
        await asyncio.sleep(0)
        code = self.policy.refusal("delete", name)
        if not code:
            self.contents.pop(name, None)
            self.created.pop(name, None)
        return code
