"""What two states of an object may be asked about each other: properties that both captures asked Graph for.

Pure. A property that one side never asked for must not look as if it had been cleared (decision D5).
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.changes import Json
from shared.formats.manifests import TypeFacts

Facts = Mapping[str, TypeFacts]


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
