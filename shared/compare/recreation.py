"""What it would take to make an object anew that Entra has deleted for good.

Pure. Nobody outside Microsoft can reuse the id ("Native behaviour", section 11), so whatever named the object has to
name the new one; what Graph computes or never hands out cannot be carried over.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Rule
from shared.domain.changes import Json

NEW_ID = "every reference to the old id (memberships, owners, assignments, policies) has to name the new one"
BY_TYPE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "user": (
            "a new password: Entra never hands passwords out",
            "every authentication method registered anew",
            "licences assigned anew",
        ),
        "group": ("members and owners linked anew", "licences assigned anew"),
        "application": ("new secrets and certificates: Entra never hands secrets out", "consent given anew"),
        "servicePrincipal": ("new secrets and certificates: Entra never hands secrets out", "consent given anew"),
    }
)


class Recreation(msgspec.Struct, frozen=True, kw_only=True):
    """`properties` can be given to the new object, `lost` cannot; `needs` are the things somebody has to do."""

    properties: tuple[str, ...]
    lost: tuple[str, ...]
    needs: tuple[str, ...]


def recreation(entry: ObjectType, target: Json) -> Recreation:
    """Return what re-creating the object with the properties `target` needs."""
    given: list[str] = []
    lost: list[str] = []
    for name, value in sorted(target.items()):
        known = entry.property(name)
        if value in (None, [], {}) or "@" in name:
            continue
        can_give = known is not None and known.rule in {Rule.WRITABLE, Rule.CREATE_ONLY}
        (given if can_give else lost).append(name)
    return Recreation(properties=tuple(given), lost=tuple(lost), needs=(NEW_ID, *BY_TYPE.get(entry.name, ())))
