"""The rules of a container-level immutability policy, as "Overview of immutable storage for blob data" gives them.

Retention counts from each blob's creation. While a blob is protected nothing may change or delete it; afterwards it may
be deleted and still not be overwritten. A locked policy can be extended, five times at most, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.protection import Lock, Protection

EXTENSIONS_MAX = 5
DAYS_MAX = 146_000
IMMUTABLE = "BlobImmutableDueToPolicy"
CONTAINER_PROTECTED = "ContainerProtectedFromDeletion"
# What a client may do to a blob that is there already, whatever the policy: neither changes content or metadata.
HARMLESS = frozenset({"tier", "lease"})


class PolicyRefusedError(Exception):
    """The policy itself may not be changed so; the management plane answers 409."""


@dataclass
class WormPolicy:
    """One container's policy and what it protects; `now` is the storage service's clock."""

    now: Callable[[], datetime]
    days: int = 30
    allows_protected_appends: bool = False
    is_locked: bool = False
    extensions: int = 0
    created: dict[str, datetime] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)

    @property
    def protection(self) -> Protection:
        """What the management plane says of this policy."""
        return Protection(lock=Lock.LOCKED if self.is_locked else Lock.UNLOCKED, days=self.days)

    def lock(self) -> None:
        """Lock the policy for good."""
        self.is_locked = True

    def extend(self, days: int) -> None:
        """Give the policy another period; a locked one only a longer one."""
        if not 1 <= days <= DAYS_MAX:
            raise PolicyRefusedError(f"{days} days")
        if self.is_locked and (days <= self.days or self.extensions == EXTENSIONS_MAX):
            raise PolicyRefusedError(f"a locked policy of {self.days} days, extended {self.extensions} times")
        self.extensions += self.is_locked
        self.days = days

    def protects(self, name: str) -> bool:
        """Tell whether a blob is there and younger than the period."""
        made = self.created.get(name)
        return made is not None and self.now() - made < timedelta(days=self.days)

    def refusal(self, act: str, name: str, *, is_conditional: bool = False) -> str:
        """Return the service's code for why `act` may not happen to a blob, "" when it may.

        What was tried against a protected blob is remembered as a breach, unless it was a creation that itself asked
        not to touch what is there (`is_conditional`).
        """
        if act == "delete container":
            return self._refused(act, name, CONTAINER_PROTECTED) if self.created else ""
        if name not in self.created or act in HARMLESS:
            return ""
        if act == "append" and self.allows_protected_appends:
            return ""
        if act == "delete":
            return self._refused(act, name, IMMUTABLE) if self.protects(name) else ""
        return IMMUTABLE if is_conditional else self._refused(act, name, IMMUTABLE)

    def _refused(self, act: str, name: str, code: str) -> str:
        self.breaches.append(f"{act} {name}")
        return code
