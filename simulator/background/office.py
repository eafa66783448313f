"""A busy office: one other application that keeps changing the tenant, by seed and rate, on the tenant's clock.

It acts whenever a request comes in, for the time that passed since the last one, so a story in virtual time meets
the same changes at the same moments in every run.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from simulator.applications import BUSY_OFFICE
from simulator.errors import GraphError, MissingBehaviourError
from simulator.operations.call import Answer
from simulator.switches import Background
from simulator.tenant import Tenant

# So many changes are made for one request at most; the rest waits, and a long leap of the clock stays affordable.
AT_ONCE_MAX = 200
_DEPARTMENTS = ("Sales", "Finance", "Engineering", "Operations", "Legal")
_REFERENCE = "https://graph.microsoft.com/v1.0/directoryObjects/"
Act = Callable[..., Answer]


class Office:
    """The changes of one seed; `act` does one Graph operation as an application."""

    def __init__(self, tenant: Tenant, act: Act, started_at: float) -> None:
        self._tenant, self._act = tenant, act
        self.counts: Counter[str] = Counter()
        self._is_acting = False
        self.switch(tenant.switches.background, started_at)

    def switch(self, wish: Background, now: float) -> None:
        """Put other settings in force from now on."""
        self._per_second = wish.changes_per_hour / 3_600.0
        self._random = Random(f"background {wish.seed}")
        self._started_at, self._done = now, 0
        self._made: list[str] = []

    def work(self, now: float) -> None:
        """Make the changes that are due."""
        if self._per_second <= 0.0 or self._is_acting:
            return
        self._is_acting = True
        try:
            due = int((now - self._started_at) * self._per_second) - self._done
            for _ in range(min(due, AT_ONCE_MAX)):
                self._done += 1
                self._change()
        finally:
            self._is_acting = False

    def _change(self) -> None:
        kinds = (self._edit_user, self._edit_user, self._join, self._leave, self._hire, self._fire, self._rename)
        kind = self._random.choice(kinds)
        try:
            kind()
            self.counts[kind.__name__.removeprefix("_")] += 1
        except (GraphError, MissingBehaviourError):
            # Synced people, dynamic groups and names taken are refused as they would be to anybody.
            self.counts["refused"] += 1

    def _do(self, method: str, path: str, body: Any = None) -> Answer:
        return self._act(BUSY_OFFICE.app_id, method, path, body)

    def _any(self, type_name: str) -> str:
        store = self._tenant.directory.stores[type_name]
        object_id = store.order.any(self._random)
        if object_id is None:
            raise GraphError(404, "Request_ResourceNotFound", f"There is no {type_name}.")
        return object_id

    def _edit_user(self) -> None:
        change = {"department": self._random.choice(_DEPARTMENTS), "officeLocation": f"{self._random.randint(1, 40)}"}
        self._do("PATCH", f"/users/{self._any('user')}", change)

    def _join(self) -> None:
        reference = {"@odata.id": _REFERENCE + self._any("user")}
        self._do("POST", f"/groups/{self._any('group')}/members/$ref", reference)

    def _leave(self) -> None:
        group_id = self._any("group")
        members = list(self._tenant.directory.links.targets(group_id, "members"))[:50]
        if members:
            self._do("DELETE", f"/groups/{group_id}/members/{self._random.choice(members)}/$ref")

    def _hire(self) -> None:
        number = f"{self._random.getrandbits(40):x}"
        body = {
            "accountEnabled": True,
            "displayName": f"New colleague {number}",
            "mailNickname": f"new.{number}",
            "userPrincipalName": f"new.{number}@{self._tenant.domain}",
            "passwordProfile": {"password": number},
        }
        self._made.append(self._do("POST", "/users", body).object_id)

    def _fire(self) -> None:
        if self._made:
            self._do("DELETE", f"/users/{self._made.pop(0)}")

    def _rename(self) -> None:
        self._do("PATCH", f"/groups/{self._any('group')}", {"description": f"Seen {self._random.randint(1, 999)}"})
