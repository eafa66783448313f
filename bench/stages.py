"""Run one stage of a measurement in a process of its own, so that its processor time and peak memory are its own.

A process is started afresh, never forked: a fork would begin with its parent's memory.
"""

from __future__ import annotations

import gc
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

from shared.azure.process import settle

BYTES_PER_MB = 1024 * 1024
STATUS = Path("/proc/self/status")
PEAK_RESET = Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # proc(5): sets the peak of resident memory to what is resident now


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage returned and what it cost: seconds of processor and of the clock, MiB at its peak."""

    result: Any
    cpu_s: float
    wall_s: float
    peak_rss_mb: float


class StageError(RuntimeError):
    """A stage's process ended without a result, its own error on standard error, or with one that cannot be right."""


def measured(act: Callable[..., Any], *given: Any) -> Stage:
    """Return what `act(*given)` returned in a new process, and its cost; `act` is a module's function.

    Raises StageError when the process ends without a result.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, act, given))
    process.start()
    theirs.close()
    try:
        stage: Stage = ours.recv()
    except EOFError:
        raise StageError(f"{act.__module__}.{act.__name__} ended without a result") from None
    finally:
        process.join()
    return stage


def _run(answer: Connection, act: Callable[..., Any], given: tuple[Any, ...]) -> None:
    settle()  # as function_app.py does
    wall, cpu = time.perf_counter(), time.process_time()
    result = act(*given)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    answer.send(Stage(result=result, cpu_s=cpu, wall_s=wall, peak_rss_mb=peak_rss_mb()))


def peak_rss_mb() -> float:
    """Return the most memory this process has had resident, in MiB.

    From the kernel's VmHWM where there is one: ru_maxrss outlives exec, so it would show the parent's peak too.
    """
    if STATUS.exists():
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / BYTES_PER_MB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / BYTES_PER_MB if sys.platform == "darwin" else peak * 1024 / BYTES_PER_MB


def forget_peak() -> None:
    """Let the peak of memory begin anew, where the system can; elsewhere what came before counts too."""
    gc.collect()
    if PEAK_RESET.exists():
        PEAK_RESET.write_text(RESET_PEAK)
