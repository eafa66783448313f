"""Hold every request back until its quotas have room: the one place where the gateway waits.

All waiting goes through ports.Clock, so it is virtual in tests. The buckets are this process's own view; what other
processes and apps take shows in Graph's headers, which empty, slow or stop the buckets here. Who asks first is let
through first; Conditional Access, reads and writes queue apart, so that none waits for another's quota.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from shared.graph import quota
from shared.graph.exchange import Reply
from shared.graph.figures import Figures
from shared.graph.quota import Bucket, Cost, Word
from shared.graph.settings import BATCH_PARTS_MAX, QuotaSettings
from shared.ports import Clock

# x-ms-throttle-scope is such as Tenant_Application/Write/<app>/<tenant>
SCOPES = {"read": ("read_units",), "write": ("writes",), "readwrite": ("read_units", "writes")}
OF_TENANT = ("tenant_writes", "conditional_access")  # what Graph counts over all apps
EPSILON_SECONDS = 1e-6  # what float arithmetic on times can be off by
CAUTION_SECONDS = 60  # after a refusal, no more is taken than our own buckets hold
SMALLER_BELOW = 0.25  # at a lower speed than this batches shrink too: most parts of a full one would be refused
COSTS_KEPT = 256  # requests and batches cost one of a few sums, asked for once a request and once a reply
BATCH_SHARE = 0.2  # of a bucket, so that a small quota is not emptied by one batch


class _Quota:
    """One bucket, who may ask it next, what was taken and is not counted by Graph yet, and when it last refused."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.turn = asyncio.Lock()
        self.on_the_way = 0.0
        self.refused_at = float("-inf")


class Pacing:
    """The buckets of one app in one tenant, shared by everything the gateway sends as that app.

    `beside` is the pacing of another app in the same tenant: the quotas that Graph counts by tenant are its too.
    """

    def __init__(
        self, settings: QuotaSettings, clock: Clock, figures: Figures, *, beside: Pacing | None = None
    ) -> None:
        self._clock = clock
        self._figures = figures
        self._latest = clock.now().timestamp()
        self._stepped_back = 0.0
        self._quotas = {name: _Quota(bucket) for name, bucket in quota.buckets(settings, self._latest).items()}
        if beside is not None:
            self._quotas |= {name: beside._quotas[name] for name in OF_TENANT}

    def parts_max(self, name: str) -> int:
        """Return how many parts one batch may have: 20, or fewer where the quota `name` is, or proves, very small."""
        bucket = self._quotas[name].bucket
        return max(1, int(min(BATCH_PARTS_MAX, bucket.capacity * BATCH_SHARE) * min(1.0, bucket.speed / SMALLER_BELOW)))

    async def admit(self, cost: Cost) -> None:
        """Return when `cost` may be spent, and has been; every admission ends with `learn` or `forget`."""
        async with self._quotas[_queue(cost)].turn:
            while (seconds := self.shortage(cost)) > EPSILON_SECONDS:
                await self.wait(seconds)
            for name, tokens in _spent(cost):
                known = self._quotas[name]
                known.bucket = quota.taken(known.bucket, tokens, self._now())
                known.on_the_way += tokens

    async def wait(self, seconds: float) -> None:
        """Return `seconds` later, and count it."""
        self._figures.add("waits")
        self._figures.add("waited_ms", round(seconds * 1000))
        await self._clock.sleep(seconds)

    def forget(self, costs: Sequence[Cost]) -> None:
        """Stop waiting for what was admitted to be counted by Graph: no reply to it will come."""
        for cost in costs:
            for name, tokens in _spent(cost):
                self._quotas[name].on_the_way -= tokens

    def learn(self, costs: Sequence[Cost], replies: Sequence[Reply]) -> None:
        """Correct the buckets by what the replies to one exchange say it cost and how much of the limit is used."""
        self.forget(costs)
        for cost, reply in zip(costs, replies, strict=True):
            units = _number(reply.headers.get("x-ms-resource-unit"))
            if units is not None and cost.read_units and units != cost.read_units:
                reads = self._quotas["read_units"]
                reads.bucket = quota.corrected(reads.bucket, cost.read_units, units)
        now = self._now()
        for name in {_queue(cost) for cost in costs} - {"conditional_access"}:
            ours = [reply for cost, reply in zip(costs, replies, strict=True) if _queue(cost) == name]
            known = self._quotas[name]
            word = _word(ours, may_gain=now - known.refused_at > CAUTION_SECONDS)
            if word is not None:
                known.bucket = quota.told(known.bucket, word, known.on_the_way, now)

    def refuse(self, cost: Cost, reply: Reply, seconds: float) -> None:
        """Let nothing more through for `seconds` where a 429 says so, or where `cost` points when it says nothing."""
        self._figures.add("throttled")
        whose, _, scope = reply.headers.get("x-ms-throttle-scope", "").lower().partition("/")
        names: Sequence[str] = (_queue(cost),)
        if not cost.conditional_access and not cost.audits:
            names = SCOPES.get(scope.partition("/")[0], names)
        if whose == "tenant":
            names = ["tenant_writes" if name == "writes" else name for name in names]
        now = self._now()
        for known in (self._quotas[name] for name in names):
            known.bucket = quota.paused(known.bucket, now, seconds)
            known.refused_at = now

    def shortage(self, cost: Cost) -> float:
        """Return the seconds until `cost` may be spent, if nothing else is spent before."""
        now = self._now()
        return max(quota.shortage(self._quotas[name].bucket, tokens, now) for name, tokens in _spent(cost))

    def _now(self) -> float:
        """Return the time in seconds, made steady: a wall clock that is set back must not look like a long pause."""
        now = self._clock.now().timestamp() + self._stepped_back
        if now < self._latest:
            self._stepped_back += self._latest - now
            now = self._latest
        self._latest = now
        return now


@lru_cache(maxsize=COSTS_KEPT)
def _spent(cost: Cost) -> tuple[tuple[str, float], ...]:
    """Return the buckets that `cost` takes from, and how much."""
    pairs = [(name, float(getattr(cost, name))) for name in cost.__struct_fields__]
    spent = [(name, tokens) for name, tokens in pairs if tokens]
    return (*spent, ("tenant_writes", float(cost.writes))) if cost.writes else tuple(spent)


def _queue(cost: Cost) -> str:
    """Return the bucket whose queue a request of `cost` waits in: its scarcest."""
    if cost.conditional_access:
        return "conditional_access"
    if cost.audits:
        return "audits"
    return "writes" if cost.writes else "read_units"


def _word(replies: Sequence[Reply], *, may_gain: bool) -> Word | None:
    """Return what the replies to one exchange say about the limit, None when they say nothing at all."""
    if not any(reply.is_success or reply.status == 429 for reply in replies):
        return None
    shares = [_number(reply.headers.get("x-ms-throttle-limit-percentage")) for reply in replies]
    used = max((share for share in shares if share is not None), default=None)
    return Word(used=used, is_refusal=any(reply.status == 429 for reply in replies), may_gain=may_gain)


def _number(text: str | None) -> float | None:
    """Return the finite, non-negative number in a header, None for anything else."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < 1e6 else None
