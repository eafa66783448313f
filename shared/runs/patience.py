"""Give Graph time to know what this recovery has created: a new object may be unknown to a replica for minutes.

"Microsoft Graph: facts", section 6: a 404 that names an object created moments ago says "later", not "no". Reads only;
a crash costs the waiting again.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.catalogue.entry import ObjectType
from shared.domain.changes import Change
from shared.domain.errors import TransientError
from shared.domain.writes import Answer
from shared.ports import Clock, Directory, Found
from shared.recover.decide import Look
from shared.runs.looks import looked
from shared.runs.renewing import Renewed

LAG_SECONDS, LAG_ROUNDS_MAX = 20.0, 6  # two minutes at a time; a message that is delivered again waits once more
# What Graph says of a reference to something that it does not know.
UNKNOWN_CODES = frozenset({"NoBackingApplicationObject", "Request_ResourceNotFound", "Request_BadRequest"})


class Patience:
    """Waits, where waiting can help."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory, self._clock = directory, clock

    async def looked(self, entry: ObjectType, changes: Sequence[Change], renewed: Renewed) -> dict[str, Look]:
        """Return what is live of each object; raise TransientError while one that was just created is nowhere."""
        looks: dict[str, Look] = {}
        for wait in range(LAG_ROUNDS_MAX + 1):
            missing = [change for change in changes if is_unseen(looks.get(change.object_id), change, renewed)]
            if not missing:
                break
            if wait:
                await self._clock.sleep(LAG_SECONDS)
            looks |= await looked(self._directory, entry, changes if not looks else missing)
        absent = [change for change in changes if is_unseen(looks[change.object_id], change, renewed)]
        if absent:
            raise TransientError(f"{entry.name} {absent[0].object_id} was created moments ago and is not seen yet")
        return looks

    async def found(self, entry: ObjectType, object_ids: Sequence[str], renewed: Renewed) -> dict[str, Found]:
        """Return the present state of each object; raise TransientError while one that was just created is nowhere."""
        found: dict[str, Found] = {}
        missing = list(object_ids)
        for wait in range(LAG_ROUNDS_MAX + 1):
            if not missing:
                return found
            if wait:
                await self._clock.sleep(LAG_SECONDS)
            found |= await self._directory.find(entry, missing)
            missing = [known for known in missing if found[known].body is None and known.lower() in renewed.young]
        if missing:
            raise TransientError(f"{entry.name} {missing[0]} was created moments ago and is not seen yet")
        return found

    async def rest(self) -> None:
        """Return one round later."""
        await self._clock.sleep(LAG_SECONDS)


def is_unseen(look: Look | None, change: Change, renewed: Renewed) -> bool:
    """Tell whether the object has not been looked at yet, or is one of ours that no replica has shown yet."""
    return look is None or (look.body is None and change.object_id.lower() in renewed.young)


def is_too_early(answer: Answer, changes: Sequence[Change], renewed: Renewed) -> bool:
    """Tell whether Graph may only not know yet what a request names."""
    is_unknown = answer.status == 404 or (answer.status == 400 and answer.code in UNKNOWN_CODES)
    return is_unknown and any(renewed.is_named_in(change) for change in changes)
