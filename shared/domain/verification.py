"""How much of what is stored a verification reads.

Pure values.
"""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """`quick`: every manifest, its signature and the chain; `subset`: a part of one snapshot's shards; `full`: all."""

    QUICK = "quick"
    SUBSET = "subset"
    FULL = "full"
