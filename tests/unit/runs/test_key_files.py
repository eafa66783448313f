"""Keys come from PEM files; one that is missing or of another kind is named by its setting."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from shared.azure.key_files import key_files
from shared.domain.errors import InputError
from shared.wiring import from_settings
from tests.unit.functions.test_settings_files import read

DIGEST = bytes(range(32))
PLAIN = NoEncryption()


def p256(number: int = 1) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number, ec.SECP256R1())


def private_file(
    folder: Path, key: PrivateKeyTypes, *, name: str = "key.pem", encryption: KeySerializationEncryption = PLAIN
) -> str:
    file = folder / name
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return str(file)


def public_file(folder: Path, *keys: ec.EllipticCurvePrivateKey) -> str:
    pem = [key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for key in keys]
    file = folder / "trusted.pem"
    file.write_bytes(b"\n".join(pem))
    return str(file)


def test_what_the_key_signs_is_accepted_for_that_digest_only(tmp_path: Path) -> None:
    signer, verifier = key_files(private_file(tmp_path, p256()), "")
    signature = asyncio.run(signer.sign(DIGEST))
    assert asyncio.run(verifier.refusal(signature, DIGEST)) == ""
    assert asyncio.run(verifier.refusal(signature, DIGEST[::-1])) == "the signature is not over this manifest"


def test_a_former_key_stays_trusted_by_its_public_half(tmp_path: Path) -> None:
    former, _verifier = key_files(private_file(tmp_path, p256(2)), "")
    signature = asyncio.run(former.sign(DIGEST))
    present = private_file(tmp_path, p256(3), name="present.pem")
    assert "not one that is trusted" in asyncio.run(key_files(present, "")[1].refusal(signature, DIGEST))
    trusted = public_file(tmp_path, p256(4), p256(2))
    assert asyncio.run(key_files(present, trusted)[1].refusal(signature, DIGEST)) == ""


def test_a_key_of_another_kind_is_named_by_its_setting(tmp_path: Path) -> None:
    wrong = [
        str(tmp_path / "absent.pem"),
        private_file(tmp_path, ec.derive_private_key(1, ec.SECP384R1()), name="384.pem"),
        private_file(tmp_path, rsa.generate_private_key(65537, 2048), name="rsa.pem"),
        private_file(tmp_path, p256(), name="locked.pem", encryption=BestAvailableEncryption(b"secret")),
        public_file(tmp_path, p256()),
    ]
    for file in wrong:
        with pytest.raises(InputError, match="TIDEMARK_SIGNING_KEY_FILE"):
            key_files(file, "")
    for file in (wrong[0], wrong[1]):
        with pytest.raises(InputError, match="TIDEMARK_TRUSTED_KEYS_FILE"):
            key_files(private_file(tmp_path, p256()), file)


def test_the_settings_choose_whether_snapshots_are_signed(tmp_path: Path) -> None:
    async def is_signed(**settings: str) -> bool:
        product = from_settings({**read("local.settings.sample.json")["Values"], **settings})
        return product.snapshots.signing.is_demanded

    assert asyncio.run(is_signed()) is False
    assert asyncio.run(is_signed(TIDEMARK_SIGNING_KEY_FILE=private_file(tmp_path, p256()))) is True
    with pytest.raises(InputError, match="TIDEMARK_TRUSTED_KEYS_FILE is set"):
        asyncio.run(is_signed(TIDEMARK_TRUSTED_KEYS_FILE=public_file(tmp_path, p256())))
