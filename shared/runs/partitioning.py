"""Ask the tenant where a large collection may be cut into ranges that workers read side by side.

Writes nothing, so a crash at any line costs asking again. Other answers to the same questions only cut elsewhere.
"""

from __future__ import annotations

import logging

from shared.catalogue.entry import ObjectType
from shared.domain.errors import DirectoryError
from shared.jobs import partitions
from shared.ports import Directory

log = logging.getLogger(__name__)
NOT_SUPPORTED = frozenset({400, 501})


async def filters_of(directory: Directory, entry: ObjectType, total: int | None, objects_max: int) -> list[str]:
    """Return the $filter of each range of the live objects of `entry`, a single empty one where it is read whole.

    A tenant that refuses to count by ranges is read whole too: ranges are for speed, never for the truth.
    """
    if not entry.split_by or total is None or total <= objects_max:
        return [""]
    at: dict[str, int] = {}
    try:
        for _round in range(partitions.ROUNDS_MAX):
            wanted = partitions.questions(at, objects_max)
            if not wanted:
                break
            within = [partitions.at_or_after(entry.split_by, cut) for cut in wanted]
            at.update(zip(wanted, await directory.counts(entry, within), strict=True))
    except DirectoryError as error:
        if error.status not in NOT_SUPPORTED:
            raise
        log.warning("ranges refused", extra={"type": entry.name, "reason": str(error)})
        return [""]
    cuts = partitions.cuts(at, total, objects_max)
    return partitions.ranges(entry.split_by, cuts, may_be_null=entry.split_by_null)
