"""What each rule finds wrong in one state, or in one wave of a plan (docs/lockout.md numbers the rules).

Pure. A finding names the policy where there is one, and the emergency accounts that it endangers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from shared.catalogue.waves import Wave
from shared.compare.judge import is_mastered_on_premises
from shared.domain.changes import Action, Json
from shared.recover.lockout.policies import (
    ENABLED,
    excludes,
    includes,
    is_enforced,
    is_hard,
    locations_named,
    named_under,
    strengths_named,
)
from shared.recover.lockout.state import State, administrators, surely_in
from shared.recover.lockout.walk import DYNAMIC, LOCATION, PERSON, POLICY, RULE, TEAM, Stretch

ACCOUNTS_MIN = 2  # "Manage emergency access accounts": two or more
ADMINISTRATORS_MIN = 2  # rule 5: one alone is one lost password away from none
CLOUD_DOMAIN = ".onmicrosoft.com"
ONE_TO_ALL = "it may demand of every emergency account what only an excluded one is sure to escape"


class Finding(msgspec.Struct, frozen=True):
    """What is wrong: the rule, the policy (or account, or group) it is about, and in words.

    `form` is the policy as it stands when the finding holds, `endangered` the accounts it holds for.
    """

    rule: int
    subject: str
    name: str
    fact: str
    endangered: frozenset[str] = frozenset()
    form: Json | None = None


def account_problem(form: Json | None) -> str:
    """Return why an emergency account could not be relied on, empty when it can."""
    if form is None:
        return "does not exist or is in the recycle bin"
    if form.get("accountEnabled") is not True:
        return "is disabled"
    if form.get("onPremisesSyncEnabled") is True or is_mastered_on_premises(form):
        return "is mastered on premises"
    name = str(form.get("userPrincipalName") or "").lower()
    if not name.endswith(CLOUD_DOMAIN):
        return f"is called {name!r}: a name of *{CLOUD_DOMAIN} alone needs no other domain and no federation"
    return ""


def usable(state: State) -> frozenset[str]:
    """Return the emergency accounts that can be relied on in every form they may have."""
    return frozenset(known for known in state.accounts if not _problem(state, known))


def _problem(state: State, account: str) -> str:
    """Return why an emergency account cannot be relied on, empty when it can; roles that were not read say nothing."""
    if found := next(filter(None, map(account_problem, state.accounts[account])), ""):
        return found
    if state.assigned is not None and account not in administrators(state):
        return "does not hold Global Administrator by an active assignment over the whole tenant"
    return ""


def rule_1(state: State) -> Iterator[Finding]:
    """At least two emergency accounts exist, are enabled, cloud-only and active Global Administrators."""
    good = usable(state)
    if len(good) >= ACCOUNTS_MIN:
        return
    if len(state.accounts) < ACCOUNTS_MIN:
        fact = f"{len(state.accounts)} emergency account is configured, at least {ACCOUNTS_MIN} are needed"
        yield Finding(1, "", "TIDEMARK_EMERGENCY_ACCOUNTS", fact)
        return
    for known in sorted(state.accounts.keys() - good):
        yield Finding(1, known, "emergency account", f"it {_problem(state, known)}", frozenset({known}))


def rule_2(state: State) -> Iterator[Finding]:
    """Every enforced policy spares an emergency account (all of them, when it may demand more than a second factor)."""
    reached = [
        (Finding(2, policy, str(form.get("displayName") or ""), ONE_TO_ALL, caught, form), is_hard(form))
        for policy, form in _enforced(state)
        if (caught := locked(state, form))
    ]
    yield from unspared(reached, usable(state))


def unspared(reached: Iterable[tuple[Finding, bool]], good: frozenset[str]) -> Iterator[Finding]:
    """Yield, of the policies that may reach emergency accounts, those that have to spare more of them.

    With each goes whether it may demand more than a second factor; `good` are the accounts that can be relied on.
    """
    free = set(good)
    strict: list[Finding] = []
    for finding, may_block in reached:
        free -= finding.endangered
        if may_block:
            fact = "it may block, or demand what an emergency account cannot give, and does not exclude all of them"
            yield msgspec.structs.replace(finding, fact=fact)
        elif not good - finding.endangered:
            yield finding
        else:
            strict.append(finding)
    if not free:
        # Each spares one account, but no account is spared by all of them.
        for finding in strict:
            yield msgspec.structs.replace(finding, fact="with the other policies, it leaves no account spared by all")


def rule_4(state: State) -> Iterator[Finding]:
    """Every named location and authentication strength exists that an enforced policy speaks of."""
    for policy, form in _enforced(state):
        for missing in sorted(strengths_named(form) - state.strengths if state.strengths is not None else ()):
            fact = f"it demands the authentication strength {missing}, which does not exist then"
            yield Finding(4, policy, str(form.get("displayName") or ""), fact, form=form)
        for missing in sorted(locations_named(form) - state.locations):
            fact = f"it speaks of the named location {missing}, which does not exist then"
            yield Finding(4, policy, str(form.get("displayName") or ""), fact, form=form)


def rule_5(live: State, state: State) -> Iterator[Finding]:
    """At least two enabled Global Administrators stay, or all that there are."""
    if state.assigned is None:
        return
    before, after = administrators(live), administrators(state)
    if len(after) < ADMINISTRATORS_MIN and before - after:
        fact = (
            f"only {len(after)} enabled Global Administrators would be left, at least {ADMINISTRATORS_MIN} have to be"
        )
        yield Finding(5, min(before - after), "Global Administrator", fact, before - after)


def rule_6(state: State) -> Iterator[Finding]:
    """Security defaults and enforced policies are never on together."""
    for policy, form in _enforced(state) if state.has_defaults else ():
        fact = "security defaults are on then, and Entra has one or the other: switch them off first"
        yield Finding(6, policy, str(form.get("displayName") or ""), fact, form=form)


def locked(state: State, form: Json) -> frozenset[str]:
    """Return the emergency accounts that the policy may apply to and does not certainly exclude."""
    return frozenset(
        known
        for known, forms in state.accounts.items()
        if includes(form, state, known, forms) and not excludes(form, state, known)
    )


def _enforced(state: State) -> Iterator[tuple[str, Json]]:
    for policy, forms in sorted(state.policies.items()):
        yield from ((policy, form) for form in forms if is_enforced(form))


def rule_3(live: State, final: State, stretch: Stretch) -> Iterator[Finding]:
    """No group through which policies spare an emergency account is deleted, emptied or made dynamic."""
    named = {
        group
        for state in (live, final)
        for forms in state.policies.values()
        for form in forms
        for group in named_under(form, "excludeGroups")
    }
    holding = {group for account in live.accounts for group in surely_in(live, account) | surely_in(final, account)}
    for group in sorted(named & holding):
        fact = _harm(stretch, group)
        if fact:
            yield Finding(3, group, "excluded group", fact)


def _harm(stretch: Stretch, group: str) -> str:
    for change in stretch.changes:
        if change.type == TEAM and change.object_id.lower() == group:
            if change.action is Action.SOFT_DELETE:
                return "it would be deleted"
            if change.action is Action.UPDATE and DYNAMIC in (change.target.get("groupTypes") or ()):
                return "it would be made dynamic"
            if change.action is Action.UPDATE and group in stretch.before.dynamic and RULE & change.target.keys():
                return "the rule that fills it would change"
    held_before, held_after = (_held(state, group) for state in (stretch.before, stretch.after))
    return "it would lose its last emergency account" if held_before and not held_after else ""


def _held(state: State, group: str) -> set[str]:
    return {account for account in state.accounts if group in surely_in(state, account)}


def rule_7(stretch: Stretch) -> Iterator[Finding]:
    """Policies come after what they name, and are switched on in the last stage only.

    A policy that comes out of the recycle bin is in the state it was deleted in; nothing can stage that, so only
    rules 2 and 4 judge it.
    """
    for change in stretch.changes:
        policy = change.object_id.lower()
        if change.type == POLICY and change.action is Action.UPDATE and stretch.wave is not Wave.POLICY_ENABLE:
            forms = stretch.before.policies.get(policy, ())
            if change.target.get("state") == ENABLED and not all(is_enforced(form) for form in forms):
                yield Finding(7, policy, change.display_name, "it would be switched on without being staged first")
        is_needed = change.type in {LOCATION, TEAM, PERSON} and change.action is not Action.SOFT_DELETE
        if is_needed and stretch.wave >= Wave.POLICY_RESTORE:
            yield Finding(7, policy, change.display_name, "it would be brought back only after the policies")
