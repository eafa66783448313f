"""What is left alone where no emergency accounts are configured, so that nobody is proven to stay able to sign in.

Pure. Only policies that would be enforced for everybody or for a role, demand more than a second factor, and exclude
nobody who exists are left alone; everything else of the plan proceeds.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.domain.changes import Change, Json
from shared.recover.lockout.policies import is_enforced, is_for_everybody, is_hard, spared
from shared.recover.lockout.state import State
from shared.recover.lockout.walk import POLICY, Outlook, Waves, stretches

UNPROVEN = "could lock everybody out, and no emergency accounts are configured (TIDEMARK_EMERGENCY_ACCOUNTS)"


def unproven(live: State, waves: Waves, outlook: Outlook, existing: frozenset[str]) -> frozenset[str]:
    """Return the ids of the policies that the plan must not touch; `existing` are users and groups that hold.

    A form that the live policy has already is not the plan's doing.
    """
    risky: set[str] = set()
    for stretch in stretches(live, waves, outlook):
        for policy in _changed(stretch.changes):
            known = live.policies.get(policy, ())
            if any(form not in known and _is_risky(form, existing) for form in stretch.after.policies.get(policy, ())):
                risky.add(policy)
    return frozenset(risky)


def _changed(changes: Iterable[Change]) -> set[str]:
    return {change.object_id.lower() for change in changes if change.type == POLICY}


def _is_risky(form: Json, existing: frozenset[str]) -> bool:
    return is_enforced(form) and is_for_everybody(form) and is_hard(form) and not spared(form) & existing
