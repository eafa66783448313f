"""What has to hold at every moment of a recovery in the sign-in model, in words of that model.

Shares nothing with the lock-out guard, whose rules (docs/lockout.md) these laws put to the proof. What was wrong before
the recovery began is not its doing, but for the last law.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.sign_in import Entra

NOBODY = "no emergency account gets in"
KEPT_OUT = "one that got past every strict policy does not any more"
TOO_FEW = "too few administrators are left"
OURSELVES = "an application that the recovery may run as is off"
ALONE = "fewer than two emergency accounts can be relied on at the end"
SPARES_NOBODY = "a group by which a policy spares an emergency account does so no more"
LAWS = (NOBODY, KEPT_OUT, TOO_FEW, OURSELVES, SPARES_NOBODY, ALONE)
WITHOUT_ROLES = (NOBODY, KEPT_OUT, SPARES_NOBODY, ALONE)
TWO = 2  # "Manage emergency access accounts": two or more, and as many Global Administrators


class Watch:
    """Looks at a tenant again and again and says which law is broken, empty when none is.

    Without roles, an emergency account that signs in is good enough.
    """

    def __init__(self, tenant: Entra, accounts: Sequence[str], *, has_roles: bool) -> None:
        self._accounts, self._has_roles = accounts, has_roles
        self._past = {one for one in accounts if one in tenant.users and not tenant.is_kept_out(one)}
        self._administrators = tenant.administrators()
        self._ours, self._sparing = set(tenant.ours), self._still_sparing(tenant, tenant.excluded())
        self.does_begin = self._somebody(tenant)

    def broken(self, now: Entra) -> str:
        """Return the law that is broken at this moment."""
        if not self._somebody(now):
            return NOBODY
        if any(map(now.is_kept_out, self._past)):
            return KEPT_OUT
        left = now.administrators()
        if self._has_roles and len(left) < TWO and self._administrators - left:
            return TOO_FEW
        return OURSELVES if self._ours - now.ours else ""

    def broken_at_the_end(self, now: Entra) -> str:
        """Return the law that is broken once everything is done."""
        if self._sparing - self._still_sparing(now, self._sparing):
            return SPARES_NOBODY
        good = {one for one in self._accounts if now.is_there(one)}
        good &= now.administrators() if self._has_roles else good
        return ALONE if len(good) < TWO else ""

    def _somebody(self, tenant: Entra) -> bool:
        return any(map(tenant.can_administer if self._has_roles else tenant.can_sign_in, self._accounts))

    def _still_sparing(self, tenant: Entra, groups: set[str]) -> set[str]:
        """Return those of the groups that hold an emergency account which is live, whatever fills them."""
        return groups & {group for one in self._accounts if one in tenant.users for group in tenant.groups_of(one)}
