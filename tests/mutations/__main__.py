"""`make mutations`: plant every mutation of the list, or those named, and say which survive; status 1 when one does.

python -m tests.mutations [NAME ...]
"""

from __future__ import annotations

import sys
import time

from tests.mutations.engine import ENGINE
from tests.mutations.guard import GUARD
from tests.mutations.planting import copied, survives

ALL = (*ENGINE, *GUARD)


def main(names: list[str]) -> int:
    """Plant the mutations one after the other."""
    unknown = set(names) - {mutation.name for mutation in ALL}
    if unknown:
        print(f"no mutation is called {', '.join(sorted(unknown))}; there are: {', '.join(one.name for one in ALL)}")
        return 2
    chosen = [mutation for mutation in ALL if not names or mutation.name in names]
    survived = 0
    with copied() as tree:
        for number, mutation in enumerate(chosen, start=1):
            began = time.monotonic()
            why = survives(mutation, tree)
            survived += bool(why)
            said = f"SURVIVED: {why}" if why else "caught"
            print(f"{number}/{len(chosen)} {mutation.name}: {said} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
