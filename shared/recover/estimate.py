"""Name a plan exactly, and foretell what it costs: its digest, the writes it needs, and how long they take.

Pure. The digest is over every change, its values included, and over what the plan is for; the order in which a plan is
laid out does not matter to it, so two plannings of one situation have one digest, and any other change gives another.

Promises (tests/unit/recover/test_estimate.py):
  E1  the digest changes when a change is added, left out, or has another value, and with the snapshot it is for
  E2  the seconds are never less than the quotas allow, with the write quota of every identity full at the start
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable

import msgspec

from shared.domain.changes import Action, Change
from shared.recover.writes import LINKS_PER_PATCH_MAX

# "Microsoft Graph service-specific throttling limits": writes of one app, of all apps in a tenant, Conditional Access
WRITES_FULL, WRITES_PER_SECOND, CONDITIONAL_ACCESS_PER_SECOND = 3_000, 20.0, 1.0
TENANT_WRITES_FULL, TENANT_WRITES_PER_SECOND = 18_000, 60.0
SLOW_TYPES = frozenset({"conditionalAccessPolicy", "namedLocation"})
HASH_BYTES = 32
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan comes to; `seconds` are those of the write quotas alone, reading comes on top."""

    digest: str
    objects: int
    links: int
    writes: int
    seconds: int


class Estimator:
    """Adds a plan up as it is made, whatever its size: 32 bytes a change are kept, for the digest.

    `writers` is how many identities write, each with a quota of its own below the tenant's.
    """

    def __init__(self, about: object, writers: int = 1) -> None:
        self._about = about
        self._full = min(writers * WRITES_FULL, TENANT_WRITES_FULL)
        self._per_second = min(writers * WRITES_PER_SECOND, TENANT_WRITES_PER_SECOND)
        self._hashes = [bytearray() for _first_byte in range(256)]
        self._objects = self._links = self._quick = self._slow = 0

    def add_object(self, change: Change) -> None:
        """Count a change to an object."""
        self._keep(change)
        self._objects += 1
        if change.type in SLOW_TYPES:
            self._slow += 1
        else:
            self._quick += 1

    def add_links(self, changes: Iterable[Change]) -> None:
        """Count changes to references: all of an object at once, because they share requests."""
        packs: Counter[tuple[str, str]] = Counter()
        for change in changes:
            self._keep(change)
            self._links += 1
            if change.action is Action.LINK:
                packs[change.object_id, change.reference] += 1
            else:
                self._quick += 1
        self._quick += sum(math.ceil(count / LINKS_PER_PATCH_MAX) for count in packs.values())

    def estimate(self) -> Estimate:
        """Return what was added comes to."""
        beyond = max(0.0, self._quick - self._full)
        seconds = max(beyond / self._per_second, self._slow / CONDITIONAL_ACCESS_PER_SECOND)
        named = hashlib.sha256(_ENCODER.encode(self._about))
        for some in self._hashes:  # sorted a 256th at a time: the order of all, in little memory
            whole = bytes(some)
            for one in sorted(whole[start : start + HASH_BYTES] for start in range(0, len(whole), HASH_BYTES)):
                named.update(one)
        return Estimate(
            digest=named.hexdigest(),
            objects=self._objects,
            links=self._links,
            writes=self._quick + self._slow,
            seconds=math.ceil(seconds),
        )

    def _keep(self, change: Change) -> None:
        hashed = hashlib.sha256(_ENCODER.encode(change)).digest()
        self._hashes[hashed[0]] += hashed


def estimated(about: object, objects: Iterable[Change], links: Iterable[Change], *, writers: int = 1) -> Estimate:
    """Return the estimate of a plan; `about` says what it is for and goes into the digest."""
    adding = Estimator(about, writers)
    for change in objects:
        adding.add_object(change)
    adding.add_links(links)
    return adding.estimate()
