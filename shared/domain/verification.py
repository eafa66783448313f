"""How much of what is stored a verification reads, and what is kept of how it ended.

Pure values.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Mode(StrEnum):
    """`quick`: every manifest, its signature and the chain; `subset`: a part of one snapshot's shards; `full`: all.

    `used`: what a job needed of it; that is kept only where it met a fault, and nobody can ask for it.
    """

    QUICK = "quick"
    SUBSET = "subset"
    FULL = "full"
    USED = "used"


ASKED_MODES = (Mode.QUICK, Mode.SUBSET, Mode.FULL)


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """How the last verification of one snapshot ended; `fault` names what was wrong, empty when nothing was.

    `full_at` is when every byte of it was last proven, in one go or shard by shard, None when it never was.
    """

    snapshot_id: str
    at: datetime
    mode: Mode
    part: str = "1/1"
    fault: str = ""
    full_at: datetime | None = None
    is_signed: bool = False
    is_chained: bool = False
    files: int = 0
    bytes: int = 0
    objects: int = 0
    links: int = 0
    requested_by: str = ""
