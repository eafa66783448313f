"""How an object that is gone for good is created anew, as part of its type's entry (decision D3).

Pure values. The new object has a new id, which nobody outside Microsoft can choose ("Native behaviour", section 11);
docs/decisions/0013-re-creation.md says what follows from that.
"""

from __future__ import annotations

import msgspec


class Creation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a creation says, and how one is found again whose answer was lost.

    `named_by` are the properties that tell an object from others of its type well enough to look for it after a crash;
    Graph filters by the first. `upsert_by` are alternate keys: a PATCH by one, with `Prefer: create-if-missing`, never
    makes two ("Upsert group"). `is_unique` when Graph refuses a second object with the same first name.
    `takes` are properties that creation takes although their rule or call says otherwise; `leaves` are written by the
    update that follows; `lost` are about something that cannot come back, so nobody writes them. `follows` when an
    update has to follow, because creation does not take everything. `has_password` when one has to be invented.
    `comes_after` names the type that has to be there first.
    """

    named_by: tuple[str, ...]
    upsert_by: tuple[str, ...] = ()
    is_unique: bool = False
    takes: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    follows: bool = False
    has_password: bool = False
    comes_after: str = ""
