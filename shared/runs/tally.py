"""Count what the sealed shards hold, for the manifest: objects and links by type, and links whose other end is gone.

Pure. An increment's tombstones and the rows that only reset a reference are no objects and no links.
"""

from __future__ import annotations

from typing import Any

import msgspec

from shared.catalogue.types import BY_CODE, reference_of_code
from shared.formats.link_runs import ROW_BYTES as LINK_BYTES
from shared.formats.links import ADD
from shared.formats.manifests import UnfoundLink
from shared.formats.packed import SOFT_DELETED, TOMBSTONE, kinds
from shared.runs.carrying import UNFOUND, UNFOUND_LISTED_MAX, unfound


class Tally:
    """The figures of one batch that seals; `gone` are the keys of objects that a second read did not find."""

    def __init__(self, is_increment: bool, gone: frozenset[bytes]) -> None:
        self.link_bytes = LINK_BYTES + is_increment
        self._is_increment, self._gone = is_increment, gone
        self._counts: dict[str, int] = {}
        self._unfound: list[UnfoundLink] = []

    def add_objects(self, rows: bytes) -> None:
        """Count one shard's packed index rows, which lie one after the other."""
        for (type_code, flags), number in kinds(rows).items():
            if not flags & TOMBSTONE:
                self._count(f"{'softDeleted' if flags & SOFT_DELETED else 'objects'}.{BY_CODE[type_code].name}", number)

    def add_links(self, links: bytes) -> None:
        """Count one shard's link rows, which lie one after the other."""
        codes = links[:: self.link_bytes]
        if self._is_increment:
            operations = links[LINK_BYTES :: self.link_bytes]
            codes = bytes(code for code, does in zip(codes, operations, strict=True) if does == ADD[0])
        for code in sorted(set(codes)):
            kind_of = reference_of_code(code)
            if kind_of is not None:
                self._count(f"links.{kind_of[0].name}.{kind_of[1]}", codes.count(code))
        if self._gone:
            width = self.link_bytes
            found = unfound((links[at : at + width] for at in range(0, len(links), width)), self._gone)
            self._unfound += found[:UNFOUND_LISTED_MAX]
            for link in found:
                self._count(UNFOUND + link.reference, 1)

    def counts(self) -> dict[str, int]:
        """Return the figures, by the names that the manifest looks for."""
        return self._counts

    def cursor(self) -> dict[str, Any]:
        """Return the first links that led to objects which are gone; empty when none did."""
        return {"unfound": msgspec.to_builtins(self._unfound[:UNFOUND_LISTED_MAX])} if self._unfound else {}

    def _count(self, name: str, number: int) -> None:
        self._counts[name] = self._counts.get(name, 0) + number
