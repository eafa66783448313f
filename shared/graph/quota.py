"""Token buckets as data, and what a request costs before it is sent.

Pure: the time is an argument, in seconds of any steady clock. Numbers: "Microsoft Graph service-specific throttling
limits", identity and access.

Promises (tests/unit/graph/test_quota.py):
  Q1  over any time t a bucket lets through at most its capacity plus t times its rate, rounded up to one request
  Q2  after a refusal nothing more is let through before the time Graph named
  Q3  a bucket never believes that more is left than Graph's own header says
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import msgspec

from shared.graph.settings import QuotaSettings

SLOW_FROM = 0.8  # x-ms-throttle-limit-percentage is sent above this share of the limit
SPEED_MIN = 1 / 64  # however often we are refused, we go on asking
SPEED_GAIN = 1.25
USABLE = 0.95  # the share of a limit we use ourselves: what is on its way is counted later there than here
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
_AUDIT_LOGS = "/auditlogs/"
_TOP = re.compile(r"[?&]\$top=(\d{1,6})(&|\Z)")


class Cost(msgspec.Struct, frozen=True):
    """What one request takes from each bucket."""

    read_units: float = 0
    writes: float = 0
    conditional_access: float = 0
    audits: float = 0

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of both together."""
        return Cost(
            self.read_units + other.read_units,
            self.writes + other.writes,
            self.conditional_access + other.conditional_access,
            self.audits + other.audits,
        )


class Bucket(msgspec.Struct, frozen=True):
    """`level` tokens were free at time `at`, which lies in the future while Graph has asked us to wait.

    `speed` is the part of `rate` in use.
    """

    capacity: float
    rate: float
    level: float
    at: float
    speed: float = 1.0


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What one exchange says about a limit: the share `used` (None: below 0.8), and whether anything was refused.

    `may_gain` is false for a while after refusals, when our own idea of the limit has proved too large.
    """

    used: float | None = None
    is_refusal: bool = False
    may_gain: bool = True


def is_conditional_access(tail: str) -> bool:
    """Tell whether a request counts against the one request per second of Conditional Access, whatever its method."""
    path = tail.partition("?")[0]
    return _CONDITIONAL_ACCESS.match(unquote(path) if "%" in path else path) is not None


def cost_of(method: str, tail: str) -> Cost:
    """Return what a request is expected to cost; `tail` is its path and query below the version root."""
    if is_conditional_access(tail):
        return Cost(conditional_access=1)
    path, _, query = tail.partition("?")
    if path.lower().startswith(_AUDIT_LOGS):
        return Cost(audits=1)
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
    assert capacity > 0, capacity
    assert rate > 0, rate
    return Bucket(capacity, rate, capacity, now)


def buckets(settings: QuotaSettings, now: float) -> dict[str, Bucket]:
    """Return the buckets of one app in one tenant, by the field of Cost that each serves.

    `tenant_writes` serves the writes of all apps together.
    """
    pace = 1 / settings.conditional_access_interval_seconds
    return {
        "read_units": full(settings.read_units * USABLE, settings.read_units / settings.read_window_seconds, now),
        "writes": full(settings.writes * USABLE, settings.writes / settings.write_window_seconds, now),
        "tenant_writes": full(
            settings.tenant_writes * USABLE, settings.tenant_writes / settings.tenant_write_window_seconds, now
        ),
        "conditional_access": full(1, pace, now),
        "audits": full(settings.audits * USABLE, settings.audits / settings.audit_window_seconds, now),
    }


def shortage(bucket: Bucket, tokens: float, now: float) -> float:
    """Return the seconds until `tokens` may be taken; more than the bucket can hold need it full."""
    wanted = min(tokens, bucket.capacity) - _level(bucket, now)
    return max(0.0, bucket.at - now) + max(0.0, wanted) / (bucket.rate * bucket.speed)


def taken(bucket: Bucket, tokens: float, now: float) -> Bucket:
    """Return the bucket after `tokens` were taken."""
    return msgspec.structs.replace(bucket, level=_level(bucket, now) - tokens, at=max(bucket.at, now))


def corrected(bucket: Bucket, expected: float, actual: float) -> Bucket:
    """Return the bucket after Graph said that a request cost `actual`, not `expected`."""
    return msgspec.structs.replace(bucket, level=bucket.level + expected - actual)


def told(bucket: Bucket, word: Word, on_its_way: float, now: float) -> Bucket:
    """Return the bucket after Graph's `word` on how much of the limit is used.

    `on_its_way` tokens were taken here and are not yet counted there. Where Graph says nothing, a fifth of the limit
    is known to be free.
    """
    left = (USABLE - (SLOW_FROM if word.used is None else word.used)) * bucket.capacity - on_its_way
    level = _level(bucket, now)
    if word.used is not None:
        level = min(level, max(left, 0.0))
    elif word.may_gain:
        level = max(level, left)
    return msgspec.structs.replace(bucket, level=level, at=max(bucket.at, now), speed=_speed(bucket.speed, word))


def paused(bucket: Bucket, now: float, seconds: float) -> Bucket:
    """Return the bucket after a refusal: empty until `seconds` from now, or until a later time it already waits for."""
    return msgspec.structs.replace(bucket, level=min(0.0, _level(bucket, now)), at=max(bucket.at, now + seconds))


def _level(bucket: Bucket, now: float) -> float:
    gained = max(0.0, now - bucket.at) * bucket.rate * bucket.speed
    return min(bucket.capacity, bucket.level + gained)


def _speed(speed: float, word: Word) -> float:
    """Return half the speed after a refusal, less near the limit, and a little more where Graph says nothing."""
    if word.is_refusal:
        return max(speed / 2, SPEED_MIN)
    if word.used is None:
        return min(speed * SPEED_GAIN, 1.0)
    return min(speed, next((slower for share, slower in SLOWER if word.used >= share), 1.0))
