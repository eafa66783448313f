"""Where a measurement keeps its files: a folder in memory where the system has one, so that no disk is measured."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108  the folder made in it is private and has a random name


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Yield an empty folder that is removed afterwards."""
    parent = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="tidemark-bench-", dir=parent) as name:
        yield Path(name)
