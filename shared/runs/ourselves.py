"""Leave the application and the service principals that this product runs as out of every plan (lock-out rule 5).

A recovery that took its own identity away, or changed it, could not finish, and nobody could undo it. The token says
which identity that is; others of this deployment are a setting. Reads only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from shared.catalogue.application import APPLICATION
from shared.catalogue.entry import ObjectType
from shared.catalogue.service_principal import SERVICE_PRINCIPAL
from shared.domain.changes import Action, Difference
from shared.domain.jobs import Options
from shared.ports import Directory
from shared.recover.plan import left_alone

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

    async def _known(self, entry: ObjectType, ids: set[str]) -> list[str]:
        """Return those of the objects that belong to an application that we run as."""
        ours = self._app_ids | {app_id.lower() for app_id in await self._directory.identities()}
        bodies = {
            known: msgspec.json.decode(found.body)
            for known, found in (await self._directory.find(entry, sorted(ids))).items()
            if found.body is not None
        }
        return [known for known, body in bodies.items() if str(body.get("appId") or "").lower() in ours]
