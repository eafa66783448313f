"""`python -m local.demo`: run the main job on this machine; exit status 0 only when everything was brought back."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from local.azurite import AzuriteError
from local.demo.operator import Operator, OperatorError, colleague_settings, operator_settings
from local.demo.screen import Screen
from local.demo.story import Story
from local.demo.system import System, running
from local.demo.verdict import Verdict
from local.processes import ChildEndedError

SEED = 7


def main() -> int:
    """Run the demo; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("--objects", type=int, default=5_000, help="how many objects the simulated tenant has")
    parser.add_argument("--from", dest="load_from", type=Path, help="folder of exported configuration to load as well")
    parser.add_argument("--json", dest="figures", type=Path, help="write the figures to this file as one JSON object")
    parser.add_argument("--keep", action="store_true", help="leave the system running until Ctrl-C")
    parser.add_argument("--start-only", action="store_true", help="start the system, play nothing, leave it running")
    wish = parser.parse_args()
    if wish.load_from is not None and not wish.load_from.is_dir():
        print(f"demo: {wish.load_from} is not a folder", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="tidemark-demo-"))
    try:
        return asyncio.run(_run(wish, folder))
    except (OperatorError, AzuriteError, ChildEndedError) as error:
        print(f"demo failed: {error}\nlogs: {folder}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


async def _run(wish: argparse.Namespace, folder: Path) -> int:
    running_task = asyncio.current_task()
    assert running_task is not None
    # An ended demo must leave nothing running, so SIGTERM unwinds it as Ctrl-C does.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running_task.cancel)
    screen, began = Screen(), time.monotonic()
    screen.line(f"logs: {folder}")
    async with running(folder, objects=wish.objects, seed=SEED, load_from=wish.load_from) as system:
        if wish.start_only:
            await _keep(system, screen)
        async with Operator(system) as operator:
            story = Story(system, operator, screen)
            story.seconds["start"] = round(time.monotonic() - began, 2)
            is_good, figures = await _tell(story, screen)
        if wish.figures is not None:
            wish.figures.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
        screen.phase(f"{'Everything was brought back' if is_good else 'NOT everything was brought back'}")
        screen.line(", ".join(f"{name} {seconds:.1f} s" for name, seconds in figures["seconds"].items()))
        if wish.keep:
            await _keep(system, screen)
    return 0 if is_good else 1


async def _tell(story: Story, screen: Screen) -> tuple[bool, dict[str, Any]]:
    snapshot = await story.capture()
    before = await story.read("read before")
    await story.incident(SEED)
    _report, rows = await story.report(snapshot["id"])
    job = await story.recover(snapshot["id"])
    verdict, astray = await story.verify(before, rows)
    counts = job["tidemark.counts"]
    left_alone = {name.partition(".")[2]: count for name, count in counts.items() if name.startswith("leftAlone.")}
    _show(screen, verdict, astray, left_alone)
    planned = counts.get("plannedObjects", 0) + counts.get("plannedLinks", 0)
    is_good = not verdict.differences and not astray and counts.get("done", 0) == planned and story.kills == 1
    actions: Counter[str] = Counter()
    for name, count in counts.items():
        kind, _, rest = name.partition(".")
        if kind == "outcome":
            actions[rest.split(".")[1]] += count
    figures = {
        "objects": before.object_count(),
        "links": before.link_count(),
        "changes": dict(actions),
        "seconds": story.seconds,
        "requests": (await story.counters())["requests"],
        "redeliveries": story.redeliveries(),
        "kills": story.kills,
        "left_alone": left_alone,
        "differences_remaining": len(verdict.differences),
    }
    return is_good, figures


def _show(screen: Screen, verdict: Verdict, astray: list[str], left_alone: dict[str, int]) -> None:
    screen.line(f"differences remaining: {len(verdict.differences)}")
    for line in verdict.differences[:20]:
        screen.line(f"  {line}")
    screen.line(f"writes to objects the report did not name: {len(astray)}")
    for line in astray[:20]:
        screen.line(f"  {line}")
    screen.table(["left alone", "objects"], sorted(left_alone.items()))
    for line in verdict.rogue:
        screen.line(f"  still there: {line}")


async def _keep(system: System, screen: Screen) -> None:
    screen.phase("Still running; Ctrl-C ends it")
    screen.line(f"API {system.api_url}, tenant {system.simulator_url}, logs {system.folder}")
    screen.line("to use the command line in another terminal:")
    for name, value in operator_settings(system).items():
        screen.line(f"  export {name}={value}")
    screen.line("  .venv/bin/tidemark snapshots")
    screen.line("to use it as somebody else, such as to approve a plan:")
    for colleague, settings in colleague_settings().items():
        screen.line(f"  {' '.join(f'{name}={value}' for name, value in settings.items())}  # {colleague}")
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
