"""Which references of an object may be compared and written as links at all.

Pure. The members of a dynamic group follow from its rule; those of an object mastered on premises follow from Active
Directory. Neither is shown as a link change, as in Microsoft's own reports ("Native behaviour", sections 4 and 5).
"""

from __future__ import annotations

from collections.abc import Container

from shared.catalogue.entry import ObjectType, plain
from shared.compare.judge import is_mastered_on_premises
from shared.compare.values import TYPE_ANNOTATION
from shared.domain.changes import Json, LinkDifference
from shared.domain.ids import GUID, object_key


def writable_references(entry: ObjectType, *bodies: Json | None) -> frozenset[str]:
    """Return the names of the references that are links in all the given states of one object."""
    if entry.is_synced and any(is_mastered_on_premises(body) for body in bodies):
        return frozenset()
    markers = {marker for body in bodies if body for marker in _markers(body)}
    return frozenset(known.name for known in entry.references if known.dynamic_marker not in markers)


def _markers(body: Json) -> list[str]:
    """Return what says how members are chosen: a group has groupTypes, an administrative unit its membershipType."""
    found = [*(body.get("groupTypes") or ()), body.get("membershipType")]
    return [marker for marker in found if isinstance(marker, str) and marker]


def hangs_on_hidden(
    entry: ObjectType, left: Json | None, right: Json | None, hidden: tuple[set[bytes], set[bytes]]
) -> bool:
    """Tell whether an end of a grant or an assignment is in a side's recycle bin.

    Graph hides it there and brings it back with that object, whose restore or deletion is what is reported.
    """
    for name in entry.ends:
        value = str((left or right or {}).get(name) or "").rpartition("/")[2]
        if GUID.match(value) and any(object_key(value) in keys for keys in hidden):
            return True
    return False


def kept_links(
    entry: ObjectType, links: tuple[LinkDifference, ...], *bodies: Json | None, left_out: Container[str] = ()
) -> tuple[LinkDifference, ...]:
    """Return the link differences that are not computed by something else.

    None of a reference that only derived types have where one of `left_out` is such: a side has not read those.
    """
    if not links:
        return ()
    names = writable_references(entry, *bodies)
    if any(plain(str(body.get(TYPE_ANNOTATION) or "")) in left_out for body in bodies if body):
        names -= {known.name for known in entry.references if known.of_kinds}
    return tuple(link for link in links if link.reference in names)
