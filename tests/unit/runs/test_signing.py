"""A manifest's signature is written once, is mended after a crash, and is demanded wherever a key is known."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import msgspec
import pytest

from shared.domain.errors import IntegrityError
from shared.formats.digests import sha256
from shared.formats.signatures import Signature, decode_signature, encode_signature, signature_name
from shared.memory.blobs import MemoryBlobs
from shared.memory.signing import MemorySigning
from shared.runs.signing import Signing

MANIFEST = "tenant/snapshot/manifest.json"
NAME = "tenant/snapshot/manifest.sig"
DIGEST, OTHER = sha256(b"manifest"), sha256(b"another manifest")


def a_signing(number: int = 1) -> Signing:
    """Return signing with a key made from `number`, which is the only one it trusts."""
    key = MemorySigning(number)
    return Signing(key, key)


async def signed(blobs: MemoryBlobs, number: int = 1) -> Signature:
    """Sign the manifest; return what was stored."""
    await a_signing(number).sign(blobs, MANIFEST, DIGEST)
    return decode_signature(blobs.contents[NAME], name=NAME)


class Undecided:
    """A signer that never signs alike twice, as a key in a vault does, and whose first create comes late."""

    def __init__(self, blobs: MemoryBlobs, late: bytes) -> None:
        self._blobs, self._late = blobs, late

    async def sign(self, digest: bytes) -> Signature:
        """Sign; meanwhile another attempt's signature arrives."""
        self._blobs.contents[NAME] = self._late
        signature = await MemorySigning().sign(digest)
        return msgspec.structs.replace(signature, signature=bytes(64))


def test_a_signature_lies_beside_its_manifest_and_proves_it() -> None:
    blobs = MemoryBlobs()
    signature = asyncio.run(signed(blobs))
    assert (signature_name(MANIFEST), len(signature.signature)) == (NAME, 64)
    assert asyncio.run(a_signing().check(blobs, MANIFEST, DIGEST))


def test_signing_again_writes_nothing() -> None:
    blobs = MemoryBlobs()
    asyncio.run(signed(blobs))
    before = dict(blobs.contents)
    asyncio.run(signed(blobs))
    assert blobs.contents == before


def test_a_late_signature_of_a_dead_attempt_counts_when_it_is_good() -> None:
    blobs, key = MemoryBlobs(), MemorySigning()
    good = encode_signature(asyncio.run(key.sign(bytes.fromhex(DIGEST))))
    asyncio.run(Signing(Undecided(blobs, good), key).sign(blobs, MANIFEST, DIGEST))
    assert blobs.contents[NAME] == good
    bad = encode_signature(asyncio.run(key.sign(bytes.fromhex(OTHER))))
    del blobs.contents[NAME]
    with pytest.raises(IntegrityError, match=r"manifest\.sig: the signature is not over this manifest"):
        asyncio.run(Signing(Undecided(blobs, bad), key).sign(blobs, MANIFEST, DIGEST))


def test_a_signature_that_is_there_and_wrong_is_not_accepted_when_sealing() -> None:
    blobs = MemoryBlobs()
    asyncio.run(signed(blobs, number=2))
    with pytest.raises(IntegrityError, match="not one that is trusted"):
        asyncio.run(signed(blobs))


@pytest.mark.parametrize(
    ("contents", "digest", "reason"),
    [
        ({}, DIGEST, "unsigned"),
        ({"number": 2}, DIGEST, "not one that is trusted"),
        ({"number": 1}, OTHER, "not over this manifest"),
        ({"number": 1, "signature": bytes(64)}, DIGEST, "not over this manifest"),
        ({"number": 1, "signature": b"\xff" * 64}, DIGEST, "not over this manifest"),
        ({"number": 1, "signature": b""}, DIGEST, "no ES256 signature"),
        ({"number": 1, "public_key": b"another"}, DIGEST, "not one that is trusted"),
        ({"number": 1, "key_id": "another"}, DIGEST, "not one that is trusted"),
    ],
)
def test_what_does_not_prove_the_manifest_is_refused_by_name(
    contents: Mapping[str, object], digest: str, reason: str
) -> None:
    blobs = MemoryBlobs()
    if contents:
        made = asyncio.run(MemorySigning(int(str(contents["number"]))).sign(bytes.fromhex(DIGEST)))
        members = {name: value for name, value in contents.items() if name != "number"}
        blobs.contents[NAME] = encode_signature(msgspec.structs.replace(made, **members))
    with pytest.raises(IntegrityError, match=reason) as refused:
        asyncio.run(a_signing().check(blobs, MANIFEST, digest))
    assert refused.value.name == NAME


def test_every_flipped_bit_of_a_signature_is_noticed() -> None:
    blobs = MemoryBlobs()
    asyncio.run(signed(blobs))
    content = blobs.contents[NAME]

    async def is_accepted(bit: int) -> bool:
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        blobs.contents[NAME] = bytes(changed)
        try:
            return await a_signing().check(blobs, MANIFEST, DIGEST)
        except IntegrityError:
            return False

    async def missed() -> list[int]:
        return [bit for bit in range(8 * len(content)) if await is_accepted(bit)]

    assert asyncio.run(missed()) == []


@pytest.mark.parametrize("content", [b"{}", b"", b"\xff", b'{"format":"manifest-signature/2"}', b"x" * 70_000])
def test_what_is_no_signature_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"x\.sig"):
        decode_signature(content, name="x.sig")


def test_without_a_key_nothing_is_signed_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    blobs = MemoryBlobs()
    with caplog.at_level(logging.WARNING):
        asyncio.run(Signing().sign(blobs, MANIFEST, DIGEST))
    assert (blobs.contents, [record.message for record in caplog.records]) == ({}, ["snapshot unsigned"])
    assert asyncio.run(Signing().check(blobs, MANIFEST, DIGEST)) is False
