"""New ids for the guard, before anybody knows them: an object that is to be created anew is not the one that is gone.

Pure. A policy that excludes a purged group spares nobody until it names the new group; by the old id the guard would
take the new group's members for spared from the moment the group exists. So the plan is judged with ids of its own for
what it creates.

Promise (tests/unit/recover/lockout/test_stand_ins.py):
  S1  what names a purged object now names nothing that the plan brings back, until the plan rewrites it
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from shared.catalogue.waves import Wave
from shared.domain.changes import Change
from shared.domain.renewals import IdMap
from shared.recover.recreating import is_created_anew, own_ids
from shared.recover.rewriting import rewritten

NAMESPACE = uuid.UUID("6f0d5c1e-6f0a-5b6a-9a0e-71de3a4b0002")


class StandIns:
    """Ids that stand for those of everything that is to be created anew, gathered change by change."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._types: set[str] = set()

    def add(self, changes: Iterable[Change]) -> None:
        """Take changes of a plan, of which those that create something anew count."""
        for change in changes:
            if is_created_anew(change):
                self._types.add(change.type)
                self._ids |= {old: str(uuid.uuid5(NAMESPACE, old)) for old in own_ids(change)}

    def map(self) -> IdMap:
        """Return an id for every old one."""
        return IdMap(self._ids, frozenset(self._types))


def standing_in(changes: Iterable[Change]) -> IdMap:
    """Return an id for everything that these changes create anew."""
    found = StandIns()
    found.add(changes)
    return found.map()


def as_if_made(waves: Mapping[Wave, Sequence[Change]], ids: Mapping[str, str]) -> dict[Wave, list[Change]]:
    """Return the plan with the ids that stand for those to come."""
    return {wave: [_stood_in(change, ids) for change in changes] for wave, changes in waves.items()}


def _stood_in(change: Change, ids: Mapping[str, str]) -> Change:
    made = rewritten(change, ids)
    if not is_created_anew(change):
        return made
    return msgspec.structs.replace(made, object_id=ids[change.object_id.lower()])
