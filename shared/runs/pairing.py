"""Read a snapshot through the id map, wherever it is compared with what came later.

The map is what recoveries have written into the vault about objects they created anew (docs/formats/id-map.md). Reads
only; a file that is not what it should be fails the job that asked, because pairing by half a map would tell an object
as lost and as new.
"""

from __future__ import annotations

from datetime import datetime

from shared.domain.renewals import IdMap, Renewal, id_map
from shared.formats.records import ID_MAP, decode_records
from shared.runs.layers import Readable
from shared.runs.mapped import MappedReader
from shared.runs.renewing import id_map_prefix
from shared.runs.snapshot_reader import stored
from shared.runs.snapshots import Snapshots


class Pairing:
    """The id map of one vault, and states read through it."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._last: tuple[tuple[object, ...], Readable] | None = None

    async def renewals(self, tenant: str) -> list[Renewal]:
        """Return every object that was created anew, oldest first, each once; raise IntegrityError for a bad file."""
        vault = self._snapshots.vault
        found: dict[tuple[str, str], Renewal] = {}
        for name in await vault.names(id_map_prefix(tenant)):
            for one in decode_records(await stored(vault, name), Renewal, ID_MAP, name=name):
                known = found.get((one.old_id, one.new_id))
                if known is None or one.at < known.at:
                    found[one.old_id, one.new_id] = one
        return sorted(found.values(), key=lambda one: (one.at, one.old_id))

    async def paired(self, side: Readable, *, until: datetime | None = None) -> Readable:
        """Return a state read through what was created anew after it and up to `until`, up to now without that."""
        manifest = side.manifest
        since = manifest.rolled_forward_at
        listed = await self.renewals(manifest.tenant)
        known = id_map(one for one in listed if one.at > since and (until is None or one.at <= until))
        name = (manifest.tenant, manifest.snapshot_id, *known.ids.items())
        if self._last is None or self._last[0] != name:
            self._last = (name, through(side, known))  # kept, because looking for what the map touches costs a reading
        return self._last[1]


def through(target: Readable, known: IdMap) -> Readable:
    """Return the state read through a map; itself when the map is empty."""
    return MappedReader(target, known) if known else target
