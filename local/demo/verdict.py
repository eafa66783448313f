"""Compare two independent readings of the tenant, and say what is left and whether it was left on purpose.

Pure. An object that exists now and did not before is rogue: a recovery leaves it alone unless it was asked to.
"""

from __future__ import annotations

from typing import Any

import msgspec

from local.demo.independent import Reading


class Verdict(msgspec.Struct, frozen=True):
    """What separates the tenant from what it was: `differences` were to be repaired, `rogue` were not."""

    differences: tuple[str, ...]
    rogue: tuple[str, ...]


def remaining(before: Reading, after: Reading) -> Verdict:
    """Return every object and link that is not as it was before the incident."""
    differences: list[str] = []
    rogue: list[str] = []
    for name, was in before.objects.items():
        now = after.objects[name]
        differences += [f"{name} {known}: gone" for known in sorted(was.keys() - now.keys())]
        rogue += [f"{name} {known}: {now[known].get('displayName')}" for known in sorted(now.keys() - was.keys())]
        for known in sorted(was.keys() & now.keys()):
            names = sorted(_differing(was[known], now[known]))
            differences += [f"{name} {known}: {', '.join(names)}"] if names else []
    made = {line.split()[1].rstrip(":") for line in rogue}
    for reference, groups in before.links.items():
        for group, targets in groups.items():
            present = after.links[reference].get(group, frozenset())
            differences += [f"{reference} of {group}: {end} is missing" for end in sorted(targets - present)]
            differences += [f"{reference} of {group}: {end} was added" for end in sorted(present - targets - made)]
    return Verdict(tuple(differences), tuple(rogue))


def strayed(writes: list[dict[str, Any]], reported: set[str]) -> list[str]:
    """Return the writes of Tidemark to objects that the difference report did not name: there must be none."""
    return [f"{write['method']} {write['path']}" for write in writes if write["object_id"] not in reported]


def _differing(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [name for name in {*was, *now} if _plain(was.get(name)) != _plain(now.get(name))]


def _plain(value: Any) -> Any:
    """Return a value in which collections have one order: Graph promises none."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted((_plain(inner) for inner in value), key=lambda inner: msgspec.json.encode(inner, order="sorted"))
    return value
