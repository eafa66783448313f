"""Name a plan exactly, and foretell what it costs: its digest, the writes it needs, and how long they take.

Pure. The digest is over every change, its values included, and over what the plan is for; the order in which a plan is
laid out does not matter to it, so two plannings of one situation have one digest, and any other change gives another.

Promises (tests/unit/recover/test_estimate.py):
  E1  the digest changes when a change is added, left out, or has another value, and with the snapshot it is for
  E2  the seconds are never less than the quotas allow, with the write quota full at the start
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable

import msgspec

from shared.domain.changes import Action, Change
from shared.recover.writes import LINKS_PER_PATCH_MAX

# "Microsoft Graph service-specific throttling limits": writes of one app, and Conditional Access
WRITES_FULL, WRITES_PER_SECOND, CONDITIONAL_ACCESS_PER_SECOND = 3_000, 20.0, 1.0
SLOW_TYPES = frozenset({"conditionalAccessPolicy", "namedLocation"})
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan comes to; `seconds` are those of the write quotas alone, reading comes on top."""

    digest: str
    objects: int
    links: int
    writes: int
    seconds: int


def estimated(about: object, objects: Iterable[Change], links: Iterable[Change]) -> Estimate:
    """Return the estimate of a plan; `about` says what it is for and goes into the digest."""
    hashes: list[bytes] = []
    quick = slow = object_count = link_count = 0
    for change in objects:
        hashes.append(_hashed(change))
        object_count += 1
        if change.type in SLOW_TYPES:
            slow += 1
        else:
            quick += 1
    packs: Counter[tuple[str, str]] = Counter()
    for change in links:
        hashes.append(_hashed(change))
        link_count += 1
        if change.action is Action.LINK:
            packs[change.object_id, change.reference] += 1
        else:
            quick += 1
    quick += sum(math.ceil(count / LINKS_PER_PATCH_MAX) for count in packs.values())
    seconds = max(max(0.0, quick - WRITES_FULL) / WRITES_PER_SECOND, slow / CONDITIONAL_ACCESS_PER_SECOND)
    named = hashlib.sha256(_ENCODER.encode(about))
    for one in sorted(hashes):
        named.update(one)
    return Estimate(
        digest=named.hexdigest(),
        objects=object_count,
        links=link_count,
        writes=quick + slow,
        seconds=math.ceil(seconds),
    )


def _hashed(change: Change) -> bytes:
    return hashlib.sha256(_ENCODER.encode(change)).digest()
