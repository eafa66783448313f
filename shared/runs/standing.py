"""How well this deployment's snapshots are kept, said in sentences an operator can act on.

Reads only, and reads anew at every call: what protects the vault, how old the newest snapshot is, which snapshots are
held, alerted about or damaged, what the last pruning did. Nothing is assumed; what cannot be read is said so.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import msgspec

from shared.domain.errors import TidemarkError
from shared.domain.holds import Hold
from shared.domain.protection import Protection
from shared.domain.pruning import Pruned
from shared.domain.verification import Verification
from shared.jobs.retention import Rules, can_outlive, kept_days
from shared.ports import Clock
from shared.runs.finishing import SKEW_WARNED_SECONDS
from shared.runs.holding import Holding
from shared.runs.pruning import Pruning
from shared.runs.snapshots import Snapshots

SEAL_AGE_MAX = timedelta(hours=26)  # "Infrastructure and security", telemetry: alert on a seal gap above 26 h
FULL_AGE_MAX = timedelta(days=8)  # the newest snapshot is proven whole every day, so a week and a day is a silence

log = logging.getLogger(__name__)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say; `warnings` is empty when nothing needs a person.

    `left_out` are the types, and derived types, that the newest snapshot does not hold because Graph refused them.
    """

    protection: Protection
    rules: Rules
    kept_days: int
    skew_seconds: float
    snapshots: int
    newest_sealed_at: datetime | None
    newest_proven_at: datetime | None
    is_signed: bool
    held: tuple[str, ...]
    damaged: tuple[str, ...]
    alerted: tuple[str, ...]
    left_out: tuple[str, ...]
    pruned: Pruned | None
    warnings: tuple[str, ...]


class Standing:
    """What the operator is told of the vault and of each snapshot."""

    def __init__(self, snapshots: Snapshots, pruning: Pruning, clock: Clock, rules: Rules) -> None:
        self._snapshots, self._pruning, self._clock, self._rules = snapshots, pruning, clock, rules
        self._holding = Holding(snapshots, clock)

    async def told(self, tenant: str) -> Told:
        """Return everything there is to say. Raises TransientError when storage does not answer."""
        vault, now = await self._snapshots.vault.container(), self._clock.now()
        listed = await self._snapshots.listed(tenant)
        holds, proofs = await self._holding.holds(tenant), await self._holding.verifications(tenant)
        full = [proof.full_at for proof in proofs.values() if proof.full_at is not None]
        ids = [known.snapshot_id for known in listed]
        told = Told(
            protection=vault.protection,
            rules=self._rules,
            kept_days=kept_days(self._rules, vault.protection),
            skew_seconds=(now - vault.at).total_seconds(),
            snapshots=len(listed),
            newest_sealed_at=max((known.sealed_at for known in listed), default=None),
            newest_proven_at=max(full, default=None),
            is_signed=self._snapshots.signing.is_demanded,
            held=tuple(name for name in ids if name in holds and holds[name].is_held),
            damaged=tuple(name for name in ids if name in proofs and proofs[name].fault),
            alerted=tuple(known.snapshot_id for known in listed if known.alerts),
            left_out=tuple(sorted(listed[0].incomplete)) if listed else (),
            pruned=await self._pruning.last(tenant),
            warnings=(),
        )
        return msgspec.structs.replace(told, warnings=tuple(_warnings(told, now)))

    async def of_snapshots(self, tenant: str) -> dict[str, tuple[Hold | None, Verification | None]]:
        """Return hold and last verification of every snapshot that has one, by id."""
        holds, proofs = await self._holding.holds(tenant), await self._holding.verifications(tenant)
        return {name: (holds.get(name), proofs.get(name)) for name in {*holds, *proofs}}

    async def announce(self, tenant: str) -> None:
        """Log once, at start-up, how the vault is protected; an app whose storage is away starts all the same."""
        try:
            vault = await self._snapshots.vault.container()
        except TidemarkError as error:
            log.error("vault not readable", extra={"tenant": tenant, "reason": str(error)})
            return
        facts = {"tenant": tenant, "lock": vault.protection.lock, "days": vault.protection.days}
        if vault.protection.is_promise:
            log.info("vault protected", extra=facts)
        else:
            log.error("vault not protected", extra={**facts, "reason": vault.protection.said()})


def _warnings(told: Told, now: datetime) -> list[str]:
    """Return what a person has to look at, the worst first."""
    said = []
    if told.damaged:
        said.append(f"DAMAGED: the last verification found faults in {', '.join(told.damaged[:5])}")
    if not told.protection.is_promise:
        said.append(told.protection.said())
    if not can_outlive(told.rules, told.protection):
        days, promised = told.protection.days, told.rules.retention_days
        said.append(f"TOO SHORT: a policy of {days} days does not outlive the {promised} days that are promised")
    if not told.is_signed:
        said.append("NOT SIGNED: no signing key is set; nothing but digests proves a snapshot")
    if told.newest_sealed_at is None or now - told.newest_sealed_at > SEAL_AGE_MAX:
        said.append("NO SNAPSHOT: none was sealed in the last 26 hours")
    if told.snapshots and (told.newest_proven_at is None or now - told.newest_proven_at > FULL_AGE_MAX):
        said.append("NOT VERIFIED: no snapshot was proven whole in the last 8 days")
    if abs(told.skew_seconds) > SKEW_WARNED_SECONDS:
        said.append(f"CLOCK: this worker's clock is {told.skew_seconds:+.0f} s from the storage service's")
    if told.left_out:
        said.append(f"LEFT OUT: Graph refused {', '.join(told.left_out)}, so the newest snapshot does not hold it")
    if told.alerted:
        said.append(f"ALERT: {', '.join(told.alerted[:5])} differ much from the snapshots before them")
    if told.pruned is not None and told.pruned.refused:
        said.append(f"NOT REMOVED: storage refused to let {', '.join(sorted(told.pruned.refused)[:5])} go")
    return said
