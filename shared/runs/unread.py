"""What a recovery leaves alone where Graph does not let us read what the lock-out guard has to know.

Without policies or roles nobody can tell whom a change would lock out. Whatever could matter to an emergency account
stays as it is, with that reason; everything else of the plan goes on. Reads only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.domain.changes import Action, Difference
from shared.domain.errors import LockOutError
from shared.domain.jobs import Options
from shared.recover.lockout.walk import ASSIGNMENT, DEFAULTS, LOCATION, PERSON, POLICY, RULE, STRENGTH, TEAM
from shared.recover.plan import left_alone

SPARED_MAX = 500  # a batch's row holds the id and the reason of each: more than that is refused as a whole
BLIND = "the lock-out guard may not read what it has to know: "
POLICIES = frozenset({POLICY, LOCATION, STRENGTH, DEFAULTS})


async def left_unread(
    parts: AsyncIterator[list[Difference]],
    options: Options,
    accounts: Collection[str],
    near: Collection[str],
    why: str,
) -> dict[str, str]:
    """Return why objects are left alone, by id; `near` are the groups that contain one of `accounts`, or are to.

    Raises LockOutError when that is more than a row can tell of.
    """
    found: dict[str, str] = {}
    async for rows in parts:
        for row in rows:
            if not left_alone(row, options) and _could_matter(row, frozenset(accounts), frozenset(near)):
                found[row.object_id] = f"{BLIND}{why}"
        if len(found) > SPARED_MAX:
            needs = ", ".join(CONDITIONAL_ACCESS_POLICY.read_permissions)
            fact = f"{BLIND}{why}; grant it {needs} and RoleManagement.Read.Directory, or recover a smaller scope"
            raise LockOutError(rule=8, subject=f"{len(found)} objects", step="plan", fact=fact)
    return found


def _could_matter(row: Difference, accounts: frozenset[str], near: frozenset[str]) -> bool:
    if row.type in POLICIES:
        return True
    if row.type == ASSIGNMENT:
        return row.action is Action.SOFT_DELETE
    if row.type == PERSON:
        return row.object_id.lower() in accounts
    if row.type != TEAM:
        return False
    is_open = row.action in {Action.RESTORE, Action.RECREATE} or bool(RULE & row.target.keys())
    is_linked = any(link.other_id.lower() in accounts | near for link in row.links)
    return bool(accounts) and (is_open or is_linked or row.object_id.lower() in near)
