"""Rows in memory, with the promises of shared/ports.py and the refusals of the Table service.

Every call gives other tasks a turn first and then happens at once, so that a race between two workers can fall either
way, as it can over a network, but no transaction is ever seen half done.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from shared.domain.errors import InputError, RowConflictError
from shared.ports import ANY, CREATE, Clock, Put, Row, Value

KEY = re.compile(r"[A-Za-z0-9._:-]{1,512}\Z")
PREFIX = re.compile(r"[A-Za-z0-9._:-]{0,512}\Z")
PUTS_MAX = 100
ENTITY_CHARACTERS_MAX = 400_000
TRANSACTION_CHARACTERS_MAX = 4 * 1024 * 1024


class _Version(msgspec.Struct, frozen=True):
    """One version of a row: what was written, under which etag and when by the injected clock."""

    values: dict[str, Value]
    etag: str
    written_at: datetime


class MemoryRows:
    """Rows of one table; ages are those of the injected clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._partitions: dict[str, dict[str, _Version]] = {}
        self._writes = 0

    async def read(self, partition: str, key: str) -> Row | None:
        """Return the row, or None when there is none."""
        await asyncio.sleep(0)
        _check(KEY, partition, "partition")
        _check(KEY, key, "key")
        version = self._partitions.get(partition, {}).get(key)
        return None if version is None else self._row(key, version)

    async def scan(self, partition: str, prefix: str) -> list[Row]:
        """Return every row whose key starts with `prefix`, in key order."""
        await asyncio.sleep(0)
        _check(KEY, partition, "partition")
        _check(PREFIX, prefix, "prefix")
        found = self._partitions.get(partition, {})
        return [self._row(key, found[key]) for key in sorted(found) if key.startswith(prefix)]

    async def write(self, partition: str, puts: Sequence[Put]) -> list[str]:
        """Store all of `puts` or none; return the new etags in the same order.

        Raises RowConflictError when a condition did not hold and InputError for a row the service would not take.
        """
        await asyncio.sleep(0)
        assert 1 <= len(puts) <= PUTS_MAX, f"a transaction of {len(puts)} rows"
        assert len({put.key for put in puts}) == len(puts), "one row twice in a transaction"
        _check(KEY, partition, "partition")
        if sum(_checked_characters(put) for put in puts) > TRANSACTION_CHARACTERS_MAX:
            raise InputError(f"the rows for {partition} are larger than one transaction can hold", member="rows")
        rows = self._partitions.get(partition, {})
        for put in puts:
            if not _holds(put, rows.get(put.key)):
                raise RowConflictError(partition, put.key)
        written_at = self._clock.now()
        stored = {put.key: _Version(dict(put.values), self._next_etag(), written_at) for put in puts}
        self._partitions.setdefault(partition, {}).update(stored)
        return [stored[put.key].etag for put in puts]

    async def remove(self, partition: str, key: str) -> None:
        """Remove a row, whatever version it has; one that is not there is success."""
        await asyncio.sleep(0)
        _check(KEY, partition, "partition")
        _check(KEY, key, "key")
        self._partitions.get(partition, {}).pop(key, None)

    def _next_etag(self) -> str:
        self._writes += 1
        return f'W/"{self._writes}"'

    def _row(self, key: str, version: _Version) -> Row:
        age_seconds = max(0.0, (self._clock.now() - version.written_at).total_seconds())
        return Row(key=key, values=dict(version.values), etag=version.etag, age_seconds=age_seconds)


def _holds(put: Put, present: _Version | None) -> bool:
    """Tell whether the condition of `put` holds for the version that is present."""
    if put.etag == CREATE:
        return present is None
    if put.etag == ANY:
        return True
    return present is not None and present.etag == put.etag


def _check(grammar: re.Pattern[str], text: str, member: str) -> None:
    if not grammar.match(text):
        raise InputError(f"{member} {text[:80]!r} may only use A-Z a-z 0-9 . _ : -", member=member)


def _checked_characters(put: Put) -> int:
    """Return how many UTF-16 characters of text `put` holds; raise InputError when the service would refuse it."""
    _check(KEY, put.key, "key")
    texts = [value for value in put.values.values() if isinstance(value, str)]
    characters = sum(len(text.encode("utf-16-le", "surrogatepass")) // 2 for text in texts)
    if characters > ENTITY_CHARACTERS_MAX:
        raise InputError(f"row {put.key}: {characters} characters; at most {ENTITY_CHARACTERS_MAX} fit", member=put.key)
    for name, value in put.values.items():
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise InputError(f"row {put.key}: {name} does not fit 64 bits", member=put.key)
    return characters
