"""Every state that a plan leads through, wave by wave, in the order of execution.

Pure. References are laid out only once restores are done (decision D13); what they will come to is foretold here from
the differences and from the snapshot: a restored object has the snapshot's references after the links wave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from shared.catalogue.authentication import AUTHENTICATION_STRENGTH
from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.group import GROUP
from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.roles import ROLE_ASSIGNMENT
from shared.catalogue.tenant_settings import SECURITY_DEFAULTS
from shared.catalogue.user import USER
from shared.catalogue.waves import Wave
from shared.domain.changes import Action, Change, Json
from shared.recover.lockout.policies import ENABLED, is_enforced
from shared.recover.lockout.state import Edge, State, united, upwards
from shared.recover.rewriting import ids_in

POLICY, LOCATION, PERSON, TEAM = CONDITIONAL_ACCESS_POLICY.name, NAMED_LOCATION.name, USER.name, GROUP.name
STRENGTH, ASSIGNMENT, DEFAULTS = AUTHENTICATION_STRENGTH.name, ROLE_ASSIGNMENT.name, SECURITY_DEFAULTS.name
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"  # "Microsoft Entra built-in roles": its template id
EVERYWHERE = "/"  # directoryScopeId of the whole tenant
DYNAMIC = "DynamicMembership"
RULE = frozenset({"groupTypes", "membershipRule", "membershipRuleProcessingState"})
Waves = Mapping[Wave, Sequence[Change]]


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan will bring up: bodies in the recycle bin by id, and the snapshot's references of restored objects.

    `is_relinked` is false when groups are out of the recovery's scope: then what restores brought back stays as it is.
    """

    deleted: Mapping[str, Json] = {}
    settled: frozenset[Edge] = frozenset()
    is_relinked: bool = True


class Stretch(msgspec.Struct, frozen=True):
    """One wave: the state it starts from, the state it leads to, and the changes between them."""

    wave: Wave
    changes: Sequence[Change]
    before: State
    after: State


def stretches(live: State, waves: Waves, outlook: Outlook) -> Iterator[Stretch]:
    """Yield every wave that the guard has to look at, in order; the links wave is always one of them."""
    before = live
    for wave in sorted({*waves, Wave.LINKS}):
        changes = waves.get(wave, ())
        after = before
        for change in changes:
            after = applied(after, change, outlook)
        if wave is Wave.LINKS and outlook.is_relinked:
            after = _settled(after, outlook)
        yield Stretch(wave, changes, before, after)
        before = after


def applied(state: State, change: Change, outlook: Outlook) -> State:
    """Return the state after one change of any type; a change that the guard does not care for changes nothing."""
    one = change.object_id.lower()
    if change.type == PERSON:
        is_known = one in state.accounts or one in state.admins
        return _person(state, one, change, outlook) if is_known else state
    if change.type == TEAM:
        return _team(state, one, change, outlook)
    if change.type == POLICY:
        return _policy(state, one, change, outlook)
    return _other(state, one, change)


def _other(state: State, one: str, change: Change) -> State:
    if change.type == ASSIGNMENT:
        return _assigned(state, change)
    if change.type == STRENGTH and change.action is Action.RECREATE and state.strengths is not None:
        return msgspec.structs.replace(state, strengths=state.strengths | {one})
    if change.type == DEFAULTS:
        return msgspec.structs.replace(state, has_defaults=bool(change.target.get("isEnabled", state.has_defaults)))
    if change.type == LOCATION and change.action in {Action.RESTORE, Action.RECREATE, Action.SOFT_DELETE}:
        is_there = change.action is not Action.SOFT_DELETE
        return msgspec.structs.replace(
            state, locations=state.locations | {one} if is_there else state.locations - {one}
        )
    return state


def _person(state: State, one: str, change: Change, outlook: Outlook) -> State:
    forms: tuple[Json | None, ...] = (None,)
    vague = state.vague | state.dynamic  # rules of dynamic groups may decide anew about whoever was changed
    assigned = state.assigned
    if change.action is Action.RESTORE:
        forms, vague = (outlook.deleted.get(one),), vague | {one}
        # Its role assignments come back with it; an emergency account is taken to have had the role.
        assigned = assigned | {one} if assigned is not None and one in state.accounts else assigned
    elif change.action is Action.UPDATE:
        known = state.accounts.get(one) or state.admins[one]
        forms = tuple({**form, **change.target} if form is not None else None for form in known)
    accounts = {**state.accounts, one: forms} if one in state.accounts else state.accounts
    admins = {**state.admins, one: forms} if one in state.admins else state.admins
    return msgspec.structs.replace(state, accounts=accounts, admins=admins, vague=vague, assigned=assigned)


