"""Token buckets as data, and what a request costs before it is sent.

Pure: the time is an argument, in seconds of any steady clock. Numbers: "Microsoft Graph service-specific throttling
limits", identity and access.

Promises (tests/unit/graph/test_quota.py):
  Q1  over any time t a bucket lets through at most its capacity plus t times its rate, rounded up to one request
  Q2  what waits is served in the order it asked
  Q3  after a refusal nothing more is let through before the time Graph named
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import msgspec

from shared.graph.settings import QuotaSettings

SLOW_FROM = 0.8  # x-ms-throttle-limit-percentage is sent above this share of the limit
SLOWER = ((1.4, 0.1), (1.0, 0.3), (SLOW_FROM, 0.7))  # (share of the limit used, part of our speed that is left)
SMALL_TOP = 20  # a $top below this makes a read one unit cheaper

_READ_UNITS = (
    (re.compile(r"/(users|applications)\Z"), 2),
    (re.compile(r"/oauth2PermissionGrants(/[^/]+)?\Z"), 2),
    (re.compile(r"/servicePrincipals/[^/]+/appRoleAssignments\Z"), 2),
    (re.compile(r"/groups/[^/]+/members\Z"), 3),
    (re.compile(r"/groups/[^/]+/transitiveMembers\Z"), 5),
    (re.compile(r"/subscribedSkus\Z"), 3),
)
_GET_BY_IDS_UNITS = 5
_GET_BY_IDS_SELECT_UNITS = 2
_CONDITIONAL_ACCESS = re.compile(r"/identity/conditionalAccess(/deletedItems)?/(policies|namedLocations)(/|\Z)", re.I)
_TOP = re.compile(r"[?&]\$top=(\d{1,6})(&|\Z)")


class Cost(msgspec.Struct, frozen=True):
    """What one request takes from each bucket."""

    read_units: float = 0
    writes: float = 0
    conditional_access: float = 0

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of both together."""
        return Cost(
            self.read_units + other.read_units,
            self.writes + other.writes,
            self.conditional_access + other.conditional_access,
        )


class Bucket(msgspec.Struct, frozen=True):
    """`level` tokens are free at time `at`; a negative level is what those who wait have already been promised.

    `at` lies in the future while Graph has asked us to wait. `speed` is the part of `rate` in use.
    """

    capacity: float
    rate: float
    level: float
    at: float
    speed: float = 1.0


def is_conditional_access(tail: str) -> bool:
    """Tell whether a request counts against the one request per second of Conditional Access, whatever its method."""
    return _CONDITIONAL_ACCESS.match(unquote(tail.partition("?")[0])) is not None


def cost_of(method: str, tail: str) -> Cost:
    """Return what a request is expected to cost; `tail` is its path and query below the version root."""
    if is_conditional_access(tail):
        return Cost(conditional_access=1)
    path, _, query = tail.partition("?")
    if method == "POST" and path.endswith("/getByIds"):
        return Cost(_GET_BY_IDS_SELECT_UNITS if "$select=" in query else _GET_BY_IDS_UNITS)
    if method != "GET":
        return Cost(read_units=1, writes=1)
    units = next((units for pattern, units in _READ_UNITS if pattern.match(path)), 1)
    top = _TOP.search(f"?{query}")
    units -= "$select=" in query
    units += "$expand=" in query
    units -= top is not None and int(top[1]) < SMALL_TOP
    return Cost(read_units=max(1, units))


def full(capacity: float, rate: float, now: float) -> Bucket:
    """Return a bucket with nothing taken from it."""
    assert capacity >= 1, capacity
    assert rate > 0, rate
    return Bucket(capacity, rate, capacity, now)


def buckets(settings: QuotaSettings, now: float) -> dict[str, Bucket]:
    """Return the buckets of one app in one tenant, by the field of Cost that each serves."""
    pace = 1 / settings.conditional_access_interval_seconds
    return {
        "read_units": full(settings.read_units, settings.read_units / settings.read_window_seconds, now),
        "writes": full(settings.writes, settings.writes / settings.write_window_seconds, now),
        "conditional_access": full(1, pace, now),
    }


def take(bucket: Bucket, tokens: float, now: float) -> tuple[Bucket, float]:
    """Return the bucket after `tokens` were taken, and the seconds the taker must wait before it sends."""
    level = _level(bucket, now) - tokens
    at = max(bucket.at, now)
    taken = msgspec.structs.replace(bucket, level=level, at=at)
    return taken, (at - now) + max(0.0, -level / (bucket.rate * bucket.speed))


def corrected(bucket: Bucket, expected: float, actual: float) -> Bucket:
    """Return the bucket after Graph said that a request cost `actual`, not `expected`."""
    return msgspec.structs.replace(bucket, level=bucket.level + expected - actual)


def braked(bucket: Bucket, used: float | None) -> Bucket:
    """Return the bucket at the speed that `used`, the share of its limit Graph saw taken (None: below 0.8), allows."""
    if used is None:
        return msgspec.structs.replace(bucket, speed=1.0)
    speed = next((speed for share, speed in SLOWER if used >= share), 1.0)
    level = min(bucket.level, max(0.0, 1 - used) * bucket.capacity)
    return msgspec.structs.replace(bucket, speed=speed, level=level)


def paused(bucket: Bucket, now: float, seconds: float) -> Bucket:
    """Return the bucket after a refusal: empty until `seconds` from now, or until a later time it already waits for."""
    return msgspec.structs.replace(bucket, level=min(0.0, _level(bucket, now)), at=max(bucket.at, now + seconds))


def _level(bucket: Bucket, now: float) -> float:
    gained = max(0.0, now - bucket.at) * bucket.rate * bucket.speed
    return min(bucket.capacity, bucket.level + gained)
