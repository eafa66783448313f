"""A reader of sealed snapshots written from docs/formats/ alone: it shares no code with the product.

What it needs and the pages do not say, the pages lack. It proves everything they say can be proven, and stops at the
first thing that does not hold.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TYPES_PAGE = Path(__file__).parents[2] / "docs" / "object-types.md"
Read = Callable[[str], bytes]
Json = dict[str, Any]


@dataclass(frozen=True)
class StoredObject:
    """One object: its type, its body, and whether it is in the recycle bin."""

    type: str
    body: Json
    is_soft_deleted: bool


class PageReader:
    """One snapshot, opened by its manifest's SHA-256 and the public key (DER) that is trusted to have signed it."""

    def __init__(self, read: Read, manifest_name: str, manifest_sha256: str, trusted: bytes) -> None:
        self._read = read
        content = read(manifest_name)
        demand(hashlib.sha256(content).hexdigest() == manifest_sha256, "the manifest is another one")
        self.manifest: Json = json.loads(content)
        demand(self.manifest["format"] == "snapshot-manifest/1", "an unknown format")
        check_signature(read(manifest_name.replace("manifest.json", "manifest.sig")), manifest_sha256, trusted)
        self._files = {}
        for file in self.manifest["files"]:
            stored = read(file["name"])
            demand(len(stored) == file["length"], f"{file['name']} is cut or padded")
            demand(hashlib.sha256(stored).hexdigest() == file["sha256"], f"{file['name']} was altered")
            self._files[file["name"]] = stored
        self._types = type_codes()

    def objects(self) -> list[StoredObject]:
        """Return every object, once the counts and Merkle roots of all types are proven."""
        found: list[StoredObject] = []
        roots: dict[str, list[str]] = {name: [] for name in self.manifest["types"]}
        for shard in range(self.manifest["shard_count"]):
            leaves: dict[str, list[bytes]] = {}
            for key, digest, offset, length, line, code, flags in struct.iter_unpack(
                "<16s16sIIHBB", frame(self._block("index", shard))
            ):
                demand(zlib.crc32(key) & (self.manifest["shard_count"] - 1) == shard, "an object of another shard")
                body = frame(self._home("objects", shard)[offset : offset + length]).split(b"\n")[line]
                demand(hashlib.sha256(body).digest()[:16] == digest, "a body that its row does not prove")
                name = self._types[code]
                leaves.setdefault(name, []).append(self._leaf(name, flags, key, digest))
                found.append(StoredObject(name, json.loads(body), bool(flags & 2)))
            for name, known in roots.items():
                known.append(merkle(leaves[name]).hex() if name in leaves else "")
        for name, facts in self.manifest["types"].items():
            demand(facts["shard_roots"] == roots[name], f"the roots of {name}")
            demand(facts["root"] == merkle([bytes.fromhex(root) for root in roots[name] if root]).hex(), name)
            of_type = [one.is_soft_deleted for one in found if one.type == name]
            demand((of_type.count(False), of_type.count(True)) == (facts["objects"], facts["soft_deleted"]), name)
        return found

    def links(self) -> set[tuple[int, bytes, bytes]]:
        """Return every link as (reference's code, source's key, other's key)."""
        return {row for shard in range(self.manifest["shard_count"]) for row in self._rows("links", shard, "<B16s16s")}

    def deleted(self) -> set[tuple[int, bytes]]:
        """Return (type's code, key) of every soft-deleted object."""
        return {row for shard in range(self.manifest["shard_count"]) for row in self._rows("deleted", shard, "<B16s")}

    def _rows(self, part: str, shard: int, layout: str) -> Iterator[tuple[Any, ...]]:
        return struct.iter_unpack(layout, frame(self._block(part, shard)))

    def _leaf(self, name: str, flags: int, key: bytes, digest: bytes) -> bytes:
        names = (self.manifest["tenant"], self.manifest["snapshot_id"], name)
        lead = b"\x00" + b"".join(part.encode() + b"\x00" for part in names)
        return hashlib.sha256(lead + bytes([flags]) + key + digest).digest()

    def _block(self, part: str, shard: int) -> bytes:
        for file in self.manifest["files"]:
            for own, offset, length, _rows, crc in file["shards"]:
                if (file["part"], own) == (part, shard):
                    block = self._files[file["name"]][offset : offset + length]
                    demand(zlib.crc32(block) == crc, f"shard {shard} of {file['name']}")
                    return block
        raise AssertionError(f"no {part} of shard {shard}")

    def _home(self, part: str, shard: int) -> bytes:
        return next(
            self._files[file["name"]]
            for file in self.manifest["files"]
            if file["part"] == part and any(own[0] == shard for own in file["shards"])
        )


def changes(read: Read, index_name: str, object_id: str) -> list[tuple[int, int, int]]:
    """Return (sequence, kind, flags) of every row that a change index has of one object with a GUID."""
    index = json.loads(read(index_name))
    demand(index["format"] == "change-index/1", "an unknown format")
    key = bytes.fromhex(object_id.replace("-", ""))
    shard = zlib.crc32(key) & (index["shard_count"] - 1)
    found = []
    for run in index["runs"]:
        for file in run["files"]:
            for own, offset, length, rows, digest in file["blocks"]:
                if own == shard:
                    block = read(file["name"])[offset : offset + length]
                    demand(hashlib.sha256(block).hexdigest()[:32] == digest, file["name"])
                    content = frame(block)
                    demand(len(content) == 40 * rows, file["name"])
                    for who, _code, kind, flags, sequence, _value in struct.iter_unpack("<16sBBHI16s", content):
                        found += [(sequence, kind, flags)] if who == key else []
    return found


def check_signature(content: bytes, digest: str, trusted: bytes) -> None:
    """Raise unless the signature document proves the digest by the trusted key."""
    document = json.loads(content)
    spelled = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    demand(content == spelled and document["format"] == "manifest-signature/1", "another spelling")
    demand(base64.b64decode(document["public_key"]) == trusted, "a foreign key")
    raw, key = base64.b64decode(document["signature"]), load_der_public_key(trusted)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    numbers = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(numbers, bytes.fromhex(digest), ec.ECDSA(utils.Prehashed(SHA256())))


def merkle(nodes: list[bytes]) -> bytes:
    """Return the root over leaves or roots, two by two; an odd one moves up unchanged."""
    if not nodes:
        return hashlib.sha256(b"\x02").digest()
    while len(nodes) > 1:
        above = [hashlib.sha256(b"\x01" + nodes[at] + nodes[at + 1]).digest() for at in range(0, len(nodes) - 1, 2)]
        nodes = above + nodes[len(nodes) - len(nodes) % 2 :]
    return nodes[0]


def frame(content: bytes) -> bytes:
    """Return what the single frame holds."""
    reader = zstd.ZstdDecompressor()
    held = reader.decompress(content, max_length=64 * 1024 * 1024)
    demand(reader.eof and not reader.unused_data, "not one whole frame")
    return bytes(held)


def type_codes() -> dict[int, str]:
    """Return the name of every type by its code, as docs/object-types.md lists them, derived types after it."""
    rows = re.findall(r"^\| (\w+)(?:, \w+)* \| (\d+) \| `", TYPES_PAGE.read_text(), re.MULTILINE)
    return {int(code): name for name, code in rows}


def demand(holds: bool, fact: str) -> None:
    """Raise when what must hold does not."""
    if not holds:
        raise AssertionError(fact)
