"""The Merkle tree over a snapshot's objects: one root per type that anybody can compute (docs/formats/manifests.md).

Pure. A leaf is domain-separated from a node and carries tenant, snapshot and type, so no leaf can pass for another's or
for a node. It takes the digest of the body as stored, so sealing hashes rows of the index and opens no frame. The tree
of a type has one subtree per shard: sealing holds one shard's digests at a time, and one shard can be proven alone.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from shared.formats.objects import ROW, IndexRow
from shared.formats.packed import FLAGS_AT, PACKED_BYTES, PROOF_END, TYPE_AT, in_order

LEAF = b"\x00"
NODE = b"\x01"
EMPTY = b"\x02"
FLAGS = tuple(bytes([flags]) for flags in range(256))
PROOF_AND_KIND = struct.Struct(f"<{PROOF_END}s{TYPE_AT - PROOF_END}xH")  # type code and flags as one number


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
    begun = sha256(NODE).copy
    while len(level) > 1:
        above = []
        pairs = iter(level)
        for left, right in zip(pairs, pairs, strict=False):
            node = begun()
            node.update(left + right)
            above.append(node.digest())
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def shard_roots(rows: Iterable[IndexRow], prefixes: Mapping[int, bytes]) -> dict[int, str]:
    """Return the root over one shard's rows of each type that has any, by type code, in hexadecimal.

    `prefixes` has the leaf_prefix of every type code; leaves are ordered by key.
    """
    return packed_roots(b"".join(in_order([ROW.pack(*row) for row in rows])), prefixes)


def packed_roots(content: bytes, prefixes: Mapping[int, bytes]) -> dict[int, str]:
    """Return what `shard_roots` does, of rows as they are stored, one after the other in the order of packed.py.

    What every leaf of a kind begins with is hashed once and the hash copied: half the time of hashing it each time.
    """
    leaves: dict[int, list[bytes]] = {code: [] for code in set(content[TYPE_AT::PACKED_BYTES])}
    kinds: dict[int, tuple[Callable[[], Any], Callable[[bytes], None]]] = {}
    for code, found in leaves.items():
        for flags in set(content[FLAGS_AT::PACKED_BYTES]):
            kinds[code | flags << 8] = sha256(prefixes[code] + FLAGS[flags]).copy, found.append
    for proof, kind in PROOF_AND_KIND.iter_unpack(content):
        begun, add = kinds[kind]
        hashed = begun()
        hashed.update(proof)
        add(hashed.digest())
    return {code: root(found).hex() for code, found in leaves.items()}


def type_root(roots: Iterable[str]) -> str:
    """Return the root of a type from its shards' roots in shard order; shards without the type ("") have no part."""
    return root([bytes.fromhex(known) for known in roots if known]).hex()
