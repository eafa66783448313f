"""What the demo shows: phases, progress, tables. Names from the tenant are printed as text, never as markup."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]
LINE_SECONDS = 1.0
PLAIN_WIDTH = 118


class Screen:
    """The demo's output: tables and colours on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        probe = Console(highlight=False)
        self.console = probe if probe.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)

    def phase(self, text: str) -> None:
        """Say which phase begins."""
        self.console.print(Text(f"\n{text}", style="bold"))

    def line(self, text: str) -> None:
        """Say one thing."""
        self.console.print(Text(f"  {text}"), soft_wrap=True)  # to be copied as it is

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Show a table."""
        table = Table(*columns, box=None, pad_edge=True)
        for row in rows:
            table.add_row(*(Text(str(cell)) for cell in row))
        self.console.print(table)

    def progress(self, name: str) -> tuple[Progress | None, Callable[[Json], None]]:
        """Return a progress display (None off a terminal) and what to hand each answer about the job to."""
        if not self.console.is_terminal:
            return None, _Lines(self, name)
        display = Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            console=self.console,
        )
        pace = Pace()
        task = display.add_task(name, total=None, facts="")

        def seen(job: Json) -> None:
            done, planned = figures(job)
            display.update(task, completed=done, total=planned or None, facts=f"{job['status']} {pace.sentence(job)}")

        return display, seen


class _Lines:
    """Progress as one line a second, for pipes and logs."""

    def __init__(self, screen: Screen, name: str) -> None:
        self._screen, self._name, self._pace = screen, name, Pace()
        self._next, self._done = 0.0, ("", -1)

    def __call__(self, job: Json) -> None:
        sentence, done = self._pace.sentence(job), (str(job["status"]), figures(job)[0])
        if done == self._done or (time.monotonic() < self._next and done[0] == self._done[0]):
            return
        self._next, self._done = time.monotonic() + LINE_SECONDS, done
        self._screen.line(f"{self._name}: {job['status']}, {sentence}")


class Pace:
    """How fast a job goes, from what was seen of it so far."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def sentence(self, job: Json) -> str:
        """Return done, planned, rate and time left, as far as they are known."""
        done, planned = figures(job)
        counts: Mapping[str, int] = job.get("tidemark.counts") or {}
        if not done:
            return f"read {counts.get('objectsRead', 0)} objects, {counts.get('linksRead', 0)} links"
        if self._first is None:
            self._first = (time.monotonic(), done)
        seconds = time.monotonic() - self._first[0]
        rate = (done - self._first[1]) / seconds if seconds > 0 else 0.0
        left = f", {(planned - done) / rate:.0f} s left" if rate and planned > done else ""
        return f"{done} of {planned} changes, {rate:.0f}/s{left}"


def figures(job: Json) -> tuple[int, int]:
    """Return how many changes are done, and how many are planned so far."""
    counts: Mapping[str, int] = job.get("tidemark.counts") or {}
    return counts.get("done", 0), counts.get("plannedObjects", 0) + counts.get("plannedLinks", 0)
