"""Which snapshots may be removed, and whether a new one will be protected for as long as is promised.

Pure: no clock but the storage service's is in it, as ages of blobs; no time that a manifest or a row tells. Promises
(tests/properties/test_retention.py checks each by name):
  K1  nothing that is younger than the retention, or than the vault's own policy, is ever removed
  K2  what is held, what is pinned as known good, or what an unfinished job names, is never removed
  K3  a snapshot is never removed while a restore point that lies over it is there
  K4  of what is old enough, the newest stay, and of those without an alert or a fault the newest stay as well
  K5  what is written while a snapshot is kept by its age can never make it go: others being there only keeps more
  K6  what could not be proven stays, because nobody can say what it is needed for
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import msgspec

from shared.domain.errors import InputError
from shared.domain.protection import Lock, Protection

DAY_SECONDS = 86_400
# "Infrastructure and security", outlive rule: P >= R + C + 2 days, where the base of a restore point is at most C = 1
# day older than it. A policy whose length nobody could read is taken to be that long.
OUTLIVE_MARGIN_DAYS = 2
BASE_DAYS = 1


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator chose: days to keep a snapshot, how many old ones stay anyway, days to keep finished captures'
    working files."""

    retention_days: int = 30
    kept_newest: int = 3
    work_days: int = 14


RULES_DEFAULT = Rules()

# By setting: the member of Rules, the least and the most it may be. The floors keep a setting from doing what an
# attacker would: a week is what it takes to notice, and delta tokens, of which a capture makes use, live 7 days.
LIMITS: Mapping[str, tuple[str, int, int]] = MappingProxyType(
    {
        "TIDEMARK_RETENTION_DAYS": ("retention_days", 7, 36_500),
        "TIDEMARK_KEPT_NEWEST": ("kept_newest", 1, 1_000),
        "TIDEMARK_WORK_DAYS": ("work_days", 8, 36_500),
    }
)


def rules_from(settings: Mapping[str, str]) -> Rules:
    """Return the rules that an app's settings name; raise InputError for one below its floor, or no whole number."""
    chosen = {}
    for name, (member, least, most) in LIMITS.items():
        if not (text := settings.get(name) or ""):
            continue
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most):
            raise InputError(f"{name} is {text[:40]!r}; it must be a whole number from {least} to {most}", member=name)
        chosen[member] = int(text)
    return Rules(**chosen)


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One snapshot or restore point as it lies in the vault; `age_days` is that of its youngest blob.

    `is_proven`: its manifest was read and proven, so `base_id` is known. `is_good`: no alert, no failed verification.
    `is_pinned`: drift is judged against it.
    """

    snapshot_id: str
    age_days: float
    base_id: str = ""
    is_proven: bool = True
    is_good: bool = True
    is_held: bool = False
    is_pinned: bool = False
    is_wanted: bool = False


def kept_days(rules: Rules, protection: Protection) -> int:
    """Return the age in days below which nothing is removed."""
    if protection.lock in {Lock.UNKNOWN, Lock.VERSION_LEVEL}:
        return rules.retention_days + BASE_DAYS + OUTLIVE_MARGIN_DAYS
    return max(rules.retention_days, protection.days)


def reasons_to_keep(stored: Sequence[Stored], rules: Rules, protection: Protection) -> dict[str, str]:
    """Return why each snapshot stays, by its id; "" for one that may be removed."""
    days = kept_days(rules, protection)
    old = [one for one in stored if one.age_days >= days]
    needed = {one.base_id for one in stored}
    newest = _newest(old, rules.kept_newest) | _newest((one for one in old if one.is_good), rules.kept_newest)
    reasons = {}
    for one in stored:
        if one.age_days < days:
            reasons[one.snapshot_id] = f"younger than {days} days"
        elif one.is_held:
            reasons[one.snapshot_id] = "held"
        elif one.is_pinned:
            reasons[one.snapshot_id] = "pinned as known good for drift"
        elif one.is_wanted:
            reasons[one.snapshot_id] = "an unfinished job names it"
        elif not one.is_proven:
            reasons[one.snapshot_id] = "its manifest could not be proven"
        elif one.snapshot_id in needed:
            reasons[one.snapshot_id] = "a restore point lies over it"
        elif one.snapshot_id in newest:
            reasons[one.snapshot_id] = "one of the newest that are old enough to go"
        else:
            reasons[one.snapshot_id] = ""
    return reasons


def _newest(stored: Iterable[Stored], number: int) -> set[str]:
    """Return the ids of the `number` youngest whole snapshots; of equal age, those with the greater id."""
    whole = [one for one in stored if not one.base_id and one.is_proven]
    ordered = sorted(whole, key=lambda one: (-one.age_days, one.snapshot_id))
    return {one.snapshot_id for one in ordered[-number:]} if number else set()


def outlives(oldest_at: datetime, sealed_at: datetime, rules: Rules, protection: Protection) -> bool:
    """Tell whether a snapshot sealed at `sealed_at` keeps its promise: created + P >= seal + R for its oldest blob.

    True also where no policy has a length: then nothing is promised, which is said elsewhere.
    """
    if not protection.days:
        return True
    age_days = (sealed_at - oldest_at).total_seconds() / DAY_SECONDS
    return age_days <= protection.days - rules.retention_days


def can_outlive(rules: Rules, protection: Protection) -> bool:
    """Tell whether the policy is long enough for the retention that is promised: P >= R + C + 2 days."""
    return not protection.days or protection.days >= rules.retention_days + BASE_DAYS + OUTLIVE_MARGIN_DAYS
