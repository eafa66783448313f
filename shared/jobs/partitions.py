"""Split a large collection into ranges of one property, so that no single chain of pages bounds the time of a capture.

Pure. Ranges are made of `ge` and `le` alone, which Graph answers from the directory itself; counts, from an index that
may lag, only choose where to cut.

Promises (tests/properties/test_partitions.py):
  R1  every object fits a range, whatever order the directory has: of any two values one is at or after the other, and
      whoever has no value fits the first range, where the property may have none
  R2  an object fits two ranges only when its value is a cut itself; reading it twice is harmless
  R3  as far as counts and characters allow, no range holds more than was asked for
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
FINER = "05adgjmpsvy"  # every third is fine enough below the first character, and asks a third as often
OBJECTS_MAX = 50_000  # of a range: about fifty pages, which the slowest answers bring in two or three minutes
CUTS_MAX = 720  # asked about in one round: 36 requests of 20 each
ROUNDS_MAX = 4

At = Mapping[str, int]  # by cut: how many objects lie at it or after it


def questions(at: At, objects_max: int) -> list[str]:
    """Return the cuts to ask about next: the first characters, then one character more wherever too many share one."""
    if not at:
        return list(CHARACTERS)
    cuts = sorted(at)
    crowded = [
        cut
        for cut, following in pairwise([*cuts, ""])
        if at[cut] - at.get(following, 0) > objects_max and cut + FINER[0] not in at
    ]
    return [cut + character for cut in crowded for character in FINER][:CUTS_MAX]


def cuts(at: At, total: int, objects_max: int) -> list[str]:
    """Return where to cut so that ranges hold up to `objects_max` of `total` objects each, or one cut's worth."""
    chosen: list[str] = []
    rest = total
    for cut, following in pairwise([*sorted(at), ""]):
        # Cut here when the objects before the next cut would make the range that is open too large.
        if rest - at.get(following, 0) > objects_max and at[cut] < rest:
            chosen.append(cut)
            rest = at[cut]
    return chosen


def ranges(name: str, chosen: Sequence[str], *, may_be_null: bool) -> list[str]:
    """Return the $filter of each range of property `name` between the chosen cuts; one empty filter without any."""
    if not chosen:
        return [""]
    inner = [f"{name} ge '{low}' and {name} le '{high}'" for low, high in pairwise(chosen)]
    without = f" or {name} eq null" if may_be_null else ""
    return [f"{name} le '{chosen[0]}'{without}", *inner, f"{name} ge '{chosen[-1]}'"]


def at_or_after(name: str, cut: str) -> str:
    """Return the $filter of the objects that a count of `cut` is about."""
    return f"{name} ge '{cut}'"
