"""Carry a plan out in the sign-in model as the product does: groups that come back are asked about, policies again.

What decides is the product's; what happens is the model's (tests/support/sign_in.py). Every moment is looked at, but
for the one between the restore of some groups and the taking back of one that harms.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Change
from shared.domain.exposures import Exposure
from shared.recover.decide import Look
from shared.recover.lockout.guard import refusal
from shared.recover.lockout.returning import harm
from shared.recover.lockout.state import Edge, State
from shared.recover.lockout.switching import not_landed
from shared.recover.lockout.walk import Outlook, counts_after
from shared.runs.watching import takes_away
from tests.support.sign_in import Entra
from tests.support.sign_in_laws import Watch

JUDGED = {Wave.POLICY_RESTORE, Wave.POLICY_UPDATE, Wave.POLICY_ENABLE, Wave.SOFT_DELETE}
BROUGHT = {Action.RESTORE, Action.RECREATE}


@dataclass
class Carrying:
    """A plan with what the guard kept of it; `links` tells what the links wave does, `seen` what is live by then.

    `watch` is of the tenant before anything is done to it.
    """

    waves: Mapping[Wave, Sequence[Change]]
    exposure: Exposure | None
    links: Callable[[Entra], list[Change]]
    seen: Callable[[Entra], State]
    watch: Watch

    def broken(self, tenant: Entra, order: random.Random) -> str:
        """Return the law that is broken at some moment, empty when none is; each wave goes in the order drawn."""
        tenant = deepcopy(tenant)
        for wave in sorted({*self.waves, Wave.LINKS}):
            changes = self.links(tenant) if wave is Wave.LINKS else list(self.waves[wave])
            changes = self._passed(tenant, wave, changes) if wave in JUDGED else changes
            order.shuffle(changes)
            back: list[str] = []
            for place, change in enumerate(changes):
                if not _can(tenant, change, wave):
                    continue
                tenant.do(change)
                if change.type == "group" and change.action is Action.RESTORE and self.exposure is not None:
                    back.append(change.object_id)
                    if order.random() < 0.5 and place + 1 < len(changes):
                        continue  # more of the same pack
                self._take_back(tenant, back)
                back = []
                if broken := self.watch.broken(tenant):
                    return broken
        return self.watch.broken_at_the_end(tenant)

    def _take_back(self, tenant: Entra, back: list[str]) -> None:
        if not back or self.exposure is None:
            return
        for group in harm(self.exposure, above(tenant, self.exposure), back):
            tenant.bin[group] = tenant.groups.pop(group)

    def _passed(self, tenant: Entra, wave: Wave, changes: list[Change]) -> list[Change]:
        """Return the changes that the guard lets pass now, each judged beside those before it."""
        passed: list[Change] = []
        outlook = Outlook(deleted=deepcopy(tenant.bin))
        state = self.seen(tenant)
        for change in changes:
            is_judged = change.type == "conditionalAccessPolicy" and counts_after(state, change, outlook)
            is_judged = takes_away(change) if wave is Wave.SOFT_DELETE else is_judged
            if not is_judged or refusal(state, {wave: [*passed, change]}, outlook) is None:
                passed.append(change)
        return passed


def above(tenant: Entra, exposure: Exposure) -> frozenset[Edge]:
    """Return every membership that leads upwards from the accounts and the groups that may contain them, live ends."""
    known = {*exposure.accounts, *(group for groups in exposure.accounts.values() for group in groups)}
    return leading_up({(group, one) for group in tenant.groups for one in tenant.members.get(group, ())}, known)


def leading_up(edges: set[Edge], known: set[str]) -> frozenset[Edge]:
    """Return those of the links that lead upwards from `known`."""
    found: set[Edge] = set()
    while more := {edge for edge in edges - found if edge[1] in known}:
        found |= more
        known = known | {group for group, _one in more}
    return frozenset(found)


def _can(tenant: Entra, change: Change, wave: Wave) -> bool:
    """Tell whether Entra lets the change happen: what was taken back, or never came, is not there to be changed.

    In the last stage the product holds back what the first one did not leave as planned.
    """
    if change.type not in {"user", "group", "conditionalAccessPolicy"} or change.action in BROUGHT:
        return True
    there = tenant.store(change.type).get(change.object_id)
    return there is not None and not (wave is Wave.POLICY_ENABLE and not_landed(change, Look(body=there)))
