"""The floor of a capture, measured beside it: a process of its own opens each answer just before the worker has it.

A floor that runs alone afterwards has the machine's caches and its whole clock to itself; the capture does not, because
the tenant's process works between its messages. Measured in turns, both meet the same machine at the same moment
(docs/decisions/0038-floor-beside.md).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from multiprocessing.connection import Connection

from bench.floors import opened_and_stored
from shared.azure.process import settle


class Beside:
    """A process that does with every answer what a floor does, one at a time, and adds up the seconds of processor."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,))
        self._process.start()
        theirs.close()

    def take(self, answer: bytes) -> None:
        """Open one gzipped answer; returns when that is done, so that nothing else runs meanwhile."""
        self._pipe.send_bytes(answer)
        self._pipe.recv()

    def end(self) -> tuple[float, int]:
        """Let the process end; return the seconds of processor that opening took, receiving not counted, and the bytes
        that came out.
        """
        self._pipe.send_bytes(b"")
        spent: tuple[float, int] = self._pipe.recv()
        self._pipe.close()
        self._process.join()
        return spent


def _serve(pipe: Connection) -> None:
    settle()  # as the worker that is measured beside it
    spent, size = 0.0, 0
    while answer := _next(pipe):
        began = time.process_time()
        size += opened_and_stored(answer)
        spent += time.process_time() - began
        pipe.send(None)
    with contextlib.suppress(BrokenPipeError):  # nobody is left to be told
        pipe.send((spent, size))


def _next(pipe: Connection) -> bytes:
    """Return the next answer, nothing when there is none: the process that is measured may have failed."""
    try:
        return pipe.recv_bytes()
    except EOFError:
        return b""
