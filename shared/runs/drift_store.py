"""What is kept of a tenant's drift: one row, and the file of items that it names.

The file is written before the row, so a crash between them leaves a file that nothing names. A row that somebody else
has changed is not overwritten.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.domain.drift import DriftItem, Watch
from shared.domain.errors import RowConflictError, TransientError
from shared.formats.records import decode_records, encode_records
from shared.formats.watches import DRIFT_ITEMS, WATCH_KEY, watch_of, watch_values
from shared.ports import CREATE, Blobs, Put, Rows

RACES_MAX = 20


class DriftStore:
    """The drift of one deployment's tenants, as it is stored."""

    def __init__(self, rows: Rows, work: Blobs) -> None:
        self._rows, self._work = rows, work

    async def read(self, tenant: str) -> tuple[Watch, str]:
        """Return the row and its ETag; a tenant without one is not watched."""
        row = await self._rows.read(tenant, WATCH_KEY)
        return (watch_of(row.values, key=row.key), row.etag) if row else (Watch(), CREATE)

    async def write(self, tenant: str, watch: Watch, etag: str) -> bool:
        """Store the row unless somebody else changed it; tell whether it was stored."""
        try:
            await self._rows.write(tenant, [Put(WATCH_KEY, watch_values(watch), etag)])
        except RowConflictError:
            return False
        return True

    async def change(self, tenant: str, change: Callable[[Watch], Watch]) -> Watch:
        """Store what `change` makes of the row, and return it."""
        for _race in range(RACES_MAX):
            watch, etag = await self.read(tenant)
            if await self.write(tenant, changed := change(watch), etag):
                return changed
        raise TransientError("the rules were changed by others each time")

    async def items(self, watch: Watch) -> list[DriftItem]:
        """Return every item that is kept."""
        if not watch.items:
            return []
        name, digest = watch.items["name"], watch.items["sha256"]
        return decode_records(await self._work.read(name), DriftItem, DRIFT_ITEMS, name=name, expected=digest)

    async def stored(self, tenant: str, items: list[DriftItem]) -> dict[str, dict[str, str] | dict[str, int]]:
        """Write the file of all items; return what the row says of it."""
        content, digest = encode_records(DRIFT_ITEMS, items)
        name = f"{tenant}/drift/items-{digest[:32]}.ndz"
        await self._work.create(name, content)
        counts: dict[str, int] = {}
        for item in items:
            counts[item.state] = counts.get(item.state, 0) + 1
        return {"items": {"name": name, "sha256": digest}, "counts": counts}
