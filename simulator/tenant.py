"""One simulated tenant: its directory, who wrote what, and the small things every operation needs."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from simulator.directory.dynamic import DynamicGroups
from simulator.directory.history import History
from simulator.native.jobs import NativeJobs
from simulator.replicas.witness import WitnessedDirectory
from simulator.sealed import Sealer
from simulator.switches import Switches
from simulator.types.schema import JsonObject

DEFAULT_TENANT_ID = "7d1de5a0-0000-4000-8000-00000000c0de"
DOMAIN = "contoso.example"


@dataclass(frozen=True, slots=True)
class DeltaLimits:
    """How delta pages are cut. Sizes as seen in the service, life as in the page "Use delta query"."""

    objects_per_page_max: int = 200
    links_per_page_max: int = 500
    token_life_seconds: float = 7 * 86_400.0
    replayed_entries: int = 0


@dataclass(slots=True)
class Tenant:
    """Everything that outlives a request.

    `published` are applications of other tenants, by appId, that a service principal can be made of; `refusals`
    counts what was refused by a rule about the whole tenant.
    """

    seed: int
    tenant_id: str = DEFAULT_TENANT_ID
    domain: str = DOMAIN
    delta: DeltaLimits = field(default_factory=DeltaLimits)
    directory: WitnessedDirectory = field(default_factory=WitnessedDirectory)
    history: History = field(default_factory=History)
    refusals: Counter[str] = field(default_factory=Counter)
    published: dict[str, JsonObject] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    native: NativeJobs = field(default_factory=NativeJobs)
    loaded_ids: list[str] = field(default_factory=list)
    dynamic: DynamicGroups = field(init=False)
    sealer: Sealer = field(init=False)
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.dynamic = DynamicGroups(self.directory)
        self.sealer = Sealer(f"{self.tenant_id} {self.seed}")
        self.random = Random(f"tenant {self.seed}")

    @property
    def initial_domain(self) -> str:
        """The domain that every tenant begins with, in which the emergency accounts are named."""
        return f"{self.domain.partition('.')[0]}.onmicrosoft.com"

    def new_id(self) -> str:
        """Return a fresh GUID; the same seed gives the same ones."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
