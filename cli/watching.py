"""Watch a job until it ends: a bar for a person, one JSON line a second for everything else.

The job does not depend on being watched: a server that does not answer for a while is asked again, and whoever stops
watching is told how to go on.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from rich.progress import BarColumn, Progress, TextColumn

from cli.api import Api, Json
from cli.errors import CliError, Exit
from cli.pace import Pace, Standing
from cli.screen import Screen
from cli.text import duration, visible

ENDS = frozenset({"successful", "failed", "abandoned"})
POLL_SECONDS = 1.0
PATIENCE_SECONDS = 120.0  # a function app that restarts is back well within
Show = Callable[[Standing], None]


@dataclass(frozen=True)
class Clock:
    """The seconds and how to let them pass; tests bring their own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def watched(api: Api, screen: Screen, job_id: str, clock: Clock) -> Json:
    """Return the job once it has ended, having shown its progress every second."""
    pace, answered_at = Pace(clock.monotonic()), clock.monotonic()
    with _shown(screen, job_id) as show:
        while True:
            try:
                job = api.get("jobs", job_id)
            except CliError as error:
                if error.exit_status is not Exit.TROUBLE or clock.monotonic() - answered_at > PATIENCE_SECONDS:
                    raise
            else:
                answered_at = clock.monotonic()
                show(_standing(pace, answered_at, job))
                if job.get("status") in ENDS:
                    return job
            clock.sleep(POLL_SECONDS)


def _standing(pace: Pace, now: float, job: Json) -> Standing:
    progress = job.get("tidemark.progress") or {}
    return pace.standing(
        now, status=str(job.get("status")), done=int(progress.get("done") or 0), planned=progress.get("planned")
    )


@contextlib.contextmanager
def _shown(screen: Screen, job_id: str) -> Iterator[Show]:
    """Give the function that shows a standing, for as long as the block runs."""
    if not screen.shows_progress:

        def line(standing: Standing) -> None:
            facts = {
                name: round(value, 1) if isinstance(value, float) else value for name, value in asdict(standing).items()
            }
            screen.progress({"job": job_id, **facts})

        yield line
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
    )
    with Progress(*columns, console=screen.errors, transient=True) as bar:
        task = bar.add_task("", total=None, figures="")

        def draw(standing: Standing) -> None:
            bar.update(
                task,
                description=visible(standing.status),
                completed=standing.done,
                total=standing.planned,
                figures=figures(standing),
            )

        yield draw


def figures(standing: Standing) -> str:
    """Return done of planned, rate and time left in words."""
    planned = "" if standing.planned is None else f" of {standing.planned}"
    rate = "" if standing.per_second is None else f", {standing.per_second:.1f}/s"
    left = "" if standing.seconds_left is None else f", {duration(standing.seconds_left)} left"
    return f"{standing.done}{planned}{rate}{left}"
