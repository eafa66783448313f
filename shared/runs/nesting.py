"""Find every group that contains an account, directly or through other groups: in a stored state, and in the tenant.

Reads only. Level by level, NESTING_MAX of them at most; each level of stored states is one more pass over their links,
each of the tenant one question for the groups found last.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.catalogue.group import GROUP
from shared.catalogue.user import USER
from shared.domain.ids import KEY_BYTES, key_guid, object_key
from shared.ports import Directory
from shared.recover.lockout.state import Edge
from shared.runs.layers import Readable

MEMBERS = GROUP.reference("members").code
NESTING_MAX = 20  # levels of groups in groups


async def above(accounts: Sequence[str], *sides: Readable) -> list[frozenset[Edge]]:
    """Return the links of each stored state that lead upwards from the accounts.

    From any group that one of the states has them in: a plan leads from one to the other, and puts an account into a
    group of which only the other state tells where that is.
    """
    edges: list[set[Edge]] = [set() for _side in sides]
    level, seen = {object_key(account) for account in accounts}, set[bytes]()
    for _level in range(NESTING_MAX):
        if not level:
            break
        seen |= level
        found = [await _leading_from(level, side) for side in sides]
        for known, rows in zip(edges, found, strict=True):
            known |= {(key_guid(row[1 : 1 + KEY_BYTES]), key_guid(row[1 + KEY_BYTES :])) for row in rows}
        level = {row[1 : 1 + KEY_BYTES] for rows in found for row in rows} - seen
    return list(map(frozenset, edges))


async def _leading_from(level: set[bytes], side: Readable) -> list[bytes]:
    """Return the rows of members that are in `level`, which one pass over all links finds."""
    count = side.manifest.shard_count
    return [
        row
        for shard in range(count)
        for row in await side.links(shard, count)
        if row[0] == MEMBERS and row[1 + KEY_BYTES :] in level
    ]


async def above_now(
    accounts: Sequence[str], directory: Directory, groups: frozenset[str] = frozenset()
) -> frozenset[Edge]:
    """Return the links that lead from the accounts up to every group that contains them now, as their own end tells.

    From `groups`, too: those among them that are live.
    """
    edges: set[Edge] = set()
    entry, level, seen = USER, set(accounts), set[str]()
    for _level in range(NESTING_MAX):
        if not level:
            break
        seen |= level
        held = [one for one in await directory.holders(entry, sorted(level)) if one.reference == "members"]
        found = {(one.source_id.lower(), one.other_id.lower()) for one in held if one.type == GROUP.name}
        edges |= found
        entry, level = GROUP, {*groups, *(group for group, _one in found)} - seen
    return frozenset(edges)
