"""The Merkle tree over a snapshot's objects: one root per type that anybody can compute (docs/formats/manifests.md).

Pure. A leaf is domain-separated from a node and carries tenant, snapshot and type, so no leaf can pass for another's or
for a node. It takes the digest of the body as stored, so sealing hashes rows of the index and opens no frame. The tree
of a type has one subtree per shard: sealing holds one shard's digests at a time, and one shard can be proven alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from shared.formats.objects import ROW, IndexRow
from shared.formats.packed import PROOF_END, TYPE_AT, in_order

LEAF = b"\x00"
NODE = b"\x01"
EMPTY = b"\x02"
FLAGS = tuple(bytes([flags]) for flags in range(256))


def leaf_prefix(tenant: str, snapshot_id: str, type_name: str) -> bytes:
    """Return what every leaf of a type begins with: each name is ended by a zero byte, so none runs into the next."""
    return LEAF + b"".join(name.encode() + b"\x00" for name in (tenant, snapshot_id, type_name))


def leaf(prefix: bytes, row: IndexRow) -> bytes:
    """Return the leaf of one object: the hash of the prefix, the row's flags, its key and its body's digest."""
    key, digest, _offset, _length, _line, _type_code, flags = row
    return sha256(prefix + FLAGS[flags] + key + digest).digest()


def root(nodes: Sequence[bytes]) -> bytes:
    """Return the root over `nodes`, two by two; an odd one moves up unchanged. The root of nothing is a value too."""
    if not nodes:
        return sha256(EMPTY).digest()
    level = list(nodes)
    while len(level) > 1:
        pairs = iter(level)
        above = [sha256(NODE + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def shard_roots(rows: Iterable[IndexRow], prefixes: Mapping[int, bytes]) -> dict[int, str]:
    """Return the root over one shard's rows of each type that has any, by type code, in hexadecimal.

    `prefixes` has the leaf_prefix of every type code; leaves are ordered by key.
    """
    return packed_roots(in_order([ROW.pack(*row) for row in rows]), prefixes)


def packed_roots(rows: Iterable[bytes], prefixes: Mapping[int, bytes]) -> dict[int, str]:
    """Return what `shard_roots` does, of rows as they are stored and in the order of packed.py."""
    heads = _Heads(prefixes)
    of_type: dict[int, list[bytes]] = {}
    for row in rows:
        of_type.setdefault(row[TYPE_AT], []).append(row)
    found = {}
    for code, members in of_type.items():
        leaves = [sha256(heads[row[TYPE_AT:]] + row[:PROOF_END]).digest() for row in members]
        found[code] = root(leaves).hex()
    return found


class _Heads(dict[bytes, bytes]):
    """What a leaf begins with, by a row's type and flags; a tenant has few of those, whatever its size."""

    def __init__(self, prefixes: Mapping[int, bytes]) -> None:
        super().__init__()
        self._prefixes = prefixes

    def __missing__(self, kind: bytes) -> bytes:
        """Return, and keep, the beginning of the leaves of a kind met for the first time."""
        code, flags = kind
        head = self[kind] = self._prefixes[code] + FLAGS[flags]
        return head


def type_root(roots: Iterable[str]) -> str:
    """Return the root of a type from its shards' roots in shard order; shards without the type ("") have no part."""
    return root([bytes.fromhex(known) for known in roots if known]).hex()
