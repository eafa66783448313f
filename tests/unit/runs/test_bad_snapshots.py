"""What is stored and should not be: each is refused by name, whoever signed it, and none is read as facts.

The manifests here are signed with the trusted key and listed by their digests, as a thief of the writer's identity
could have them, unless a test is about the signature.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable

import msgspec
import pytest

from bench.small_vault import SmallVault
from shared.domain.errors import IntegrityError
from shared.domain.jobs import SnapshotSummary
from shared.domain.verification import Mode
from shared.formats.digests import sha256
from shared.formats.frames import compress
from shared.formats.manifests import COUNT_MAX, Manifest, unseal
from shared.formats.objects import BODY_BYTES_MAX, decode_body
from shared.formats.segments import FILE_BYTES_MAX, File
from shared.memory.signing import MemorySigning
from shared.runs.signing import Signing

OURS, THEIRS = "7d1de5a0-0000-4000-8000-00000000c0de", "7d1de5a0-0000-4000-8000-000000000bad"
SNAPSHOT = "20261120T220000Z-0a1b2c3d"
Document = dict[str, object]


async def sealed() -> tuple[SmallVault, SnapshotSummary]:
    """Return a vault with a snapshot of ours and one of another tenant."""
    vault = SmallVault()
    await vault.seal(THEIRS, SNAPSHOT, "Rome")
    return vault, await vault.seal(OURS, SNAPSHOT, "Oslo")


async def put(vault: SmallVault, known: SnapshotSummary, content: bytes, *, number: int = 1) -> None:
    """Put another manifest in place, signed by key `number` and listed by its digest."""
    vault.blobs.contents[known.manifest_name] = content
    vault.blobs.contents.pop(known.manifest_name.replace(".json", ".sig"), None)
    key = MemorySigning(number)
    await Signing(key, key).sign(vault.blobs, known.manifest_name, sha256(content))
    await vault.list_as(msgspec.structs.replace(known, manifest_sha256=sha256(content)))


def refused(change: Callable[[Manifest, SmallVault], bytes], *, mode: Mode = Mode.FULL) -> str:
    """Return how a snapshot is refused whose manifest was changed so."""

    async def told() -> str:
        vault, known = await sealed()
        manifest = unseal(vault.blobs.contents[known.manifest_name], name="m", expected=known.manifest_sha256)
        await put(vault, known, change(manifest, vault))
        with pytest.raises(IntegrityError) as caught:
            await vault.verifying.verify(OURS, SNAPSHOT, mode)
        return str(caught.value)

    return asyncio.run(told())


def changed(**members: object) -> Callable[[Manifest, SmallVault], bytes]:
    """Return a change of members of the manifest's document, whatever they are."""

    def change(manifest: Manifest, _vault: SmallVault) -> bytes:
        document: Document = msgspec.to_builtins(manifest, str_keys=True)
        return msgspec.json.encode(document | members, order="sorted")

    return change


def of_user(**members: object) -> Callable[[Manifest, SmallVault], bytes]:
    """Return a change of what the manifest says of users."""

    def change(manifest: Manifest, vault: SmallVault) -> bytes:
        types = msgspec.to_builtins(manifest.types)
        types["user"] |= members
        return changed(types=types)(manifest, vault)

    return change


def of_file(part: str, change: Callable[[File, SmallVault], File]) -> Callable[[Manifest, SmallVault], bytes]:
    """Return a change of the manifest's first file of `part`."""

    def of_manifest(manifest: Manifest, vault: SmallVault) -> bytes:
        first = next(file for file in manifest.files if file.part == part)
        files = tuple(change(file, vault) if file is first else file for file in manifest.files)
        return msgspec.json.encode(msgspec.structs.replace(manifest, files=files), order="sorted")

    return of_manifest


def named(prefix: str) -> Callable[[File, SmallVault], File]:
    """Return a change of a file's folder."""
    return lambda file, _vault: msgspec.structs.replace(file, name=prefix + file.name.rpartition("/")[2])


def bomb(file: File, vault: SmallVault) -> File:
    """Put a small block in place of a file that grows beyond every bound, with digests that are right."""
    content = compress(bytes(FILE_BYTES_MAX + 1))
    vault.blobs.contents[file.name] = content
    shards = tuple(
        msgspec.structs.replace(part, offset=0, length=len(content), crc32=zlib.crc32(content)) for part in file.shards
    )
    return msgspec.structs.replace(file, length=len(content), sha256=sha256(content), shards=shards)


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.QUICK])
def test_a_manifest_of_a_newer_version_is_refused_by_its_name(mode: Mode) -> None:
    assert "'snapshot-manifest/2' is unknown" in refused(changed(format="snapshot-manifest/2"), mode=mode)


