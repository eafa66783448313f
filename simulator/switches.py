"""Every behaviour beyond the plain tenant, each off (or as published) until switched.

At start from a file, later by /_sim/switches. All are JSON objects with the members below; what is left out keeps its
default, an unknown member is refused.
"""

from typing import Literal

import msgspec


class Lag(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Replication lag. Each replica is so many seconds behind; a read goes to one of them by seed.

    `index_seconds`: how far queries with ConsistencyLevel: eventual are behind. `delta_seconds`: how far delta is.
    `fresh_seconds`, by type or "*": writes that name a younger object are answered 404, as another replica would.
    """

    replicas: list[float] = msgspec.field(default_factory=lambda: [0.0])
    index_seconds: float = 0.0
    delta_seconds: float = 0.0
    fresh_seconds: dict[str, float] = msgspec.field(default_factory=dict)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.replicas:
            raise ValueError("replicas must name one at least")
        if min(*self.replicas, self.index_seconds, self.delta_seconds, *self.fresh_seconds.values()) < 0:
            raise ValueError("nothing can be less than 0 seconds behind")


class Paging(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Mischief while paging. Shares are of pages, 0 to 1; page tokens live `token_life_seconds`, None for ever.

    `empty_share`: a page without objects, with a next link. `moving_share`: an object moves behind all others.
    `replay_entries`: a delta round starts so many changes too early.
    """

    token_life_seconds: float | None = None
    empty_share: float = 0.0
    moving_share: float = 0.0
    replay_entries: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.empty_share <= 1 and 0 <= self.moving_share <= 1):
            raise ValueError("shares are from 0 to 1")


class Audit(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The directory audit log: a change shows in it after `delay_seconds`."""

    is_on: bool = True
    delay_seconds: float = 60.0


class Background(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Other applications at work: so many changes an hour of the tenant's clock, by these actors together."""

    changes_per_hour: float = 0.0
    actors: list[Literal["office", "personnel", "pipeline", "policies"]] = msgspec.field(
        default_factory=lambda: ["office"]
    )
    seed: int = 0


class Administrators(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Protection of administrators: sensitive properties are refused unless the application holds a directory role.

    The role is read off the assignments of the application's service principal. `privileged_apps` are application ids
    that are let through without one.
    """

    is_on: bool = False
    privileged_apps: list[str] = msgspec.field(default_factory=list)


class Native(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The built-in backup: daily snapshots at an hour of the day (UTC), the newest `kept` of them."""

    hour: int = 22
    kept: int = 7
    job_seconds: float = 0.0


class Quotas(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How much one tenant may hold; null switches a limit off, and is what `objects_max` starts with.

    The numbers are those of the page "Microsoft Entra service limits and restrictions".
    """

    objects_max: int | None = None
    owners_max: int | None = 100
    units_per_member_max: int | None = 30
    assignments_per_principal_max: int | None = 1_500
    custom_roles_max: int | None = 100
    policies_max: int | None = 195
    dynamic_groups_max: int | None = 15_000
    role_groups_max: int | None = 500


class Collisions(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Writes that meet: one to an object another request wrote less than `within_seconds` ago is a 409, in so many.

    `share` is of such writes, 0 to 1.
    """

    within_seconds: float = 0.0
    share: float = 1.0
    seed: int = 0


class Throttling(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How the quotas are applied; null leaves what the tenant was started with.

    `low_priority_share`: calls of low priority are refused from that share of a bucket on. `size`: the tenant whose
    read quota applies, S (below 50 users), M (to 500), L, or "auto" for as many users as there are. `is_batch_failed`:
    a batch with a throttled part is itself answered 424, as the page "Combine requests with batching" allows.
    """

    low_priority_share: float | None = None
    size: Literal["S", "M", "L", "auto"] | None = None
    is_batch_failed: bool = False


class Switches(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """All of them."""

    lag: Lag = msgspec.field(default_factory=Lag)
    paging: Paging = msgspec.field(default_factory=Paging)
    audit: Audit = msgspec.field(default_factory=Audit)
    background: Background = msgspec.field(default_factory=Background)
    administrators: Administrators = msgspec.field(default_factory=Administrators)
    native: Native = msgspec.field(default_factory=Native)
    quotas: Quotas = msgspec.field(default_factory=Quotas)
    collisions: Collisions = msgspec.field(default_factory=Collisions)
    throttling: Throttling = msgspec.field(default_factory=Throttling)
    restricted_units: bool = False
