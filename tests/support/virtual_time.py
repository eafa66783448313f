"""Virtual time for tests: the product's own event loop of that kind (shared/memory/virtual_time.py)."""

from __future__ import annotations

from shared.memory.virtual_time import DAWN, DeadlockError, VirtualClock, VirtualLoop, run

__all__ = ["DAWN", "DeadlockError", "VirtualClock", "VirtualLoop", "run"]
