"""A vault under an immutability policy: what the stand-in refuses, and what the product reads back of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from azure.core.exceptions import AzureError

from local.azurite import Azurite
from shared.azure.failures import service_code
from shared.azure.immutability import ManagedPolicy, policy_of
from shared.domain.errors import InputError, IntegrityError
from shared.domain.protection import Lock, Protection
from tests.contract.storage.vaults import ACCOUNT_ID, AnyIdentity, Vault, worm_vault
from tests.support.worm.policy import CONTAINER_PROTECTED, IMMUTABLE

Act = Callable[[Vault], Awaitable[object]]
# Everything a client may try that would change or delete a blob; none of it is anything the product does.
TRIES: dict[str, Act] = {
    "overwrite": lambda vault: vault.client.upload_blob("b", b"new", overwrite=True),
    "delete": lambda vault: vault.client.delete_blob("b"),
    "set metadata": lambda vault: vault.client.get_blob_client("b").set_blob_metadata({"a": "b"}),
    "set properties": lambda vault: vault.client.get_blob_client("b").set_http_headers(),
    "snapshot": lambda vault: vault.client.get_blob_client("b").create_snapshot(),
    "stage": lambda vault: vault.client.get_blob_client("b").stage_block("QQ==", b"x"),
}


def told(azurite: Azurite, story: Act, *, is_managed: bool = True) -> None:
    """Run one story in a vault of its own."""

    async def run() -> None:
        async with worm_vault(azurite, is_managed=is_managed) as vault:
            await story(vault)

    asyncio.run(run())


async def refused(act: Awaitable[object]) -> str:
    """Return the service's code for refusing `act`, "" when it did not."""
    try:
        await act
    except AzureError as error:
        return service_code(error)
    return ""


@pytest.mark.parametrize("name", TRIES)
def test_a_protected_blob_cannot_be_changed_or_deleted_and_every_try_is_remembered(azurite: Azurite, name: str) -> None:
    async def story(vault: Vault) -> None:
        await vault.blobs.create("b", b"old")
        assert await refused(TRIES[name](vault)) == IMMUTABLE
        assert vault.policy.breaches == [f"{name} b"]
        assert await vault.blobs.read("b") == b"old"

    told(azurite, story)


def test_creating_again_is_settled_by_reading_back_and_is_no_breach(azurite: Azurite) -> None:
    async def story(vault: Vault) -> None:
        await vault.blobs.create("b", b"old")
        await vault.blobs.create("b", b"old")
        with pytest.raises(IntegrityError):
            await vault.blobs.create("b", b"new")
        assert (vault.policy.breaches, await vault.blobs.read("b")) == ([], b"old")

    told(azurite, story)


def test_after_its_period_a_blob_may_be_deleted_and_still_not_be_overwritten(azurite: Azurite) -> None:
    async def story(vault: Vault) -> None:
        await vault.blobs.create("b", b"old")
        vault.pass_days(29.9)
        assert await vault.shelf.remove("b") == IMMUTABLE
        vault.pass_days(0.2)
        assert await refused(TRIES["overwrite"](vault)) == IMMUTABLE
        (aged,) = await vault.shelf.aged("")
        assert aged.age_seconds == pytest.approx(30.1 * 86_400, abs=60)
        assert await vault.shelf.remove("b") == ""
        assert await vault.blobs.names("") == []

    told(azurite, story)


def test_protected_appends_are_taken_only_where_the_policy_allows_them(azurite: Azurite) -> None:
    async def story(vault: Vault) -> None:
        blob = vault.client.get_blob_client("log")
        await blob.create_append_blob()
        assert await refused(blob.append_block(b"line\n")) == IMMUTABLE
        vault.policy.allows_protected_appends = True
        await blob.append_block(b"line\n")
        assert await refused(vault.client.delete_blob("log")) == IMMUTABLE
        assert await vault.blobs.read("log") == b"line\n"

    told(azurite, story)


def test_a_container_with_blobs_cannot_be_deleted_through_the_data_plane(azurite: Azurite) -> None:
    async def story(vault: Vault) -> None:
        await vault.blobs.create("b", b"x")
        assert await refused(vault.client.delete_container()) == CONTAINER_PROTECTED

    told(azurite, story)


def test_the_policy_is_read_back_unlocked_then_locked_then_longer_and_never_shorter(azurite: Azurite) -> None:
    async def story(vault: Vault) -> None:
        async def said() -> Protection:
            return (await vault.blobs.container()).protection

        assert await said() == Protection(lock=Lock.UNLOCKED, days=30)
        name = vault.client.container_name
        path = f"{ACCOUNT_ID}/blobServices/default/containers/{name}/immutabilityPolicies/default"
        origin = str(vault.client.url).split("/devstoreaccount1")[0]
        async with httpx.AsyncClient(base_url=origin, headers={"Authorization": "Bearer x"}, trust_env=False) as arm:
            assert (await arm.post(f"{path}/lock")).status_code == 200
            assert await said() == Protection(lock=Lock.LOCKED, days=30)
            for days, status in ((29, 409), (30, 409), *((31 + more, 200) for more in range(5)), (99, 409)):
                body = {"properties": {"immutabilityPeriodSinceCreationInDays": days}}
                assert (await arm.post(f"{path}/extend", json=body)).status_code == status
        assert await said() == Protection(lock=Lock.LOCKED, days=35)

    told(azurite, story)


def test_a_policy_that_nobody_may_read_is_unknown_and_not_a_promise(azurite: Azurite) -> None:
    async def story(vault: Vault) -> None:
        found = (await vault.blobs.container()).protection
        assert (found.lock, found.is_promise) == (Lock.UNKNOWN, False)
        assert "NOT PROVEN" in found.said()

    told(azurite, story, is_managed=False)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"properties":{}}',
        b'{"properties":{"state":"Locked"}}',
        b'{"properties":{"state":"Locked","immutabilityPeriodSinceCreationInDays":0}}',
        b'{"properties":{"state":"Locked","immutabilityPeriodSinceCreationInDays":-1}}',
        b'{"properties":{"state":"Locked","immutabilityPeriodSinceCreationInDays":"30"}}',
        b'{"properties":{"state":"Deleted","immutabilityPeriodSinceCreationInDays":30}}',
        b"[" * 100_000,
    ],
)
def test_an_answer_of_the_management_plane_that_is_no_policy_is_unknown(answer: bytes) -> None:
    assert policy_of(answer) == Protection(lock=Lock.UNKNOWN)


@pytest.mark.parametrize(
    "name", ["", "vault", f"{ACCOUNT_ID}/blobServices/default", ACCOUNT_ID.replace("/sub", "//sub")]
)
def test_what_is_no_storage_account_is_refused_by_the_settings_name(name: str) -> None:
    with pytest.raises(InputError, match="TIDEMARK_VAULT_RESOURCE_ID"):
        ManagedPolicy(name, "snapshots", AnyIdentity())
