"""Token buckets on the tenant's clock: who may do how much, and what a refusal says.

Numbers: Microsoft Graph page "Microsoft Graph service-specific throttling limits" (identity and access; Conditional
Access). A refused call still counts, so hammering makes it worse; Conditional Access sends no Retry-After.
"""

import math
from dataclasses import dataclass, field, replace

from simulator.switches import Throttling

# Resource units in ten seconds by size of the tenant, and below how many users a tenant is of that size.
READ_UNITS_BY_SIZE = {"S": 3_500.0, "M": 5_000.0, "L": 8_000.0}
SMALL_BELOW_USERS = 50
MEDIUM_UP_TO_USERS = 500
WARN_ABOVE = 0.8
USED_MAX = 1.8  # the page's scale: at 1.8, four of five calls are refused; a bucket goes no deeper into debt


@dataclass(frozen=True, slots=True)
class Limits:
    """The quotas of one tenant; a test shrinks them to see refusals soon."""

    read_units_max: float = 8_000.0
    read_window_seconds: float = 10.0
    writes_max: float = 3_000.0
    write_window_seconds: float = 150.0
    tenant_writes_max: float = 18_000.0
    tenant_write_window_seconds: float = 300.0
    conditional_access_interval_seconds: float = 1.0
    audit_requests_max: float = 5.0
    audit_window_seconds: float = 10.0
    personal_writes_max: float = 60.0
    personal_write_window_seconds: float = 60.0
    # Above this share of a bucket calls of low priority are refused; 1.0 treats every priority alike.
    low_priority_share: float = 1.0


def size_of(users: int) -> str:
    """Return how large a tenant with so many users is: S, M or L."""
    if users < SMALL_BELOW_USERS:
        return "S"
    return "M" if users <= MEDIUM_UP_TO_USERS else "L"


@dataclass(slots=True)
class Bucket:
    """Fills steadily, empties by use, may go into debt."""

    capacity: float
    window_seconds: float
    used: float = 0.0
    counted_at: float = 0.0

    def charge(self, amount: float, now: float) -> float:
        """Count `amount`; return 0 when it is allowed, else after how many seconds the same amount will be."""
        rate = self.capacity / self.window_seconds
        self.used = max(0.0, self.used - max(0.0, now - self.counted_at) * rate)
        self.counted_at = now
        self.used = min(self.used + amount, max(self.capacity * USED_MAX, amount))
        if self.used <= self.capacity + 1e-9:
            return 0.0
        return (self.used + amount - self.capacity) / rate

    @property
    def share(self) -> float:
        """Return how much of the bucket is used; 1.0 is where refusals start."""
        return self.used / self.capacity


@dataclass(frozen=True, slots=True)
class Cost:
    """What one operation costs: resource units, and which narrower quotas it falls under.

    `is_personal`: a write to an application that is open to personal accounts.
    """

    units: int = 1
    is_write: bool = False
    is_conditional_access: bool = False
    is_audit: bool = False
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may pass, and the headers its answer carries."""

    is_allowed: bool
    headers: dict[str, str]


@dataclass(slots=True)
class Throttle:
    """The buckets of one tenant."""

    limits: Limits = field(default_factory=Limits)
    tenant_id: str = ""
    refused: int = 0
    refused_low: int = 0
    _reads: dict[str, Bucket] = field(default_factory=dict)
    _writes: dict[str, Bucket] = field(default_factory=dict)
    _audits: dict[str, Bucket] = field(default_factory=dict)
    _personal: dict[str, Bucket] = field(default_factory=dict)
    _tenant_writes: Bucket | None = None
    _conditional_access_at: float = float("-inf")
    _started_with: Limits = field(init=False)

    def __post_init__(self) -> None:
        self._started_with = self.limits

    def switch(self, wish: Throttling, *, users: int) -> None:
        """Put other settings in force for a tenant with so many users; what was used stays used."""
        limits = self._started_with
        if wish.low_priority_share is not None:
            limits = replace(limits, low_priority_share=wish.low_priority_share)
        if wish.size is not None:
            size = size_of(users) if wish.size == "auto" else wish.size
            limits = replace(limits, read_units_max=READ_UNITS_BY_SIZE[size])
        self.limits = limits
        for bucket in self._reads.values():
            bucket.capacity = limits.read_units_max

    def charge(self, app_id: str, cost: Cost, now: float, priority: str = "") -> Verdict:
        """Count one call, or one part of a batch, against every quota it falls under; `priority` as the client says."""
        if cost.is_conditional_access:
            return self._charge_conditional_access(cost, now)
        waits: list[tuple[float, str, str]] = []
        shares: list[float] = []
        for bucket, amount, scope, reason in self._buckets(app_id, cost):
            waits.append((bucket.charge(amount, now), scope, reason))
            shares.append(bucket.share)
        wait, scope, reason = max(waits)
        if wait <= 0.0 and priority.lower() == "low" and max(shares) > self.limits.low_priority_share:
            self.refused_low += 1
            wait, reason = 1.0, "LowPriorityRefused"
        headers = {"x-ms-resource-unit": str(cost.units)}
        if max(shares) > WARN_ABOVE:
            headers["x-ms-throttle-limit-percentage"] = f"{max(shares):.2f}"
        if wait <= 0.0:
            return Verdict(True, headers)
        self.refused += 1
        # Rounded up: whoever waits exactly as long as told must get through.
        headers["Retry-After"] = f"{math.ceil(wait * 10) / 10:.1f}"
        headers["x-ms-throttle-scope"] = f"{scope}/{app_id}/{self.tenant_id}"
        headers["x-ms-throttle-information"] = reason
        return Verdict(False, headers)

    def _buckets(self, app_id: str, cost: Cost) -> list[tuple[Bucket, float, str, str]]:
        limits = self.limits
        if app_id not in self._reads:
            self._reads[app_id] = Bucket(limits.read_units_max, limits.read_window_seconds)
            self._writes[app_id] = Bucket(limits.writes_max, limits.write_window_seconds)
        if cost.is_audit:
            if app_id not in self._audits:
                self._audits[app_id] = Bucket(limits.audit_requests_max, limits.audit_window_seconds)
            return [(self._audits[app_id], 1.0, "Tenant_Application/Read", "AuditLogLimitExceeded")]
        reads = self._reads[app_id]
        found = [(reads, float(cost.units), "Tenant_Application/Read", "ResourceUnitLimitExceeded")]
        if cost.is_write:
            if self._tenant_writes is None:
                self._tenant_writes = Bucket(limits.tenant_writes_max, limits.tenant_write_window_seconds)
            found.append((self._writes[app_id], 1.0, "Tenant_Application/Write", "WriteLimitExceeded"))
            found.append((self._tenant_writes, 1.0, "Tenant/Write", "WriteLimitExceeded"))
        if cost.is_personal:
            if app_id not in self._personal:
                self._personal[app_id] = Bucket(limits.personal_writes_max, limits.personal_write_window_seconds)
            found.append((self._personal[app_id], 1.0, "Tenant_Application/Write", "PersonalApplicationLimitExceeded"))
        return found

    def _charge_conditional_access(self, cost: Cost, now: float) -> Verdict:
        headers = {"x-ms-resource-unit": str(cost.units)}
        # A client that waits exactly as long as asked must not be refused over the last digit of a float.
        if now - self._conditional_access_at < self.limits.conditional_access_interval_seconds - 1e-6:
            self.refused += 1
            return Verdict(False, headers)
        self._conditional_access_at = now
        return Verdict(True, headers)
