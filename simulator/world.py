"""All that one running simulator holds: the tenant, its tokens, quotas, faults, counters, and its clock."""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simulator.faults import Faults
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
    counters: Counters = field(default_factory=Counters)
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(f"world {self.tenant.seed}")

    def now(self) -> float:
        """Return the tenant's time in unix seconds."""
        return self.clock() + self.offset_seconds

    def new_request_id(self) -> str:
        """Return the id of one request; the same seed and the same requests give the same ids."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

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
        }
