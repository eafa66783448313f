"""`make soak`: the search for a plan that the lock-out guard passes and that locks somebody out, over many seeds.

    python -m tests.properties.lockout_search --seeds 15000 --first 0 --processes 2

Each seed is two trials, one in a tenant of accounts and groups (test_lockout.py), one in a tenant with administrators
besides. Prints how the trials ended, and the seeds of plans that the guard should not have passed. Status 1 when there
are any, or when a law was never in danger (tests/support/sign_in_laws.py): then nothing was shown about it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from tests.properties import test_lockout, test_lockout_of_administrators
from tests.properties.test_lockout import REFUSED, wrongly_passed
from tests.support.sign_in_laws import WITHOUT_ROLES

SEARCHES: Mapping[str, tuple[Callable[[int], str], Collection[str]]] = MappingProxyType(
    {
        "accounts": (test_lockout.ended, WITHOUT_ROLES),
        "administrators": (test_lockout_of_administrators.ended, test_lockout_of_administrators.IN_DANGER),
    }
)
AT_ONCE = 100  # trials handed to a process together
ENOUGH = 1_000  # seeds from which on every law has to have been in danger
SHOWN = 10  # seeds printed of what was found


def searched(name: str, seeds: range, processes: int) -> int:
    """Try all of `seeds` and print how they ended; return how many plans were passed wrongly, or laws never reached."""
    ended, laws = SEARCHES[name]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        ends = dict(zip(seeds, pool.imap(ended, seeds, AT_ONCE), strict=True))
    counts = Counter(ends.values())
    print(f"{name}: {len(seeds)} plans")
    for end, count in counts.most_common():
        print(f"  {count:>7} {end}")
    wrong = wrongly_passed(ends)
    for seed in sorted(wrong)[:SHOWN]:
        print(f"  seed {seed}: {wrong[seed]}")
    unreached = [law for law in laws if not counts[REFUSED + law]] if len(seeds) >= ENOUGH else []
    for law in unreached:
        print(f"  no refused plan would have broken this law, so nothing was shown: {law}")
    print(f"  {len(wrong)} passed that should have been refused")
    return len(wrong) + len(unreached)


def main() -> int:
    """Read the command line and search."""
    parser = argparse.ArgumentParser(prog="python -m tests.properties.lockout_search")
    parser.add_argument("--seeds", type=int, default=15_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    wish = parser.parse_args()
    seeds = range(wish.first, wish.first + wish.seeds)
    return min(sum(searched(name, seeds, wish.processes) for name in SEARCHES), 1)


if __name__ == "__main__":
    sys.exit(main())
