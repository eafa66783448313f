"""A busy office: other applications that keep changing the tenant, by seed and rate, on the tenant's clock.

They act whenever a request comes in, for the time that passed since the last one, so a story in virtual time meets
the same changes at the same moments in every run.
"""

from collections import Counter
from random import Random

from simulator.background.actors import ACTORS
from simulator.background.hands import Act, Hands
from simulator.errors import GraphError, MissingBehaviourError
from simulator.switches import Background
from simulator.tenant import Tenant

# So many changes are made for one request at most; the rest waits, and a long leap of the clock stays affordable.
AT_ONCE_MAX = 200


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
        self._at_work = [
            (ACTORS[name].changes, Hands(self._tenant, self._act, ACTORS[name].app.app_id, self._random))
            for name in wish.actors
        ]

    def work(self, now: float) -> None:
        """Make the changes that are due."""
        if self._per_second <= 0.0 or self._is_acting or not self._at_work:
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
        # With one actor no draw is spent on which: a seed of the office alone means what it always meant.
        changes, hands = self._random.choice(self._at_work) if len(self._at_work) > 1 else self._at_work[0]
        change = self._random.choice(changes)
        try:
            change(hands)
            self.counts[change.__name__] += 1
        except (GraphError, MissingBehaviourError):
            # Synced people, dynamic groups and names taken are refused as they would be to anybody.
            self.counts["refused"] += 1
