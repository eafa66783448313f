"""Find every group that contains an account, directly or through other groups: in a stored state, and in the tenant.

Reads only. Level by level, NESTING_MAX of them at most; each level of a stored state is one more pass over its links,
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


async def above(accounts: Sequence[str], side: Readable) -> frozenset[Edge]:
    """Return the links that lead from the accounts up to every group that contains them in a stored state."""
    edges: set[Edge] = set()
    level, seen = {object_key(account) for account in accounts}, set[bytes]()
    shard_count = side.manifest.shard_count
    for _level in range(NESTING_MAX):
        if not level:
            break
        seen |= level
        found = [
            row
            for shard in range(shard_count)
            for row in await side.links(shard, shard_count)
            if row[0] == MEMBERS and row[1 + KEY_BYTES :] in level
        ]
        edges |= {(key_guid(row[1 : 1 + KEY_BYTES]), key_guid(row[1 + KEY_BYTES :])) for row in found}
        level = {row[1 : 1 + KEY_BYTES] for row in found} - seen
    return frozenset(edges)


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
