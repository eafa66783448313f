"""Turn rows into table entities and back, within the limits of the Table service.

Pure. A string longer than one property holds is split over several; every entity carries a nonce that tells one write
from all others. Neither shows in `Row.values`. Limits are those of the page "Understanding the Table service data
model": 64 KiB (32,768 UTF-16 characters) a property, 1 MiB an entity, 252 properties of our own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import EdmType, EntityProperty, TableEntity, TransactionOperation, UpdateMode

from shared.domain.errors import InputError
from shared.ports import ANY, CREATE, Put, Row, Value

Operation = tuple[TransactionOperation, dict[str, Any], dict[str, Any]]

KEY = re.compile(r"[A-Za-z0-9._:-]{1,512}\Z")
PREFIX = re.compile(r"[A-Za-z0-9._:-]{0,512}\Z")
PROPERTY = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*\Z")
PART = re.compile(r"(?P<name>.+)__part(?P<number>\d+)\Z")

PUTS_MAX = 100
STRING_CHARACTERS_MAX = 32_000
# 16,000 characters are at most 32,000 UTF-16 characters, so a part always fits one property.
PART_CHARACTERS = 16_000
# Two bytes a character leave a quarter of the 1 MiB for names and overhead.
ENTITY_CHARACTERS_MAX = 400_000
NONCE = "tidemark__nonce"


def checked_key(text: str, *, member: str = "key", grammar: re.Pattern[str] = KEY) -> str:
    """Return `text` when it may be a key; raise InputError naming `member` otherwise.

    The grammar is narrower than the service's, so that a key needs no escaping in a URL or a filter.
    """
    if not grammar.match(text):
        raise InputError(f"{member} {text[:80]!r} may only use A-Z a-z 0-9 . _ : -", member=member)
    return text


def transaction(partition: str, puts: Sequence[Put], nonce: str) -> list[Operation]:
    """Return the operations that store `puts` and mark each entity with `nonce`.

    Raises InputError for a key or an entity that the service would not take.
    """
    assert 1 <= len(puts) <= PUTS_MAX, f"a transaction of {len(puts)} rows"
    assert len({put.key for put in puts}) == len(puts), "one row twice in a transaction"
    checked_key(partition, member="partition")
    return [_operation(put, _entity(partition, put, nonce)) for put in puts]


def row(entity: TableEntity, server_now: datetime) -> Row:
    """Return the row stored as `entity`, its age taken at `server_now`, the service's own time of the reply.

    The service's reply times are whole seconds, so an age may be up to a second too low, and is never too high.
    """
    written_at = entity.metadata["timestamp"]
    assert written_at is not None, "an entity without a Timestamp"
    age_seconds = max(0.0, (server_now - written_at).total_seconds())
    return Row(
        key=entity["RowKey"], values=_values(entity), etag=entity.metadata["etag"] or "", age_seconds=age_seconds
    )


def _operation(put: Put, entity: dict[str, Any]) -> Operation:
    if put.etag == CREATE:
        return TransactionOperation.CREATE, entity, {}
    if put.etag == ANY:
        return TransactionOperation.UPSERT, entity, {"mode": UpdateMode.REPLACE}
    condition = {"etag": put.etag, "match_condition": MatchConditions.IfNotModified}
    return TransactionOperation.UPDATE, entity, {"mode": UpdateMode.REPLACE, **condition}


def _entity(partition: str, put: Put, nonce: str) -> dict[str, Any]:
    key = checked_key(put.key)
    characters = sum(_utf16_length(value) for value in put.values.values() if isinstance(value, str))
    if characters > ENTITY_CHARACTERS_MAX:
        raise InputError(f"row {key}: {characters} characters; at most {ENTITY_CHARACTERS_MAX} fit", member=key)
    entity: dict[str, Any] = {"PartitionKey": partition, "RowKey": key, NONCE: nonce}
    for name, value in put.values.items():
        assert PROPERTY.match(name), f"row {key}: {name!r} is no property name"
        entity.update(_properties(key, name, value))
    return entity


def _properties(key: str, name: str, value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {name: value}
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise InputError(f"row {key}: {name} does not fit 64 bits", member=key)
        return {name: EntityProperty(value, EdmType.INT64)}
    if _utf16_length(value) <= STRING_CHARACTERS_MAX:
        return {name: value}
    starts = range(0, len(value), PART_CHARACTERS)
    return {f"{name}__part{number}": value[at : at + PART_CHARACTERS] for number, at in enumerate(starts)}


def _values(entity: Mapping[str, Any]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    parts: dict[str, dict[int, str]] = {}
    for name, value in entity.items():
        if name in {"PartitionKey", "RowKey", NONCE}:
            continue
        if part := PART.match(name):
            parts.setdefault(part["name"], {})[int(part["number"])] = value
        else:
            values[name] = value.value if isinstance(value, EntityProperty) else value
    for name, numbered in parts.items():
        values[name] = "".join(numbered[number] for number in sorted(numbered))
    return values


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
