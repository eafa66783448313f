"""Time and ids for simulated worlds: the event loop's time, and ids that a seed decides.

Under a loop whose time is virtual, `LoopClock` makes hours pass in an instant and in the same way for every run.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from datetime import UTC, datetime, timedelta

# Where loop time zero lies unless a world says otherwise; any fixed time would do.
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class LoopClock:
    """Time of the running event loop: `epoch` plus what the loop's clock shows."""

    def __init__(self, epoch: datetime = EPOCH) -> None:
        assert epoch.tzinfo is not None, "a time without a zone"
        self._epoch = epoch

    def now(self) -> datetime:
        """Return the present as aware UTC; only inside a running loop."""
        return self._epoch + timedelta(seconds=asyncio.get_running_loop().time())

    async def sleep(self, seconds: float) -> None:
        """Return `seconds` of loop time later."""
        await asyncio.sleep(seconds)


class KnownPasswords:
    """Passwords that the seed decides, all of which are remembered: a test looks for them where they must not be."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"passwords {seed}")  # noqa: S311 - of a simulated world
        self.given: list[str] = []

    def new(self) -> str:
        """Return the next password."""
        self.given.append(f"known-Pass1-{self._random.getrandbits(64):016x}")
        return self.given[-1]


class SequentialIds:
    """GUIDs that the seed decides: the same seed always gives the same ids in the same order."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - ids of a simulated world must be repeatable, not secret

    def new(self) -> str:
        """Return the next GUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
