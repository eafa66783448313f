"""The manifest: the list that makes a snapshot whole; its existence is the commit point (docs/formats/manifests.md).

Pure. A snapshot is a manifest that lists files; sealing writes four of them per range of shards. Counts and Merkle
roots are per object type. A manifest is sealed only when every listing of every type that it says it holds ended with
a proven last page, so what it does not list of those types did not exist; `incomplete` names the types left out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from shared.domain.errors import IntegrityError
from shared.formats.digests import checked, sha256
from shared.formats.merkle import type_root
from shared.formats.segments import File, check_files
from shared.formats.tags import check_tag

FORMAT = "snapshot-manifest/1"
MANIFEST_BYTES_MAX = 64 * 1024 * 1024
MANIFEST_NAME = "manifest.json"


# Far above the links of the largest tenant ("Microsoft Entra service limits"); more is a lie or a mistake.
COUNT_MAX = 10_000_000_000
Count = Annotated[int, msgspec.Meta(ge=0, le=COUNT_MAX)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Root = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
ShardRoot = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{64})?\Z")]


class TypeFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was captured of one type: `select` tells a null property from one that was not asked for.

    `root` proves the type's objects; it is made of `shard_roots`, one per shard, "" where the shard has none of them.
    `way` says whether the type was read whole or brought up to date by delta, `why` why it had to be read whole, and
    `full_at` when it was last read whole. `is_whole` is false only in a restore point whose rows of the type lie over
    those of its base.
    """

    objects: Count
    soft_deleted: Count
    links: dict[str, Count]
    select: tuple[str, ...]
    root: Root
    shard_roots: tuple[ShardRoot, ...]
    way: Literal["full", "delta"] = "full"
    why: str = ""
    is_whole: bool = True
    full_at: Moment | None = None


class UnfoundLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link that was read, and whose other end a second read did not find; ids are the keys in hexadecimal."""

    reference: str
    source: str
    other: str


class Consistency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far everything in the snapshot speaks of one time (docs/formats/manifests.md).

    `began_at` is when reading began; `lagged` counts objects of which delta and a read right after it disagreed.
    `unfound` counts links by reference whose other end is gone; they are stored, and `unfound_links` lists the first.
    """

    began_at: Moment | None = None
    lagged: Count = 0
    unfound: dict[str, Count] = {}
    unfound_links: tuple[UnfoundLink, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a reader needs to open a snapshot, and nothing it must trust unproven.

    `base_id` is empty for a snapshot, which is whole; a restore point names the day's snapshot that its increment lies
    over, and is read through it; `base_sha256` proves that snapshot's manifest. `incomplete` gives Graph's reason for
    each type, or derived type, that could not be read and is left out as a whole (docs/decisions/0009).
    """

    format: str = FORMAT
    tenant: str
    snapshot_id: str
    base_id: str = ""
    base_sha256: str = ""
    job_id: str
    sequence: Count
    previous_sha256: str
    created_at: Moment
    rolled_forward_at: Moment
    shard_count: int
    types: dict[str, TypeFacts]
    incomplete: dict[str, str] = {}
    consistency: Consistency = Consistency()
    files: tuple[File, ...]
    tool: str

    @property
    def is_increment(self) -> bool:
        """Whether the files hold only what changed since the base, with tombstones and link operations."""
        return bool(self.base_id)

    def count(self) -> dict[str, int]:
        """Return the figures of the snapshot list: objects, soft-deleted ones and links."""
        facts = self.types.values()
        return {
            "objects": sum(fact.objects for fact in facts),
            "softDeleted": sum(fact.soft_deleted for fact in facts),
            "links": sum(sum(fact.links.values()) for fact in facts),
        }


def manifest_name(prefix: str) -> str:
    """Return the blob name of the manifest of the snapshot stored under `prefix`."""
    return f"{prefix}/{MANIFEST_NAME}"


def seal(manifest: Manifest) -> tuple[bytes, str]:
    """Return the manifest's bytes (keys in order, no spaces) and their SHA-256, which the next manifest carries."""
    content = msgspec.json.encode(manifest, order="sorted")
    return content, sha256(content)


def unseal(content: bytes, *, name: str, expected: str | None) -> Manifest:
    """Return the manifest; raise IntegrityError when altered, of an unknown format, or pointing outside its files.

    `expected` is the digest the caller knows it by; None when nothing but the chain proves it.
    """
    if expected is not None:
        checked(content, name=name, length=len(content), expected=expected)
    if len(content) > MANIFEST_BYTES_MAX:
        raise IntegrityError(name, f"a manifest of {len(content)} bytes is absurd")
    check_tag(content, FORMAT, name=name)
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(name, f"not a manifest: {error}") from error
    check_files(manifest.files, manifest.shard_count, name=name)
    for type_name, facts in manifest.types.items():
        if len(facts.shard_roots) != manifest.shard_count or type_root(facts.shard_roots) != facts.root:
            raise IntegrityError(name, f"the Merkle root of {type_name} is not that of its shards")
    _check_base(manifest, name)
    return manifest


def _check_base(manifest: Manifest, name: str) -> None:
    """Raise IntegrityError when a manifest claims to be whole and to lie over another at the same time."""
    if bool(manifest.base_id) != bool(manifest.base_sha256):
        raise IntegrityError(name, "a base is named without its digest, or a digest without a base")
    parts = sorted(type_name for type_name, facts in manifest.types.items() if not facts.is_whole)
    if parts and not manifest.base_id:
        raise IntegrityError(name, f"{', '.join(parts)}: a part of a type, and no base that holds the rest")
    both = sorted(set(manifest.types) & set(manifest.incomplete))
    if both:
        raise IntegrityError(name, f"{', '.join(both)}: said to be held and to be left out")
