"""What the last pruning found and did.

Pure values.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """One pruning: ids by what became of them; `kept` counts the rest by the reason they stay.

    `leaving` were taken off the list and go next time, `refused` (by reason of the storage service) were put back.
    """

    at: datetime
    removed: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    refused: dict[str, str] = {}
    kept: dict[str, int] = {}
    leftovers: int = 0
    work_files: int = 0
