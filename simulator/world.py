"""All that one running simulator holds: the tenant, its tokens, quotas, faults, counters, and its clock."""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simulator.background.office import Office
from simulator.colliding import Colliding
from simulator.faults import Faults
from simulator.mischief import Mischief
from simulator.operations.call import Answer, Call
from simulator.protection import Protection
from simulator.referee.referee import Referee
from simulator.replicas.lagging import Lagging
from simulator.switches import Switches
from simulator.tenant import Tenant
from simulator.throttle import Throttle
from simulator.tokens import Tokens

Clock = Callable[[], float]


@dataclass(slots=True)
class Counters:
    """What came in and what went out, by application and by status."""

    requests: int = 0
    parts: int = 0
    resource_units: int = 0
    expired: int = 0
    by_app: Counter[str] = field(default_factory=Counter)
    by_status: Counter[str] = field(default_factory=Counter)
    parts_by_status: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class World:
    """One simulated tenant and its surroundings. `clock` gives unix seconds; `offset_seconds` is added to it."""

    tenant: Tenant
    tokens: Tokens
    throttle: Throttle
    faults: Faults
    clock: Clock
    offset_seconds: float = 0.0
    referee: Referee | None = None
    counters: Counters = field(default_factory=Counters)
    random: Random = field(init=False)
    lagging: Lagging = field(init=False)
    mischief: Mischief = field(init=False)
    protection: Protection = field(init=False)
    colliding: Colliding = field(init=False)
    office: Office | None = None
    _correlations: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(f"world {self.tenant.seed}")
        self._correlations = Random(f"correlations {self.tenant.seed}")
        wish = self.tenant.switches
        self.lagging = Lagging(self.tenant.directory, wish.lag)
        self.mischief = Mischief(self.tenant)
        self.protection = Protection(wish.administrators)
        self.colliding = Colliding(wish.collisions)

    def apply_quotas(self) -> None:
        """Apply the quotas as switched; a tenant is measured by the users it has now when that is asked for."""
        users = self.tenant.directory.stores["user"].live
        self.throttle.switch(self.tenant.switches.throttling, users=len(users))

    def employ(self, act: Callable[..., Answer]) -> None:
        """Let background actors do their operations through `act`, from now on."""
        self.office = Office(self.tenant, act, self.now())

    def switch(self, wish: Switches) -> None:
        """Put all switches in force anew, each with its seed and a fresh count of time."""
        self.tenant.switches = wish
        self.lagging.switch(wish.lag)
        self.mischief.switch(wish.paging)
        self.protection.switch(wish.administrators)
        self.colliding.switch(wish.collisions)
        self.apply_quotas()
        if self.office is not None:
            self.office.switch(wish.background, self.now())

    def is_personal(self, call: Call) -> bool:
        """Tell whether a write meets, or makes, an application that is open to personal accounts."""
        store = self.tenant.directory.stores.get("application")
        held = store.live.get(call.params.get("id", "").lower()) if store is not None else None
        audience = str((held or {}).get("signInAudience", ""))
        if held is None and call.method == "POST":
            audience = call.body.decode("utf-8", "replace")
        return "PersonalMicrosoftAccount" in audience

    def now(self) -> float:
        """Return the tenant's time in unix seconds."""
        return self.clock() + self.offset_seconds

    def new_request_id(self) -> str:
        """Return the id of one request; the same seed and the same requests give the same ids."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def new_correlation_id(self) -> str:
        """Return the id of one operation done without a request."""
        return str(uuid.UUID(int=self._correlations.getrandbits(128), version=4))

    def counted(self) -> dict[str, Any]:
        """Return every counter."""
        counters = self.counters
        return {
            "requests": counters.requests,
            "parts": counters.parts,
            "resource_units": counters.resource_units,
            "throttled": self.throttle.refused,
            "writes": len(self.tenant.history),
            "hard_deletes": self.tenant.history.hard_deletes,
            "expired": counters.expired,
            "by_app": dict(counters.by_app),
            "by_status": dict(counters.by_status),
            "parts_by_status": dict(counters.parts_by_status),
            "faults": self.faults.fired(),
            "behaviours": self._behaved(),
        }

    def _behaved(self) -> dict[str, int]:
        """Return how often every behaviour beyond the plain tenant showed; what never did is not there."""
        found: Counter[str] = Counter()
        for actor in (self.lagging, self.mischief, self.protection, self.colliding):
            found.update(actor.counts)
        found.update(self.tenant.refusals)
        if self.office is not None:
            found.update({f"background_{name}": count for name, count in self.office.counts.items()})
        found["expired_pages"] = self.tenant.sealer.expired_pages
        found["refused_low_priority"] = self.throttle.refused_low
        found["changes_kept"] = len(self.tenant.directory.journal)
        found["native_jobs"] = len(self.tenant.native.jobs)
        return {name: count for name, count in sorted(found.items()) if count}
