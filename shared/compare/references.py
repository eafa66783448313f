"""Which references of an object may be compared and written as links at all.

Pure. The members of a dynamic group follow from its rule; those of an object mastered on premises follow from Active
Directory. Neither is shown as a link change, as in Microsoft's own reports ("Native behaviour", sections 4 and 5).
"""

from __future__ import annotations

from shared.catalogue.entry import ObjectType
from shared.compare.judge import is_mastered_on_premises
from shared.domain.changes import Json, LinkDifference


def writable_references(entry: ObjectType, *bodies: Json | None) -> frozenset[str]:
    """Return the names of the references that are links in all the given states of one object."""
    if any(is_mastered_on_premises(body) for body in bodies):
        return frozenset()
    markers = {marker for body in bodies if body for marker in body.get("groupTypes") or ()}
    return frozenset(known.name for known in entry.references if known.dynamic_marker not in markers)


def kept_links(
    entry: ObjectType, links: tuple[LinkDifference, ...], *bodies: Json | None
) -> tuple[LinkDifference, ...]:
    """Return the link differences that are not computed by something else."""
    names = writable_references(entry, *bodies)
    return tuple(link for link in links if link.reference in names)
