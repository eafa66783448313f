"""Leave to people the grants and assignments of what does not come back: Graph refuses them while nobody holds them.

Pure. An object that is deleted for good and not created anew (not asked for, or not to be created through Graph) is a
manual step already. What was granted to it, or on it, is one too, to be done after that.

Promises (tests/unit/recover/test_orphans.py):
  O1  a grant or assignment is left alone exactly when it names an object of the report that stays gone
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from shared.catalogue.types import type_named
from shared.domain.changes import Action, Difference
from shared.domain.jobs import Options
from shared.recover.plan import left_alone
from shared.recover.rewriting import ids_in, is_known_by_content

ORPHANED = "names what is deleted for good and not created anew: make that first, then this with the new id"
ORPHANED_UNASKED = "names what is deleted for good: made again only when that is created anew (recreateHardDeleted)"


def staying_gone(rows: Iterable[Difference], options: Options) -> frozenset[str]:
    """Return the ids of the objects of these rows that the plan does not bring back."""
    found: set[str] = set()
    for row in rows:
        is_object = row.action is Action.RECREATE and not is_known_by_content(type_named(row.type))
        if is_object and left_alone(row, options):
            found.add(row.object_id.lower())
    return frozenset(found)


def orphaned(row: Difference, options: Options, gone: Collection[str]) -> str:
    """Return why a grant or assignment is not made again, empty when it is, or when the row is of something else."""
    entry = type_named(row.type)
    if not gone or row.action is not Action.RECREATE or not is_known_by_content(entry):
        return ""
    ends = {name: row.target.get(name) for name in entry.ends}
    if ids_in(ends).isdisjoint(gone):
        return ""
    return ORPHANED if options.recreate_deleted else ORPHANED_UNASKED