@pytest.mark.parametrize(
    "prefix",
    [
        f"{THEIRS}/{SNAPSHOT}/",
        f"{OURS}/20261119T220000Z-0a1b2c3d/",
        f"{OURS}/{SNAPSHOT}/../",
        "",
        f"{OURS}/{SNAPSHOT}/a/",
    ],
)
def test_a_part_of_another_tenant_or_snapshot_is_refused_even_unread(prefix: str) -> None:
    for part in ("objects", "index", "links", "deleted"):
        assert "does not lie beside it" in refused(of_file(part, named(prefix)), mode=Mode.QUICK)


def test_another_tenants_part_under_our_name_is_refused() -> None:
    def theirs(file: File, vault: SmallVault) -> File:
        content = vault.blobs.contents[file.name.replace(OURS, THEIRS)]
        vault.blobs.contents[file.name] = content
        return msgspec.structs.replace(file, sha256=sha256(content), length=len(content))

    assert refused(of_file("index", theirs))


@pytest.mark.parametrize(
    "change",
    [
        changed(sequence=-1),
        changed(sequence=COUNT_MAX + 1),
        changed(sequence=10**40),
        changed(shard_count=0),
        changed(shard_count=2**40),
        changed(shard_count=-2),
        of_user(objects=-1),
        of_user(objects=COUNT_MAX + 1),
        of_user(soft_deleted=-1),
        of_user(links={"members": -1}),
        of_user(objects=1.5),
        of_user(objects="1"),
        of_file("index", lambda file, _vault: msgspec.structs.replace(file, length=-1)),
        of_file("index", lambda file, _vault: msgspec.structs.replace(file, length=FILE_BYTES_MAX + 1)),
        of_file("index", lambda file, _vault: msgspec.structs.replace(file, rows=-1)),
    ],
)
def test_negative_and_absurd_counts_are_refused_unread(change: Callable[[Manifest, SmallVault], bytes]) -> None:
    assert refused(change, mode=Mode.QUICK)


@pytest.mark.parametrize("figures", [{"objects": 1}, {"soft_deleted": 0}])
def test_counts_that_are_not_those_of_what_is_stored_are_refused(figures: dict[str, int]) -> None:
    assert "are listed" in refused(of_user(**figures))


def test_a_decompression_bomb_is_refused_by_its_name() -> None:
    assert "index.idx: a frame grows beyond" in refused(of_file("index", bomb))


def test_a_bomb_of_deleted_keys_is_refused_where_they_are_read() -> None:
    async def story() -> None:
        vault, known = await sealed()
        manifest = unseal(vault.blobs.contents[known.manifest_name], name="m", expected=known.manifest_sha256)
        await put(vault, known, of_file("deleted", bomb)(manifest, vault))
        reader = await vault.snapshots.open(OURS, SNAPSHOT)
        with pytest.raises(IntegrityError, match=r"deleted\.zst: a frame grows beyond"):
            await reader.deleted()

    asyncio.run(story())


NOT_MANIFESTS = [b"\xff\xfe", b"", b"[]", b"{" * 10_000, b'{"format":"snapshot-manifest/1"}', b"\x00"]


@pytest.mark.parametrize("content", NOT_MANIFESTS)
def test_a_manifest_that_is_no_document_is_refused(content: bytes) -> None:
    assert "manifest.json" in refused(lambda _manifest, _vault: content)


def test_an_unsigned_or_wrongly_signed_manifest_is_refused() -> None:
    async def story() -> None:
        vault, known = await sealed()
        content = vault.blobs.contents[known.manifest_name]
        await put(vault, known, content, number=2)
        with pytest.raises(IntegrityError, match="not one that is trusted"):
            await vault.verifying.verify(OURS, SNAPSHOT)
        vault.blobs.contents.pop(known.manifest_name.replace(".json", ".sig"))
        with pytest.raises(IntegrityError, match="unsigned"):
            await vault.verifying.verify(OURS, SNAPSHOT)

    asyncio.run(story())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"id":"\xff"}',
        b'{"id":"a"',
        b'{"id":"a"} x',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":"' + b"x" * BODY_BYTES_MAX + b'"}',
    ],
    ids=lambda body: f"{body[:12]!r} {len(body)}",
)
def test_a_body_that_is_no_object_is_refused_by_its_name(body: bytes) -> None:
    with pytest.raises(IntegrityError, match="object 0badcafe: "):
        decode_body(body, name="object 0badcafe")


def test_a_body_is_the_object_that_graph_sent() -> None:
    assert decode_body('{"id":"a","displayName":"Åse","n":null}'.encode(), name="o") == {
        "id": "a",
        "displayName": "Åse",
        "n": None,
    }
