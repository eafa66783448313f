"""What two states of a tenant may be asked about each other: types that both captured, properties that both asked for.

Pure. A type that one side does not have was not captured there, and must not look as if all of it had been deleted; a
property that one side did not ask Graph for must not look as if it had been cleared (decision D5).
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.changes import Json
from shared.domain.errors import InputError
from shared.domain.scope import Scope
from shared.formats.manifests import TypeFacts

Facts = Mapping[str, TypeFacts]


def comparable(scope: Scope, target: Facts, current: Facts) -> tuple[list[str], list[str]]:
    """Return the types in scope that both sides have, and those that only one of them has.

    Raises InputError when the scope itself names a type that either side lacks: whoever asks for it must not be told
    that nothing changed.
    """
    asked = {*(scope.types or ()), *(scope.ids or ())}
    both = {*target, *current}
    for name in sorted(asked):
        if name not in target or name not in current:
            side = "the snapshot" if name not in target else "the other side"
            raise InputError(f"{side} has not captured the type {name}, so it cannot be compared", member="scope")
    shared = sorted(name for name in both if name in target and name in current and scope.covers_type(name))
    return shared, sorted(name for name in both if scope.covers_type(name) and name not in shared)


def asked_once(name: str, target: Facts, current: Facts) -> frozenset[str]:
    """Return the properties of a type that exactly one side asked Graph for."""
    return frozenset(target[name].select) ^ frozenset(current[name].select)


def alike(target: Json | None, current: Json | None, once: frozenset[str]) -> tuple[Json | None, Json | None]:
    """Return both bodies without the properties in `once` that only one of them has."""
    if not once or target is None or current is None:
        return target, current
    return _without(target, once - current.keys()), _without(current, once - target.keys())


def _without(body: Json, names: frozenset[str]) -> Json:
    return {name: value for name, value in body.items() if name not in names}
