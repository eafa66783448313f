"""`make soak`: the laws over many seeds, some processes at a time, with progress; status 1 when a law is broken.

    python -m tests.simulation.soak --seeds 10000 --first 0 --processes 2

Prints one line per hundred stories, and of each story that breaks a law its seed and what broke.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import sys
import time
import traceback
from collections import Counter

from tests.simulation.laws import broken
from tests.simulation.stories import told
from tests.simulation.worlds import KINDS

EVERY = 100  # stories between two lines of progress
AT_ONCE = 5  # stories handed to a process together


def judged(seed: int) -> tuple[int, dict[str, object], Counter[str]]:
    """Tell one story; return what it broke and what struck in it."""
    logging.disable(logging.CRITICAL)
    try:
        story = told.__wrapped__(seed)
    except Exception:  # noqa: BLE001  a story that cannot even be told is what a soak is for
        return seed, {"the story can be told": traceback.format_exc(limit=-4)}, Counter()
    return seed, broken(story), story.struck


def soaked(seeds: range, processes: int) -> int:
    """Judge all of `seeds`; return how many broke a law, or were told without some kind of trouble ever striking."""
    struck: Counter[str] = Counter()
    began, wrong = time.monotonic(), 0
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for done, (seed, found, kinds) in enumerate(pool.imap_unordered(judged, seeds, AT_ONCE), start=1):
            struck += kinds
            if found:
                wrong += 1
                print(f"seed {seed}: {found}", flush=True)
            if done % EVERY == 0 or done == len(seeds):
                spent = time.monotonic() - began
                print(f"{done} of {len(seeds)} stories, {wrong} broken, {spent:.0f} s", file=sys.stderr, flush=True)
    print({kind: struck[kind] for kind in KINDS})
    missing = [kind for kind in KINDS if not struck[kind]]
    if missing and len(seeds) >= EVERY:
        print(f"never struck, so nothing was shown: {', '.join(missing)}")
        return wrong + 1
    return wrong


def main() -> int:
    """Read the command line and soak."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    wish = parser.parse_args()
    return min(soaked(range(wish.first, wish.first + wish.seeds), wish.processes), 1)


if __name__ == "__main__":
    sys.exit(main())
