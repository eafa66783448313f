"""The differences of one shard on their way into a file: each is counted and encoded as soon as it is found.

What is kept of a row is its line, a few hundred bytes, so half a tenant that differs needs no more memory than a shard.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

from shared.domain.changes import Action, Difference
from shared.domain.chosen import Chosen
from shared.formats.records import encode_record
from shared.recover.chosen import PARTLY, picked


class Reported:
    """Lines of a report and the figures that its batch shows; `counts` are those of the shards before.

    `chosen` are the rows and properties that a recovery was asked for, None for all of them.
    """

    def __init__(self, counts: dict[str, int], chosen: Chosen | None) -> None:
        self._counts, self._chosen = Counter(counts), chosen

    def keep(self, row: Difference) -> bytes | None:
        """Count what was chosen of a row; return its line, None when nothing of it was."""
        counts = self._counts
        if self._chosen is not None:
            kept, partly = picked((row,), self._chosen)
            if partly:
                counts[f"leftAlone.{PARTLY}"] += partly
            if not kept:
                return None
            row = kept[0]
        counts[_figure(row.type, row.action)] += 1
        counts["objectsCalculated"] += 1
        if row.refusal:
            counts["refused"] += 1
        for link in row.links:
            counts[_figure(row.type, link.action)] += 1
            counts["linksCalculated"] += 1
        return encode_record(row)

    def counts(self) -> dict[str, int]:
        """Return the figures so far."""
        return dict(self._counts)


@cache
def _figure(type_name: str, action: Action) -> str:
    return f"report.{type_name}.{action}"
