"""A manifest is what it was when it was sealed, or it is refused by name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.domain.errors import IntegrityError
from shared.formats import manifests
from shared.formats.digests import sha256
from shared.formats.manifests import Manifest, TypeFacts, manifest_name, seal, unseal
from shared.formats.merkle import type_root
from shared.formats.segments import File, ShardRange
from tests.support.builders import AT, SNAPSHOT_ID, TENANT, an_id

ROOT = "a" * 64


def a_manifest(**members: Any) -> Manifest:
    """Return the manifest of a snapshot of two users and a group with three members."""
    file = File(
        part="objects", name="00000.objects.ndz", length=9, sha256="0" * 64, rows=3, shards=(ShardRange(0, 0, 9, 3, 1),)
    )
    facts = {
        "user": TypeFacts(objects=2, soft_deleted=1, links={}, select=("id",), root=ROOT, shard_roots=(ROOT,)),
        "group": TypeFacts(
            objects=1,
            soft_deleted=0,
            links={"members": 3, "owners": 1},
            select=("id",),
            root=type_root(()),
            shard_roots=("",),
        ),
    }
    manifest = Manifest(
        tenant=TENANT,
        snapshot_id=SNAPSHOT_ID,
        job_id=an_id("job-1"),
        sequence=1,
        previous_sha256="",
        created_at=AT,
        rolled_forward_at=AT,
        shard_count=1,
        types=facts,
        files=(file,),
        tool="tidemark/0.1.0",
    )
    return msgspec.structs.replace(manifest, **members)


def test_a_manifest_is_read_back_as_it_was_sealed() -> None:
    content, digest = seal(a_manifest())
    assert unseal(content, name="m", expected=digest) == a_manifest()


def test_sealing_again_gives_the_same_bytes() -> None:
    content, digest = seal(a_manifest())
    assert seal(unseal(content, name="m", expected=digest)) == (content, digest)
    assert digest == sha256(content)


def test_the_figures_of_the_snapshot_list_are_sums_over_types() -> None:
    assert a_manifest().count() == {"objects": 3, "softDeleted": 1, "links": 4}


def test_a_manifest_lies_beside_the_files_it_lists() -> None:
    assert manifest_name(f"{TENANT}/{SNAPSHOT_ID}") == f"{TENANT}/{SNAPSHOT_ID}/manifest.json"


def test_an_altered_manifest_is_refused_by_its_digest() -> None:
    content, digest = seal(a_manifest())
    with pytest.raises(IntegrityError, match=r"m\.json: its SHA-256 is not the recorded one"):
        unseal(content.replace(b'"sequence":1', b'"sequence":2'), name="m.json", expected=digest)


def test_every_shortening_of_a_manifest_is_refused_with_and_without_its_digest() -> None:
    content, digest = seal(a_manifest())
    for length in range(len(content)):
        for expected in (digest, None):
            with pytest.raises(IntegrityError):
                unseal(content[:length], name="m", expected=expected)


def test_a_manifest_of_a_newer_version_is_refused_by_its_tag_whatever_else_it_holds() -> None:
    content = b'{"format":"snapshot-manifest/2","shape":"unknown"}'
    with pytest.raises(IntegrityError, match="format 'snapshot-manifest/2' is unknown"):
        unseal(content, name="m", expected=sha256(content))


def test_a_manifest_with_a_member_this_version_does_not_know_is_refused() -> None:
    content = seal(a_manifest())[0].replace(b"{", b'{"more":1,', 1)
    with pytest.raises(IntegrityError, match="not a manifest"):
        unseal(content, name="m", expected=sha256(content))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format":1}', b'{"format":"\xff"}', b"\0" * 100])
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"not a (manifest|document)"):
        unseal(content, name="m", expected=None)


def test_an_absurdly_large_manifest_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "MANIFEST_BYTES_MAX", 100)
    with pytest.raises(IntegrityError, match="absurd"):
        unseal(seal(a_manifest())[0], name="m", expected=None)


def test_a_manifest_whose_files_cannot_be_is_refused() -> None:
    [file] = a_manifest().files
    beyond = msgspec.structs.replace(file, shards=(ShardRange(0, 5, 9, 3, 1),))
    with pytest.raises(IntegrityError, match="points outside the file"):
        unseal(seal(a_manifest(files=(beyond,)))[0], name="m", expected=None)
    with pytest.raises(IntegrityError, match="power of two"):
        unseal(seal(a_manifest(shard_count=3))[0], name="m", expected=None)


@pytest.mark.parametrize("member", ["sequence", "created_at"])
def test_absurd_counts_and_times_without_a_zone_are_refused(member: str) -> None:
    document = msgspec.json.decode(seal(a_manifest())[0])
    document[member] = {"sequence": -1, "created_at": "2026-11-20T22:00:00"}[member]
    with pytest.raises(IntegrityError, match="not a manifest"):
        unseal(msgspec.json.encode(document), name="m", expected=None)


@pytest.mark.parametrize(("root", "shard_roots"), [("b" * 64, (ROOT,)), (ROOT, (ROOT, "")), (ROOT, ()), (ROOT, ("",))])
def test_a_root_that_is_not_that_of_the_shards_is_refused(root: str, shard_roots: tuple[str, ...]) -> None:
    facts = msgspec.structs.replace(a_manifest().types["user"], root=root, shard_roots=shard_roots)
    with pytest.raises(IntegrityError, match="Merkle root of user"):
        unseal(seal(a_manifest(types={"user": facts}))[0], name="m", expected=None)


@pytest.mark.parametrize("root", ["", "A" * 64, "a" * 63, "a" * 64 + "\n", "é" * 64])
def test_a_root_that_is_no_digest_is_refused(root: str) -> None:
    facts = msgspec.structs.replace(a_manifest().types["user"], root=root)
    with pytest.raises(IntegrityError, match="not a manifest"):
        unseal(seal(a_manifest(types={"user": facts}))[0], name="m", expected=None)
