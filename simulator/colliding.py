"""Two writes that meet on one object: the second is refused with 409 while the first is still spreading.

Microsoft Graph answers Directory_ConcurrencyViolation there. Within one batch that is decided by the batch itself; this
is about requests of their own, of one application or of several. Off unless the switch `collisions` is set.
"""

from collections import Counter
from random import Random

from simulator.errors import collision
from simulator.operations.call import Call
from simulator.switches import Collisions

REMEMBERED_MAX = 100_000  # Objects written last; older ones are long past any wish.


class Colliding:
    """Remembers who wrote what last, on the tenant's clock."""

    def __init__(self, wish: Collisions) -> None:
        self.counts: Counter[str] = Counter()
        self.switch(wish)

    def switch(self, wish: Collisions) -> None:
        """Put other settings in force; what was written before is forgotten."""
        self._wish = wish
        self._random = Random(f"collisions {wish.seed}")
        self._written: dict[str, tuple[float, str]] = {}

    def refuse(self, call: Call) -> None:
        """Refuse a write to an object that another request wrote a moment ago."""
        at, request_id = self._written.get(_written_by(call), (float("-inf"), ""))
        if call.now - at >= self._wish.within_seconds or request_id == call.request_id:
            return
        if self._random.random() < self._wish.share:
            self.counts["collisions"] += 1
            raise collision()

    def note(self, call: Call) -> None:
        """Remember a write that took effect."""
        object_id = _written_by(call)
        if self._wish.within_seconds > 0.0 and object_id:
            self._written.pop(object_id, None)
            self._written[object_id] = (call.now, call.request_id)
            if len(self._written) > REMEMBERED_MAX:
                del self._written[next(iter(self._written))]


def _written_by(call: Call) -> str:
    return call.params.get("id", call.params.get("parent", "")).lower()
