"""What a worker process does once, when everything is imported, so that all its work costs less.

Collecting: what was imported lives as long as the process, so no full collection of a busy worker walks it again.

A page of a listing makes thousands of objects, none of which point at each other, so looking for such circles every 700
objects finds nothing and costs a capture a tenth of its time. It is done every NEW_OBJECTS.

Heap: glibc takes a large block from the kernel and gives it back as soon as it is free, so every file that is read
comes into fresh pages, each of them a fault. What it calls large grows with the largest block that was ever given back,
up to 32 MiB, and twice that much free heap is then kept (mallopt(3), M_MMAP_THRESHOLD). One block given back at the
start settles that. Most of what looking back over a year cost the kernel was such faults. Another C library than glibc
loses nothing by it.
"""

from __future__ import annotations

import gc

NEW_OBJECTS = 20_000  # some MiB of JSON at most; beyond it, a capture was measured to gain nothing more
GIVEN_BACK_BYTES = 31 * 1024 * 1024  # glibc heeds no block above 32 MiB; untouched, this one costs no memory


def settle() -> None:
    """Call this once, after the imports."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    given_back = bytearray(GIVEN_BACK_BYTES)
    del given_back
