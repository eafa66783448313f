"""An event loop whose clock jumps to the next timer when nothing else is left to do, so waiting costs no time.

`run(coro)` is asyncio.run on such a loop. A story that waits for something no timer will bring is a deadlock, and is
reported as one instead of hanging.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

Outcome = TypeVar("Outcome")
DAWN = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
THREAD_PATIENCE_SECONDS = 5.0  # what a worker thread, which lives in real time, may take to answer


class DeadlockError(RuntimeError):
    """Every task waits for something that no timer and no thread will bring."""


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that turns the wait it is asked for into a jump of the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready now; when nothing is, let `timeout` pass at once."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is not None:
            self.seconds += timeout
            return ready
        ready = super().select(THREAD_PATIENCE_SECONDS)
        if not ready:
            raise DeadlockError("every task waits, and no timer is set")
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; `time()` starts at zero."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._jumping.seconds


class VirtualClock:
    """ports.Clock on the running virtual loop; the story begins at DAWN."""

    def now(self) -> datetime:
        """Return the virtual present."""
        return DAWN + timedelta(seconds=self.elapsed())

    def unix_seconds(self) -> float:
        """Return the virtual present as the simulator wants it."""
        return self.now().timestamp()

    def elapsed(self) -> float:
        """Return the virtual seconds since the story began; zero outside of one."""
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0

    async def sleep(self, seconds: float) -> None:
        """Return `seconds` later."""
        await asyncio.sleep(seconds)


def run(story: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run `story` to its end in virtual time and return what it returns."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)
