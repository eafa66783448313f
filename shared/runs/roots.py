"""The Merkle roots of a snapshot on their way into its manifest: per shard where it is sealed, then all together.

Roots ride in the outputs of the batch that sealed their shards, after its files, so nothing is read twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from shared.catalogue.types import BY_CODE
from shared.formats.merkle import leaf_prefix, packed_roots
from shared.formats.segments import File

PART = "roots"


class ShardRoots(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch keeps of the shards it sealed: by shard, the root of each type that the shard has, by type name."""

    part: Literal["roots"] = "roots"
    shards: dict[int, dict[str, str]]


def named_roots(rows: bytes, tenant: str, snapshot_id: str) -> dict[str, str]:
    """Return the Merkle root of each type among one shard's packed rows, one after the other in order, by type name."""
    prefixes = {code: leaf_prefix(tenant, snapshot_id, entry.name) for code, entry in BY_CODE.items()}
    return {BY_CODE[code].name: root for code, root in packed_roots(rows, prefixes).items()}


def kept(files: Iterable[File], roots: dict[int, dict[str, str]]) -> list[dict[str, Any]]:
    """Return the outputs of a batch that sealed: its files, then the roots of its shards."""
    return [msgspec.to_builtins(output, str_keys=True) for output in (*files, ShardRoots(shards=roots))]


def files_of(outputs: Iterable[dict[str, Any]]) -> tuple[File, ...]:
    """Return the files among the outputs of all batches that sealed."""
    return tuple(msgspec.convert(output, File) for output in outputs if output["part"] != PART)


def roots_of(outputs: Iterable[dict[str, Any]], shard_count: int) -> list[dict[str, str]]:
    """Return the roots by type name of every shard, in shard order."""
    found: dict[int, dict[str, str]] = {}
    for output in outputs:
        if output["part"] == PART:
            found |= msgspec.convert(output, ShardRoots, strict=False).shards
    assert sorted(found) == list(range(shard_count)), "every shard is sealed once"
    return [found[shard] for shard in range(shard_count)]
