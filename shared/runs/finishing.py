"""What is asked before a snapshot is sealed, and what is said of it afterwards.

Before the manifest, the commit point: do our clock and the storage service's agree, and will the vault's policy protect
the oldest file for as long as is promised? Afterwards: what the policy is, read back; and whether the snapshot looks
like the ones before it. If it does not, an alert is raised and the good ones before it are held.

A crash at any line repeats the step; holds that are set already stay as they are, and nothing is removed here.
"""

from __future__ import annotations

import logging
from datetime import datetime

import msgspec

from shared.compare.jumps import GONE_PERCENT_DEFAULT, Figures, figures_of, figures_since, jumps
from shared.domain.errors import ClockSkewError, IntegrityError, OutliveError
from shared.domain.holds import TIDEMARK
from shared.domain.ids import created_at_of
from shared.domain.jobs import SnapshotSummary
from shared.domain.protection import Container, Protection
from shared.formats.manifests import Manifest
from shared.jobs.retention import DAY_SECONDS, Rules, can_outlive, outlives
from shared.ports import Clock
from shared.runs.holding import Holding
from shared.runs.snapshots import Snapshots

# "Infrastructure and security", integrity format: compare our time with storage's Date header.
SKEW_WARNED_SECONDS = 120.0
SKEW_SECONDS_MAX = 300.0
RECENT = 3  # whole snapshots a new one is compared with, and those that an alert holds

log = logging.getLogger(__name__)


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a sealed snapshot: `warnings` go into the job's results, `alerts` stay with the snapshot."""

    protection: Protection
    alerts: tuple[str, ...]
    warnings: tuple[str, ...]


class Finishing:
    """The looks before and after the seal; `gone_percent` of a type missing is an alert."""

    def __init__(
        self, snapshots: Snapshots, clock: Clock, rules: Rules | None = None, gone_percent: float = GONE_PERCENT_DEFAULT
    ) -> None:
        self._snapshots, self._clock = snapshots, clock
        self._rules, self._gone_percent = rules or Rules(), gone_percent
        self._holding = Holding(snapshots, clock)

    async def vault(self) -> Container:
        """Return what the vault says of itself now; raise ClockSkewError when its time is not nearly ours."""
        before = self._clock.now()
        found = await self._snapshots.vault.container()
        skew = _skew_seconds(before, found.at, self._clock.now())
        if abs(skew) > SKEW_SECONDS_MAX:
            raise ClockSkewError(skew_seconds=skew, limit_seconds=SKEW_SECONDS_MAX)
        if abs(skew) > SKEW_WARNED_SECONDS:
            log.warning("clock skewed", extra={"skew_seconds": skew})
        return found

    async def check(self, manifest: Manifest) -> None:
        """Return when the snapshot may be sealed; raise ClockSkewError or OutliveError.

        Its oldest file is no older than the capture, or than the base that a restore point lies over.
        """
        found = await self.vault()
        oldest_at = min([manifest.created_at, *([created_at_of(manifest.base_id)] if manifest.base_id else [])])
        if can_outlive(self._rules, found.protection) and not outlives(
            oldest_at, found.at, self._rules, found.protection
        ):
            age_days = (found.at - oldest_at).total_seconds() / DAY_SECONDS
            days = self._rules.retention_days
            raise OutliveError(age_days=age_days, immutable_days=found.protection.days, retention_days=days)

    async def look(self, manifest: Manifest) -> Finished:
        """Return what is to be said of the snapshot that `manifest` has just sealed; hold the ones before a jump."""
        protection = (await self._snapshots.vault.container()).protection
        warnings = [] if protection.is_promise else [protection.said()]
        if not can_outlive(self._rules, protection):
            promised = self._rules.retention_days
            warnings.append(f"the vault protects {protection.days} days, too few for the {promised} that are promised")
        for warning in warnings:
            log.warning("vault not protected", extra={"snapshot_id": manifest.snapshot_id, "reason": warning})
        alerts = await self._alerts(manifest)
        return Finished(protection=protection, alerts=alerts, warnings=(*warnings, *alerts))

    async def _alerts(self, manifest: Manifest) -> tuple[str, ...]:
        """Compare the snapshot with the recent ones; on a jump raise the alert and hold them."""
        tenant = manifest.tenant
        recent = await (self._before(manifest) if manifest.base_id else self._recent(manifest))
        figures, unproven = list[Figures](), list[str]()
        for known in (known for known in recent if not known.base_id):
            try:
                figures.append(figures_of((await self._snapshots.prove(known))[0].manifest))
            except IntegrityError as error:
                unproven.append(f"snapshot {known.snapshot_id}, before this one, cannot be proven: {error}")
        own = figures_since(manifest, figures[0]) if manifest.base_id and figures else figures_of(manifest)
        told = {alert.partition(":")[0] for known in recent if known.base_id for alert in known.alerts}
        sentences = jumps(own, figures, gone_percent=self._gone_percent)
        found = (*(alert for alert in sentences if alert.partition(":")[0] not in told), *unproven)
        if not found:
            return ()
        facts = {"tenant": tenant, "snapshot_id": manifest.snapshot_id, "alerts": list(found)}
        log.error("snapshot alert", extra=facts)
        for known in recent:
            reason = f"held because of an alert of snapshot {manifest.snapshot_id}"
            await self._holding.hold(tenant, known.snapshot_id, is_held=True, by=TIDEMARK, reason=reason)
        return found

    async def _before(self, manifest: Manifest) -> list[SnapshotSummary]:
        """Return the snapshot that a restore point lies over, and the points over it: what they told is not told again.

        Of the points, those with an alert and the last one before it; that one is worth holding as well.
        """
        listed = await self._snapshots.listed(manifest.tenant)
        base = [known for known in listed if known.snapshot_id == manifest.base_id]
        over = [known for known in listed if known.base_id == manifest.base_id and known.sequence < manifest.sequence]
        return [*base, *(known for known in over if known.alerts), *[known for known in over if not known.alerts][:1]]

    async def _recent(self, manifest: Manifest) -> list[SnapshotSummary]:
        """Return the whole snapshots to compare with, newest first, back to the last that had an alert of its own."""
        recent: list[SnapshotSummary] = []
        for known in await self._snapshots.listed(manifest.tenant):
            if known.base_id or known.snapshot_id == manifest.snapshot_id or known.sequence > manifest.sequence:
                continue
            recent.append(known)
            if known.alerts or len(recent) == RECENT:
                break
        return recent


def _skew_seconds(before: datetime, theirs: datetime, after: datetime) -> float:
    """Return how far our clock is ahead, at least; the answer's way and the whole seconds of its time count for us."""
    ahead, behind = (before - theirs).total_seconds(), (after - theirs).total_seconds()
    return max(0.0, ahead) if ahead > 0 else min(0.0, behind)
