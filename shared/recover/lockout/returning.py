"""What a group that comes back can do to policies that the plan does not touch, told once the group is there.

Pure. Entra hides of a soft-deleted group which groups it is in until it is live again. So a plan may be harmless as far
as anybody can know, and yet bring a group with emergency accounts in it back into another one that an enforced policy
is for. What is kept of the plan, its exposure, says which policies could reach more accounts then. From the memberships
that are to be seen after a restore follows which of the restored groups made one do so.

An exclusion counts only if it holds at every moment of the plan; an account is in a group if it may be at any.

Promises (tests/unit/recover/lockout/test_returning.py):
  B1  nothing is exposed where no group that comes back could make an enforced policy reach one more account
  B2  of the groups that came back together, those are named that made rule 2 broken, and no others
  B3  what was wrong before a group came back is not its doing
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import reduce

import msgspec

from shared.domain.changes import Action
from shared.domain.exposures import Exposed, Exposure
from shared.recover.lockout.policies import is_enforced, is_hard, named_under
from shared.recover.lockout.rules import ONE_TO_ALL, Finding, locked, unspared, usable
from shared.recover.lockout.state import Edge, State, between, perhaps_in, upwards
from shared.recover.lockout.walk import TEAM, Outlook, Waves, stretches


def exposed(live: State, waves: Waves, outlook: Outlook) -> Exposure | None:
    """Return what the groups that the plan restores could be to policies, None where no restore can matter."""
    teams = [change for changes in waves.values() for change in changes if change.type == TEAM]
    if not any(change.action is Action.RESTORE for change in teams) or not any(_is_for_groups(live)):
        return None
    span = _whole(live, waves, outlook)
    within = {account: perhaps_in(span, account) for account in span.accounts}
    known = {account: groups for account, groups in within.items() if groups is not None}
    policies = tuple(_exposed(live, span))
    if not any(one.reachable for one in policies):
        return None
    return Exposure(
        accounts={account: tuple(sorted(known.get(account, ()))) for account in sorted(span.accounts)},
        usable=tuple(sorted(usable(span))),
        policies=policies,
    )


def harm(exposure: Exposure, edges: Collection[Edge], restored: Sequence[str]) -> dict[str, Finding]:
    """Return, of the groups that were restored, those that broke rule 2 by what they came back into, each with how.

    `edges` are the memberships that lead upwards from the accounts and their groups by now. Groups are judged in order,
    each beside those before it that stay.
    """
    ties = {*edges, *((group, account) for account, groups in exposure.accounts.items() for group in groups)}
    linked = {node for edge in ties for node in edge}
    out = linked & set(restored)  # most groups that come back have nothing to do with the accounts
    before = list(_broken(exposure, _without(ties, out)))
    found: dict[str, Finding] = {}
    for one in filter(linked.__contains__, restored):
        broken = _broken(exposure, _without(ties, out - {one}))
        fresh = next((finding for finding in broken if not _was(finding, before)), None)
        if fresh is None:
            out.discard(one)
        else:
            found[one] = fresh
    return found


def _is_for_groups(live: State) -> Iterator[bool]:
    """Tell of every enforced policy whether it is for groups at all; few tenants have one."""
    for forms in live.policies.values():
        yield any(is_enforced(form) and named_under(form, "includeGroups") for form in forms)


def _whole(live: State, waves: Waves, outlook: Outlook) -> State:
    """Return the state that stands for every moment of the plan, with the policies that are there before it."""
    states = [stretch.after for stretch in stretches(live, waves, outlook)]
    return msgspec.structs.replace(reduce(between, states, live), policies=live.policies)


def _exposed(live: State, span: State) -> Iterator[Exposed]:
    anywhere = msgspec.structs.replace(span, has_nesting=False)
    for policy, forms in sorted(live.policies.items()):
        for form in filter(is_enforced, forms):
            reached = locked(span, form)
            reachable = locked(anywhere, form) - reached
            if reached or reachable:
                yield Exposed(
                    policy_id=policy,
                    display_name=str(form.get("displayName") or ""),
                    groups=tuple(sorted(named_under(form, "includeGroups"))),
                    is_hard=is_hard(form),
                    reached=tuple(sorted(reached)),
                    reachable=tuple(sorted(reachable)),
                )


def _broken(exposure: Exposure, ties: Collection[Edge]) -> Iterator[Finding]:
    """Yield what rule 2 finds wrong with these memberships."""
    within = {account: upwards(ties, account) for account in exposure.accounts}
    reached: list[tuple[Finding, bool]] = []
    for one in exposure.policies:
        more = {known for known in one.reachable if not within[known].isdisjoint(one.groups)}
        if caught := frozenset({*one.reached, *more}):
            reached.append((Finding(2, one.policy_id, one.display_name, ONE_TO_ALL, caught, {}), one.is_hard))
    yield from unspared(reached, frozenset(exposure.usable))


def _without(ties: Collection[Edge], groups: Collection[str]) -> set[Edge]:
    return {edge for edge in ties if edge[0] not in groups and edge[1] not in groups}


def _was(finding: Finding, before: Sequence[Finding]) -> bool:
    return any(one.subject == finding.subject and one.endangered >= finding.endangered for one in before)
