"""Give free heap back to the kernel when a worker turns to another kind of work.

Eight batches that read side by side leave a heap of more than a hundred MiB, free but full of holes, and glibc gives
back only what lies free at its end (mallopt(3), M_TRIM_THRESHOLD). What sealing needs would come on top of that, and
sealing needs more in a larger tenant, because all members of a group lie together. Another C library than glibc has
nothing of this kind, and is left alone.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

# As much as glibc itself means to keep after settle() (shared/azure/process.py). What is given back is taken again page
# by page, which costs a worker more than keeping it (docs/decisions/0026), so a little is not worth it.
FREE_KEPT_BYTES = 62 * 1024 * 1024

IDLE_BATCHES = 16  # twice as many as run side by side, so that all of them have begun anew and none took what is free


class _Mallinfo(ctypes.Structure):
    """What mallinfo(3) returns; its numbers are unsigned here, so they hold up to 4 GiB."""

    _fields_ = tuple(
        (name, ctypes.c_uint)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    )


def _glibc() -> Any:
    """Return the C library of this process when it is glibc on Linux, else None."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "mallinfo") or not hasattr(library, "malloc_trim"):
        return None
    library.mallinfo.restype = _Mallinfo
    return library


_GLIBC = _glibc()


def free_bytes() -> int:
    """Return how many bytes of the heap are free; 0 where that cannot be asked."""
    return int(_GLIBC.mallinfo().fordblks) if _GLIBC else 0


def give_back() -> bool:
    """Give back what is free when that is more than FREE_KEPT_BYTES; tell whether it was."""
    if free_bytes() <= FREE_KEPT_BYTES:
        return False
    _GLIBC.malloc_trim(0)
    return True


class FreeHeap:
    """What batches leave free: kept for the next of the same step, given back before one of another.

    It is given back too when it was never less than FREE_KEPT_BYTES, however many batches began: reading objects leaves
    heap that reading links, the same step, has no use for.
    """

    def __init__(self) -> None:
        self._step = ""
        self._idle = 0  # batches in a row that began with so much free

    def turn_to(self, step: str) -> None:
        """Call this before a batch of `step` begins."""
        self._idle = self._idle + 1 if free_bytes() > FREE_KEPT_BYTES else 0
        if self._step not in ("", step) or self._idle > IDLE_BATCHES:
            give_back()
            self._idle = 0
        self._step = step
