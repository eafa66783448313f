"""Hold every request back until its quotas have room: the one place where the gateway waits.

All waiting goes through ports.Clock, so it is virtual in tests. The buckets are this process's own view; what other
processes and apps take shows in Graph's headers, which slow or stop the buckets here.
"""

from __future__ import annotations

from shared.graph import quota
from shared.graph.exchange import Reply
from shared.graph.figures import Figures
from shared.graph.quota import Cost
from shared.graph.settings import BATCH_PARTS_MAX, QuotaSettings
from shared.ports import Clock

# x-ms-throttle-scope is such as Tenant_Application/Write/<app>/<tenant>
SCOPES = {"read": ("read_units",), "write": ("writes",), "readwrite": ("read_units", "writes")}
EPSILON_SECONDS = 1e-6  # what float arithmetic on times can be off by


class Pacing:
    """The buckets of one app in one tenant, shared by everything the gateway sends."""

    def __init__(self, settings: QuotaSettings, clock: Clock, figures: Figures) -> None:
        self._clock = clock
        self._figures = figures
        self._buckets = quota.buckets(settings, self._now())

    def parts_max(self, name: str) -> int:
        """Return how many parts a batch may have so that the bucket `name` could ever hold enough for all of them."""
        return max(1, min(BATCH_PARTS_MAX, int(self._buckets[name].capacity)))

    async def admit(self, cost: Cost) -> None:
        """Return when `cost` may be spent; those who ask first are let through first."""
        while (seconds := self._take(cost)) > EPSILON_SECONDS:
            await self.wait(seconds)
            if not self._is_paused(cost):
                return

    async def wait(self, seconds: float) -> None:
        """Return `seconds` later, and count it."""
        self._figures.add("waits")
        self._figures.add("waited_ms", round(seconds * 1000))
        await self._clock.sleep(seconds)

    def learn(self, cost: Cost, reply: Reply) -> None:
        """Correct the buckets by what the reply to a request says it cost and how much of the limit is used."""
        name = "writes" if cost.writes else "read_units"
        if cost.conditional_access:
            return
        units = _number(reply.headers.get("x-ms-resource-unit"))
        if units is not None:
            reads = self._buckets["read_units"]
            self._buckets["read_units"] = quota.corrected(reads, cost.read_units, units)
        used = _number(reply.headers.get("x-ms-throttle-limit-percentage"))
        self._buckets[name] = quota.braked(self._buckets[name], used)

    def refuse(self, cost: Cost, reply: Reply, seconds: float) -> None:
        """Let nothing more through for `seconds` where a 429 says so, or where `cost` points when it says nothing."""
        self._figures.add("throttled")
        if cost.conditional_access:
            names: tuple[str, ...] = ("conditional_access",)
        else:
            _, _, scope = reply.headers.get("x-ms-throttle-scope", "").lower().partition("/")
            names = SCOPES.get(scope.partition("/")[0], ("writes",) if cost.writes else ("read_units",))
        for name in names:
            self._buckets[name] = quota.paused(self._buckets[name], self._now(), seconds)

    def _take(self, cost: Cost) -> float:
        """Take `cost` from every bucket it touches; return how long to wait for the slowest."""
        now, seconds = self._now(), 0.0
        for name, bucket in self._buckets.items():
            tokens: float = getattr(cost, name)
            if tokens:
                self._buckets[name], wanted = quota.take(bucket, tokens, now)
                seconds = max(seconds, wanted)
        return seconds

    def _is_paused(self, cost: Cost) -> bool:
        """Tell whether Graph has asked for a pause that began while the taker slept; its turn is then drawn anew."""
        now = self._now()
        return any(bucket.at > now + EPSILON_SECONDS for name, bucket in self._buckets.items() if getattr(cost, name))

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _number(text: str | None) -> float | None:
    """Return the finite, non-negative number in a header, None for anything else."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e6 else None
