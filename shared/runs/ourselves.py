"""Leave what this product runs as, and what it is granted, out of every plan (lock-out rule 5).

So are the grants and assignments of emergency accounts: none of them is ever removed. A recovery that took its own
identity away, or changed it, could not finish, and nobody could undo it. The token says which identity that is; others
of this deployment are a setting. Reads only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence

import msgspec

from shared.catalogue.application import APPLICATION
from shared.catalogue.entry import ObjectType
from shared.catalogue.group import GROUP
from shared.catalogue.service_principal import SERVICE_PRINCIPAL
from shared.catalogue.types import type_named
from shared.domain.changes import Action, Difference
from shared.domain.jobs import Options
from shared.ports import Directory, Found
from shared.recover.plan import left_alone
from shared.recover.rewriting import ids_in

OURS_GRANTED = "it is granted to, or by, the identity that this recovery runs as: remove it by hand"
EMERGENCY = "it is an emergency account's: remove it by hand"
REASON = "it is the identity that this recovery runs as: change it by hand"
OURS = (APPLICATION, SERVICE_PRINCIPAL)


class Ourselves:
    """Knows the identities of this deployment by their application ids."""

    def __init__(self, directory: Directory, app_ids: Sequence[str]) -> None:
        self._directory = directory
        self._app_ids = frozenset(app_id.lower() for app_id in app_ids)

    async def among(self, parts: AsyncIterator[list[Difference]], options: Options) -> dict[str, str]:
        """Return why objects are left alone, by id: those that are ours and would be changed or soft-deleted."""
        ids: dict[str, set[str]] = {entry.name: set() for entry in OURS}
        async for rows in parts:
            for row in rows:
                is_changed = row.action is Action.SOFT_DELETE or (row.action is Action.UPDATE and row.target)
                if row.type in ids and is_changed and not left_alone(row, options):
                    ids[row.type].add(row.object_id)
        return {
            known: REASON for entry in OURS if ids[entry.name] for known in await self._known(entry, ids[entry.name])
        }

    async def granted(
        self, parts: AsyncIterator[list[Difference]], options: Options, accounts: Collection[str]
    ) -> dict[str, str]:
        """Return why newer grants and assignments are not removed, by id: ours, and those of emergency accounts.

        Those of a group that one of them is in count too; such groups have their rights for direct members only.
        """
        ends: dict[str, frozenset[str]] = {}
        async for rows in parts:
            for row in rows:
                is_newer = row.action is Action.SOFT_DELETE and type_named(row.type).is_removable
                if is_newer and not left_alone(row, options):
                    ends[row.object_id] = ids_in(row.object_id)
        if not ends:
            return {}
        ours = sorted(self._app_ids | {app_id.lower() for app_id in await self._directory.identities()})
        found = await self._directory.alike(SERVICE_PRINCIPAL, ("appId",), [{"appId": app_id} for app_id in ours])
        kept = {str(body["id"]).lower(): OURS_GRANTED for there in found for body in there}
        kept |= dict.fromkeys(accounts, EMERGENCY)
        others = sorted(frozenset[str]().union(*ends.values()) - kept.keys())
        groups = [known for known, one in (await self._directory.find(GROUP, others)).items() if _is_live(one)]
        members = await self._directory.references(GROUP, "members", groups) if groups else {}
        for group, inside in members.items():
            reasons = [kept[one.lower()] for one in sorted(inside) if one.lower() in kept]
            kept |= {group.lower(): reasons[0]} if reasons else {}
        return {row: kept[min(known & kept.keys())] for row, known in ends.items() if known & kept.keys()}

    async def _known(self, entry: ObjectType, ids: set[str]) -> list[str]:
        """Return those of the objects that belong to an application that we run as."""
        ours = self._app_ids | {app_id.lower() for app_id in await self._directory.identities()}
        bodies = {
            known: msgspec.json.decode(found.body)
            for known, found in (await self._directory.find(entry, sorted(ids))).items()
            if found.body is not None
        }
        return [known for known, body in bodies.items() if str(body.get("appId") or "").lower() in ours]


def _is_live(found: Found) -> bool:
    return found.body is not None and not found.is_deleted