def administrator_in(assignment_id: str) -> str:
    """Return to whom an assignment (by Tidemark's id of it) gives Global Administrator everywhere, empty if it doesn't.

    The id is made of the principal, the role and the scope (catalogue/roles.py).
    """
    principal, role, scope = [*assignment_id.lower().split("/", 2), "", ""][:3]
    return principal if role == GLOBAL_ADMINISTRATOR and scope == EVERYWHERE else ""


def _assigned(state: State, change: Change) -> State:
    principal = administrator_in(change.object_id)
    if not principal or state.assigned is None:
        return state
    is_gone = change.action is Action.REMOVE
    assigned = state.assigned - {principal} if is_gone else state.assigned | {principal}
    return msgspec.structs.replace(state, assigned=assigned)


def asked_for(group: str, body: Json) -> frozenset[Edge]:
    """Return the group with each other one whose members its rule asks for ("user.memberof -any (...)")."""
    rule = str(body.get("membershipRule") or "").lower()
    return frozenset((group, other) for other in ids_in(rule)) if "memberof" in rule else frozenset()


def _team(state: State, one: str, change: Change, outlook: Outlook) -> State:
    if change.action is not Action.UPDATE or RULE & change.target.keys():
        # Who is in a group, and whether it is there, makes the rules that ask for it decide anew, and those that ask
        # for their groups. A rule of the group's own that changes chooses others.
        asking = upwards(state.by_groups, one)
        state = msgspec.structs.replace(state, vague=state.vague | asking)
    edge = (one, change.other_id.lower())
    if change.action is Action.LINK and change.reference == "members":
        return msgspec.structs.replace(state, links=state.links | {edge}, may=state.may | {edge})
    if change.action is Action.UNLINK and change.reference == "members":
        return msgspec.structs.replace(state, links=state.links - {edge}, may=state.may - {edge})
    if change.action is Action.SOFT_DELETE:
        return msgspec.structs.replace(state, groups=state.groups - {one}, vague=state.vague - {one})
    if change.action in {Action.RESTORE, Action.RECREATE}:
        body = change.target if change.action is Action.RECREATE else outlook.deleted.get(one, {})
        return _restored_team(state, one, body, outlook)
    if change.action is Action.UPDATE and RULE & change.target.keys():
        is_dynamic = DYNAMIC in (change.target.get("groupTypes") or ()) or one in state.dynamic
        dynamic = state.dynamic | {one} if is_dynamic else state.dynamic
        by_groups = state.by_groups | asked_for(one, change.target)
        return msgspec.structs.replace(state, vague=state.vague | {one}, dynamic=dynamic, by_groups=by_groups)
    return state


def _restored_team(state: State, one: str, body: Json, outlook: Outlook) -> State:
    """Return the state once a group is back: the snapshot says who may be in it, and proves nobody's membership yet."""
    is_dynamic = DYNAMIC in (body.get("groupTypes") or ())
    return msgspec.structs.replace(
        state,
        groups=state.groups | {one},
        vague=state.vague | {one},
        dynamic=state.dynamic | {one} if is_dynamic else state.dynamic,
        by_groups=state.by_groups | asked_for(one, body),
        may=state.may | {edge for edge in outlook.settled if one in edge},
    )


def _policy(state: State, one: str, change: Change, outlook: Outlook) -> State:
    forms = state.policies.get(one, ())
    if change.action is Action.RESTORE:
        body = outlook.deleted.get(one)
        forms = (body,) if body is not None else forms
    elif change.action is Action.RECREATE:
        forms = (change.target,)
    elif change.action is Action.SOFT_DELETE:
        forms = ()
    elif change.action is Action.UPDATE:
        # Graph may lay complex values over what is there or put them in its place; the guard holds for both.
        replaced = tuple({**form, **change.target} for form in forms)
        forms = united(replaced, tuple(merged(form, change.target) for form in forms))
        # One that is to be switched on and was not seen, because a replica lags, is what it is to be.
        forms = forms or ((change.target,) if change.target.get("state") == ENABLED else ())
    return msgspec.structs.replace(state, policies={**state.policies, one: forms})


def counts_after(state: State, change: Change, outlook: Outlook) -> bool:
    """Tell whether the policy that a change is about may decide over sign-ins after it."""
    return any(map(is_enforced, applied(state, change, outlook).policies.get(change.object_id.lower(), ())))


def merged(current: Any, change: Any) -> Any:
    """Return `change` laid over `current`, complex values member by member."""
    if not isinstance(current, dict) or not isinstance(change, dict):
        return change
    return {**current, **{name: merged(current.get(name), value) for name, value in change.items()}}


def _settled(state: State, outlook: Outlook) -> State:
    """Return the state once references were read again: those of restored objects are the snapshot's."""
    restored = {group for group in state.vague if group not in state.dynamic}
    links = state.links | {edge for edge in outlook.settled if edge[0] in state.groups}
    return msgspec.structs.replace(state, links=links, may=state.may | links, vague=state.vague - restored)
