"""What the guard knows of a tenant, and who is in which group then.

Pure. A state may stand for one moment or for a whole wave, whose changes run in no promised order. So everything is
kept twice: what holds for certain (an exclusion has to), and what may hold (an inclusion is feared when it may).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

import msgspec

from shared.domain.changes import Json

Edge = tuple[str, str]  # group id, member id
Form = TypeVar("Form")


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The tenant as far as signing in of the emergency accounts depends on it; all ids in lower case.

    `accounts` and `policies` hold every form an object may have; an account that is not live has the form None.
    `groups` and `locations` are those certainly live. `links` certainly hold, `may` perhaps. `vague` are objects whose
    links prove nothing for now: they were just restored, or (a `dynamic` group) a rule decides anew. `by_groups` are
    pairs of a dynamic group and another one that its rule asks for.
    `has_nesting` is false when only direct members are known.

    `admins` are the forms of everybody who is Global Administrator now or on the way, `assigned` the principals (people
    and groups) to which the role is certainly assigned, active and over the whole tenant, None when not read.
    `strengths` are the authentication strengths certainly there, None when not read; `has_defaults` when security
    defaults may be on.
    """

    accounts: Mapping[str, tuple[Json | None, ...]]
    policies: Mapping[str, tuple[Json, ...]] = {}
    groups: frozenset[str] = frozenset()
    dynamic: frozenset[str] = frozenset()
    by_groups: frozenset[Edge] = frozenset()
    links: frozenset[Edge] = frozenset()
    may: frozenset[Edge] = frozenset()
    vague: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    has_nesting: bool = True
    admins: Mapping[str, tuple[Json | None, ...]] = {}
    assigned: frozenset[str] | None = None
    strengths: frozenset[str] | None = None
    has_defaults: bool = False


def between(before: State, after: State) -> State:
    """Return the state that stands for every moment of the wave that leads from `before` to `after`."""
    return State(
        accounts={known: united(before.accounts[known], after.accounts[known]) for known in before.accounts},
        policies={
            known: united(before.policies.get(known, ()), after.policies.get(known, ()))
            for known in {**before.policies, **after.policies}
        },
        groups=before.groups & after.groups,
        dynamic=before.dynamic | after.dynamic,
        by_groups=before.by_groups | after.by_groups,
        links=before.links & after.links,
        may=before.may | after.may,
        vague=before.vague | after.vague,
        locations=before.locations & after.locations,
        has_nesting=before.has_nesting,
        admins={known: united(before.admins[known], after.admins[known]) for known in before.admins},
        assigned=_both(before.assigned, after.assigned),
        strengths=_both(before.strengths, after.strengths),
        has_defaults=before.has_defaults or after.has_defaults,
    )


def _both(some: frozenset[str] | None, more: frozenset[str] | None) -> frozenset[str] | None:
    return None if some is None or more is None else some & more


def united(some: tuple[Form, ...], more: tuple[Form, ...]) -> tuple[Form, ...]:
    """Return the forms of both without repeating one."""
    forms: list[Form] = []
    for form in (*some, *more):
        if form not in forms:
            forms.append(form)
    return tuple(forms)


def surely_in(state: State, account: str) -> frozenset[str]:
    """Return the live groups that certainly contain the account, directly or nested."""
    return upwards(_trusted(state), account)


def _trusted(state: State) -> set[Edge]:
    return {edge for edge in state.links if edge[0] in state.groups and edge[0] not in state.vague}


def perhaps_in(state: State, account: str) -> frozenset[str] | None:
    """Return the groups that may contain the account; None when any group may.

    A rule that is yet to choose may choose anybody. Whom a restored group holds beside those that the snapshot has is
    asked once it is back (recover/lockout/returning.py).
    """
    if account in state.vague or not state.has_nesting:
        return None
    return upwards(state.may | {(group, account) for group in state.vague & state.dynamic}, account)


def administrators(state: State) -> frozenset[str]:
    """Return whoever certainly is an enabled Global Administrator, by an assignment of their own or of a group.

    A group's role reaches its direct members only ("Use Microsoft Entra groups to manage role assignments").
    """
    assigned = state.assigned or frozenset()
    enabled = (known for known, forms in state.admins.items() if all(map(_is_enabled, forms)))
    holding = {one for group, one in _trusted(state) if group in assigned}
    return frozenset(known for known in enabled if known in assigned or known in holding)


def _is_enabled(form: Json | None) -> bool:
    return form is not None and form.get("accountEnabled") is True


def upwards(edges: Collection[Edge], member: str) -> frozenset[str]:
    """Return every group that contains the member by these links, directly or nested."""
    parents: dict[str, list[str]] = {}
    for group, below in edges:
        parents.setdefault(below, []).append(group)
    reached: set[str] = set()
    todo = [member]
    while todo:
        for group in parents.get(todo.pop(), ()):
            if group not in reached:
                reached.add(group)
                todo.append(group)
    return frozenset(reached)
