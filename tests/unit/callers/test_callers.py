"""Who is let in, who is not, and how rarely the identity provider is asked."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.azure.callers import TokenCallers
from shared.azure.signing_keys import http_fetch
from shared.domain.errors import CallerError, InputError, TransientError
from shared.ports import Caller
from tests.contract.storage.worlds import HandClock
from tests.unit.callers.issuer import (
    AUDIENCE,
    AUTHORITY,
    DISCOVERY_URL,
    ISSUER,
    KEYS_URL,
    OBJECT_ID,
    OTHER_TENANT,
    TENANT,
    Provider,
    jwk,
    private_key,
)


def a_provider(*key_names: str) -> Provider:
    return Provider(HandClock(), *(key_names or ("key-1",)))


def callers_of(provider: Provider) -> TokenCallers:
    return TokenCallers(AUTHORITY, TENANT, AUDIENCE, provider.clock, provider.fetch)


def identified(provider: Provider, authorization: str | None) -> Caller:
    return asyncio.run(callers_of(provider).identify(authorization))


def encoded(part: dict[str, Any] | bytes) -> str:
    content = part if isinstance(part, bytes) else msgspec.json.encode(part)
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unsigned(provider: Provider) -> str:
    return f"Bearer {encoded({'alg': 'none', 'kid': 'key-1'})}.{encoded(provider.claims())}."


def signed_with_the_public_key(provider: Provider) -> str:
    """Return a token whose HMAC secret is the published RSA key, which a careless check would take for a signature."""
    secret = private_key("key-1").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encoded({'alg': 'HS256', 'kid': 'key-1'})}.{encoded(provider.claims())}"
    return f"Bearer {signed}.{encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def with_claims_of_another(provider: Provider) -> str:
    head, _, signature = provider.bearer().split(".")
    return f"{head}.{encoded(provider.claims(roles=['Backup.Administrator']))}.{signature}"


def without_key_id(provider: Provider) -> str:
    return f"Bearer {jwt.encode(provider.claims(), private_key('key-1'), 'RS256')}"


def signed_as(algorithm: str) -> Callable[[Provider], str]:
    return lambda p: f"Bearer {jwt.encode(p.claims(), private_key('key-1'), algorithm, headers={'kid': 'key-1'})}"


def claim(**changes: Any) -> Callable[[Provider], str]:
    return lambda provider: provider.bearer(**changes)


def seconds(provider: Provider, offset: float) -> int:
    return int(provider.clock.now().timestamp() + offset)


DEFECTS: dict[str, Callable[[Provider], str | None]] = {
    "no header": lambda _: None,
    "empty header": lambda _: "",
    "not bearer": lambda p: p.bearer().replace("Bearer", "Basic"),
    "bearer without token": lambda _: "Bearer ",
    "token without scheme": lambda p: p.bearer().removeprefix("Bearer "),
    "two tokens": lambda p: f"{p.bearer()} {p.bearer()}",
    "garbage": lambda _: "Bearer garbage",
    "garbage in three parts": lambda _: "Bearer a.b.c",
    "not ascii": lambda _: "Bearer é.é.é",
    "header that is no object": lambda _: f"Bearer {encoded(b'[]')}.e30.e30",
    "truncated": lambda p: p.bearer()[:-1],
    "truncated by half": lambda p: p.bearer()[: len(p.bearer()) // 2],
    "far too long": lambda p: p.bearer(padding="x" * 20_000),
    "algorithm none": unsigned,
    "HMAC with the public key": signed_with_the_public_key,
    "RSA with another digest": signed_as("RS512"),
    "RSA with another padding": signed_as("PS256"),
    "no key id": without_key_id,
    "unknown key id": lambda p: p.bearer("key-2"),
    "another's key under a known id": lambda p: p.bearer("key-2", key_id="key-1"),
    "claims replaced after signing": with_claims_of_another,
    "expired": lambda p: p.bearer(exp=seconds(p, -60)),
    "not yet valid": lambda p: p.bearer(nbf=seconds(p, 61)),
    "exp missing": claim(exp=None),
    "exp as text": claim(exp="9999999999"),
    "nbf missing": claim(nbf=None),
    "issuer wrong": claim(iss=f"{AUTHORITY}/{OTHER_TENANT}/v2.0"),
    "issuer with a slash": claim(iss=f"{ISSUER}/"),
    "issuer missing": claim(iss=None),
    "audience wrong": claim(aud="api://other"),
    "audience in another case": claim(aud=AUDIENCE.upper()),
    "audience a list": claim(aud=[AUDIENCE]),
    "audience missing": claim(aud=None),
    "tenant wrong": claim(tid=OTHER_TENANT),
    "tenant missing": claim(tid=None),
    "object id missing": claim(oid=None),
    "object id empty": claim(oid=""),
    "subject missing": claim(sub=None),
    "roles a text": claim(roles="Backup.Administrator"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_of_a_token_is_refused_in_the_same_words(defect: str, caplog: pytest.LogCaptureFixture) -> None:
    provider = a_provider()
    authorization = DEFECTS[defect](provider)
    with caplog.at_level(logging.WARNING), pytest.raises(CallerError) as caught:
        identified(provider, authorization)
    assert not caught.value.is_known
    assert str(caught.value) == "a valid bearer token is required"
    (record,) = caplog.records
    assert record.getMessage() == "caller refused"
    assert authorization is None or len(authorization) < 20 or authorization not in str(record.__dict__)


def test_a_good_token_identifies_its_principal_and_roles() -> None:
    provider = a_provider("key-0", "key-1")
    assert identified(provider, provider.bearer()) == Caller(object_id=OBJECT_ID, roles=frozenset({"Backup.Reader"}))


@pytest.mark.parametrize("roles", [None, []])
def test_a_caller_without_roles_is_known_all_the_same(roles: list[str] | None) -> None:
    provider = a_provider()
    assert identified(provider, provider.bearer(roles=roles)).roles == frozenset()


def test_the_scheme_may_be_written_in_any_case() -> None:
    provider = a_provider()
    assert identified(provider, provider.bearer().replace("Bearer", "bearer")).object_id == OBJECT_ID


def test_clocks_may_differ_by_a_minute() -> None:
    provider = a_provider()
    assert identified(provider, provider.bearer(exp=seconds(provider, -59))).object_id == OBJECT_ID
    assert identified(provider, provider.bearer(nbf=seconds(provider, 60))).object_id == OBJECT_ID


def test_keys_are_read_once_for_many_callers() -> None:
    async def story() -> None:
        provider = a_provider()
        callers = callers_of(provider)
        await asyncio.gather(*(callers.identify(provider.bearer()) for _ in range(10)))
        assert provider.asked == [DISCOVERY_URL, KEYS_URL]

    asyncio.run(story())


def test_an_unknown_key_asks_the_provider_at_most_once_in_five_minutes() -> None:
    async def story() -> None:
        provider = a_provider("key-1")
        callers = callers_of(provider)
        await callers.identify(provider.bearer())
        provider.keys.append(jwk("key-2"))
        await provider.clock.sleep(299)
        for _ in range(5):
            with pytest.raises(CallerError):
                await callers.identify(provider.bearer("key-2"))
        assert provider.asked.count(KEYS_URL) == 1
        await provider.clock.sleep(1)
        assert (await callers.identify(provider.bearer("key-2"))).object_id == OBJECT_ID
        for _ in range(5):
            with pytest.raises(CallerError):
                await callers.identify(provider.bearer("key-3"))
        assert provider.asked.count(KEYS_URL) == 2

    asyncio.run(story())


def test_a_withdrawn_key_is_trusted_for_a_day_at_most() -> None:
    async def story() -> None:
        provider = a_provider("key-1")
        callers = callers_of(provider)
        await callers.identify(provider.bearer())
        provider.keys = [jwk("key-2")]
        await provider.clock.sleep(timedelta(hours=24).total_seconds())
        with pytest.raises(CallerError):
            await callers.identify(provider.bearer("key-1"))
        assert (await callers.identify(provider.bearer("key-2"))).object_id == OBJECT_ID

    asyncio.run(story())


def test_a_provider_that_cannot_be_reached_is_no_proof_against_a_caller() -> None:
    async def story() -> None:
        provider = a_provider("key-1")
        provider.is_down = True
        callers = callers_of(provider)
        with pytest.raises(TransientError):
            await callers.identify(provider.bearer())
        provider.is_down = False
        assert (await callers.identify(provider.bearer())).object_id == OBJECT_ID
        provider.is_down = True
        await provider.clock.sleep(300)
        asked = len(provider.asked)
        for _ in range(5):
            with pytest.raises(TransientError):
                await callers.identify(provider.bearer("key-2"))
        assert len(provider.asked) == asked + 1
        assert (await callers.identify(provider.bearer())).object_id == OBJECT_ID

    asyncio.run(story())


BAD_PROVIDERS: dict[str, Callable[[Provider], None]] = {
    "another tenant": lambda p: p.discovery.update(issuer=f"{AUTHORITY}/{OTHER_TENANT}/v2.0"),
    "any tenant": lambda p: p.discovery.update(issuer=f"{AUTHORITY}/{{tenantid}}/v2.0"),
    "keys elsewhere": lambda p: p.discovery.update(jwks_uri="https://keys.example.net/keys"),
    "keys without encryption": lambda p: p.discovery.update(jwks_uri=KEYS_URL.replace("https", "http")),
    "no issuer": lambda p: p.discovery.pop("issuer"),
    "no keys": lambda p: p.keys.clear(),
    "only keys for encryption": lambda p: p.keys[0].update(use="enc"),
    "only keys of another issuer": lambda p: p.keys[0].update(issuer=f"{AUTHORITY}/{OTHER_TENANT}/v2.0"),
    "a key that is none": lambda p: p.keys[0].update(n="!"),
}


@pytest.mark.parametrize("flaw", BAD_PROVIDERS)
def test_a_provider_whose_documents_are_not_the_tenants_proves_nobody(flaw: str) -> None:
    provider = a_provider()
    BAD_PROVIDERS[flaw](provider)
    with pytest.raises(TransientError, match="identity provider"):
        identified(provider, provider.bearer())


def test_a_key_published_for_every_tenant_signs_for_ours() -> None:
    provider = a_provider()
    provider.keys[0]["issuer"] = f"{AUTHORITY}/{{tenantid}}/v2.0"
    assert identified(provider, provider.bearer()).object_id == OBJECT_ID


def test_a_tenant_that_is_no_guid_is_refused_at_the_start() -> None:
    with pytest.raises(InputError):
        TokenCallers(AUTHORITY, "common", AUDIENCE, HandClock())


def test_fetching_from_nowhere_lets_the_request_come_again() -> None:
    with pytest.raises(TransientError, match="did not answer"):
        asyncio.run(http_fetch("http://127.0.0.1:1/keys"))
