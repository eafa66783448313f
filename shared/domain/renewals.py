"""Objects that were created anew: which new id stands for which old one.

Pure values, stored as they are. Nobody outside Microsoft can give an object its old id back, so whatever speaks of it
from before has to be read with these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

CHAIN_MAX = 1_000  # an object that was created anew is lost and created anew again: at most once a recovery


class Renewal(msgspec.Struct, frozen=True, kw_only=True):
    """One object that was created anew by a recovery; ids are in lower case.

    An application has two names: others know it by its appId, which is new too. `at` is when the recovery knew of it.
    """

    type: str
    old_id: str
    new_id: str
    job_id: str
    at: datetime
    display_name: str = ""
    old_app_id: str = ""
    new_app_id: str = ""


class IdMap(msgspec.Struct, frozen=True):
    """The present id for every old one, appIds among them, and the types of the objects that have new ones."""

    ids: Mapping[str, str] = {}
    types: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.ids)


def id_map(renewals: Iterable[Renewal]) -> IdMap:
    """Return the map that these renewals come to."""
    listed = list(renewals)
    return IdMap(new_ids(listed), frozenset(one.type for one in listed))


def new_ids(renewals: Iterable[Renewal]) -> dict[str, str]:
    """Return the present id for every old one, appIds among them; of two renewals of one object the later counts.

    An object that was created anew twice has two old ids and one present one.
    """
    direct: dict[str, str] = {}
    for one in sorted(renewals, key=lambda known: known.at):
        direct[one.old_id] = one.new_id
        if one.old_app_id and one.new_app_id:
            direct[one.old_app_id] = one.new_app_id
    return {old: _last(old, direct) for old in direct if _last(old, direct) != old}


def _last(old: str, direct: Mapping[str, str]) -> str:
    found = old
    for _step in range(CHAIN_MAX):
        if found not in direct or direct[found] == old:
            break
        found = direct[found]
    return found
