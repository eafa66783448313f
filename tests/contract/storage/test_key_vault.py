"""A signing key in Key Vault: its signatures are those of a key in a file, and no answer is believed unproven."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.azure.key_files import KeyFileVerifier, trusted_keys
from shared.azure.key_vault import KeyVault, KeyVaultVerifier, checked_key, scope_of
from shared.domain.errors import InputError, TransientError
from shared.formats.digests import sha256
from shared.formats.signatures import decode_signature, encode_signature, sign_es256, signature_name
from shared.memory.blobs import MemoryBlobs
from shared.runs.signing import Signing
from shared.wiring import from_settings
from tests.contract.storage.vaults import AnyIdentity
from tests.support.key_vaults import PretendVault
from tests.unit.functions.test_settings_files import read

DIGEST = bytes.fromhex(sha256(b"manifest"))
MANIFEST = "tenant/snapshot/manifest.json"
VERSION = "0123456789abcdef0123456789abcdef"
KEY = f"https://contoso.vault.azure.net/keys/seal/{VERSION}"
Story = Callable[[KeyVault, PretendVault], Awaitable[None]]


def told(story: Story) -> None:
    """Run one story against a pretend vault."""

    async def run() -> None:
        pretend = PretendVault()
        async with pretend.running() as address:
            await story(KeyVault(address, "https://vault.azure.net/.default", AnyIdentity()), pretend)

    asyncio.run(run())


def test_a_manifest_is_signed_by_key_vault_and_proven_with_and_without_it(tmp_path: Path) -> None:
    async def story(vault: KeyVault, pretend: PretendVault) -> None:
        blobs = MemoryBlobs()
        await Signing(vault, KeyVaultVerifier(vault)).sign(blobs, MANIFEST, DIGEST.hex())
        stored = blobs.contents[signature_name(MANIFEST)]
        assert decode_signature(stored, name="s") == sign_es256(pretend.key, DIGEST)
        assert stored == encode_signature(sign_es256(pretend.key, DIGEST))
        file = tmp_path / "trusted.pem"
        file.write_bytes(pretend.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        asked = list(pretend.seen)
        for verifier in (KeyFileVerifier(trusted_keys(str(file))), KeyVaultVerifier(vault, trusted_keys(str(file)))):
            assert await Signing(None, verifier).check(blobs, MANIFEST, DIGEST.hex())
        assert pretend.seen == asked

    told(story)


def test_the_public_half_is_asked_for_once_and_signing_is_one_request() -> None:
    async def story(vault: KeyVault, pretend: PretendVault) -> None:
        for _time in range(3):
            await vault.sign(DIGEST)
        path = f"/keys/seal/{VERSION}"
        assert pretend.seen == [f"GET {path}?api-version=7.4", *[f"POST {path}/sign?api-version=7.4"] * 3]

    told(story)


@pytest.mark.parametrize(
    "changes",
    [
        {"signed": {"value": ""}},
        {"signed": {"value": "AAAA"}},
        {"signed": {"value": "A" * 86}},
        {"signed": {"value": "!!!!"}},
        {"signed": {"value": "A" * 300}},
        {"signed": {"value": 7}},
        {"key": {"kty": "RSA"}},
        {"key": {"crv": "P-384"}},
        {"key": {"x": "AAAA"}},
        {"key": {"x": "A" * 64}},
        {"key": {"y": "\u00e9"}},
        {"key": {"x": "A" * 70}},
    ],
)
def test_an_answer_that_proves_nothing_is_no_signature(changes: dict[str, Any]) -> None:
    async def story(vault: KeyVault, pretend: PretendVault) -> None:
        pretend.changes = changes
        with pytest.raises(TransientError, match="Key Vault"):
            await vault.sign(DIGEST)

    told(story)


@pytest.mark.parametrize("status", [302, 401, 403, 404, 429, 500, 503])
def test_a_refusal_lets_the_message_come_again(status: int) -> None:
    async def story(vault: KeyVault, pretend: PretendVault) -> None:
        pretend.status = status
        with pytest.raises(TransientError, match=str(status)):
            await vault.sign(DIGEST)
        pretend.status = 200
        assert await vault.sign(DIGEST) == sign_es256(pretend.key, DIGEST)

    told(story)


def test_a_key_vault_that_is_away_is_transient_and_a_foreign_signature_is_refused() -> None:
    async def away() -> None:
        gone = KeyVault("http://127.0.0.1:9/keys/seal/1", "https://vault.azure.net/.default", AnyIdentity())
        with pytest.raises(TransientError, match="no answer"):
            await gone.sign(DIGEST)

    async def story(vault: KeyVault, pretend: PretendVault) -> None:
        made = await vault.sign(DIGEST)
        stranger = sign_es256(ec.derive_private_key(18, ec.SECP256R1()), DIGEST)
        assert await KeyVaultVerifier(vault).refusal(made, DIGEST) == ""
        assert "not one that is trusted" in await KeyVaultVerifier(vault).refusal(stranger, DIGEST)

    asyncio.run(away())
    told(story)


@pytest.mark.parametrize(
    "text",
    [
        f"http://contoso.vault.azure.net/keys/seal/{VERSION}",
        f"https://contoso.vault.azure.net.evil.example/keys/seal/{VERSION}",
        f"https://evil.example/contoso.vault.azure.net/keys/seal/{VERSION}",
        f"https://contoso.vault.azure.net:8443/keys/seal/{VERSION}",
        f"https://user@contoso.vault.azure.net/keys/seal/{VERSION}",
        "https://contoso.vault.azure.net/keys/seal",
        f"https://contoso.vault.azure.net/secrets/seal/{VERSION}",
        f"https://contoso.vault.azure.net/keys/seal/{VERSION}\n",
        "seal",
    ],
)
def test_only_one_version_of_a_key_in_key_vault_is_accepted_and_no_token_goes_elsewhere(text: str) -> None:
    with pytest.raises(InputError, match="TIDEMARK_SIGNING_KEY_VAULT_KEY"):
        checked_key(text)


@pytest.mark.parametrize(
    ("host", "scope"),
    [
        ("contoso.vault.azure.net", "https://vault.azure.net/.default"),
        ("contoso.managedhsm.azure.net", "https://managedhsm.azure.net/.default"),
        ("contoso.vault.azure.cn", "https://vault.azure.cn/.default"),
    ],
)
def test_a_token_is_for_the_cloud_the_key_is_in(host: str, scope: str) -> None:
    assert scope_of(checked_key(f"https://{host}/keys/seal/{VERSION}")) == scope


def test_settings_choose_a_key_in_key_vault_or_in_a_file_and_never_both(tmp_path: Path) -> None:
    async def made(**settings: str) -> bool:
        sample: dict[str, str] = read("local.settings.sample.json")["Values"]
        return from_settings({**sample, **settings}).snapshots.signing.is_demanded

    assert asyncio.run(made()) is False
    assert asyncio.run(made(TIDEMARK_SIGNING_KEY_VAULT_KEY=KEY)) is True
    with pytest.raises(InputError, match="both set"):
        asyncio.run(made(TIDEMARK_SIGNING_KEY_VAULT_KEY=KEY, TIDEMARK_SIGNING_KEY_FILE="key.pem"))
    with pytest.raises(InputError, match="would be unsigned"):
        asyncio.run(made(TIDEMARK_TRUSTED_KEYS_FILE="trusted.pem"))
