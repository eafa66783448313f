"""Which replica a read goes to, and how far behind it is; which writes name something other replicas lack yet."""

import re
from collections import Counter
from collections.abc import Callable
from random import Random

from simulator.errors import not_found
from simulator.operations.call import Answer, Call
from simulator.replicas.rewinding import rewound
from simulator.replicas.witness import WitnessedDirectory
from simulator.switches import Lag

_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Lagging:
    """The replicas of one tenant; a write reaches the first of them at once."""

    def __init__(self, directory: WitnessedDirectory, wish: Lag) -> None:
        self._directory = directory
        self.counts: Counter[str] = Counter()
        self._delta_at = float("-inf")
        self.switch(wish)

    def switch(self, wish: Lag) -> None:
        """Put other settings in force."""
        self._wish = wish
        self._random = Random(f"replicas {wish.seed}")

    def read(self, call: Call, act: Callable[[], Answer], *, is_delta: bool) -> Answer:
        """Return what `act` answers on the replica this read goes to."""
        behind = self._seconds_behind(call, is_delta=is_delta)
        if behind <= 0.0:
            return act()
        with rewound(self._directory, call.now - behind) as undone:
            self.counts["stale_reads"] += undone > 0
            return act()

    def refuse_fresh(self, call: Call) -> None:
        """Refuse a write that names an object so young that the replica it meets does not know it."""
        if not self._wish.fresh_seconds:
            return
        named = _ID.findall(call.path) + _ID.findall(call.body.decode("utf-8", "replace"))
        for object_id in named:
            created = self._directory.journal.created.get(object_id.lower())
            if created is None:
                continue
            at, type_name = created
            young = self._wish.fresh_seconds.get(type_name, self._wish.fresh_seconds.get("*", 0.0))
            if call.now - at < young:
                self.counts["fresh_refusals"] += 1
                raise not_found(object_id)

    def _seconds_behind(self, call: Call, *, is_delta: bool) -> float:
        replicas = self._wish.replicas
        if is_delta:
            # Delta never goes back in time: a round whose end it forgot would lose what lies between.
            behind = max(self._wish.delta_seconds, *replicas)
            self._delta_at = max(self._delta_at, call.now - behind)
            return call.now - self._delta_at
        behind = self._random.choice(replicas) if len(replicas) > 1 else replicas[0]
        return max(behind, self._wish.index_seconds) if call.is_eventual else behind
