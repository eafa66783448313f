"""Read back from Azure Resource Manager what protects a container: the data plane says that there is a policy, and
nobody but the management plane says whether it is locked and for how many days.

Reads only (the pages "Blob Containers - Get Immutability Policy" and "Overview of immutable storage for blob data").
What cannot be read is answered as unknown and logged; it never counts as protection.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError

from shared.domain.errors import InputError
from shared.domain.protection import Lock, Protection

PolicyReader = Callable[[], Awaitable[Protection]]

MANAGEMENT = "https://management.azure.com"
API_VERSION = "2025-01-01"
PATIENCE_SECONDS = 10.0
ANSWER_BYTES_MAX = 1024 * 1024
UNKNOWN = Protection(lock=Lock.UNKNOWN)
LOCKS = {"locked": Lock.LOCKED, "unlocked": Lock.UNLOCKED}
ACCOUNT = re.compile(
    r"/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[A-Za-z0-9._()-]{1,90}"
    r"/providers/Microsoft\.Storage/storageAccounts/[a-z0-9]{3,24}\Z"
)

log = logging.getLogger(__name__)


class _Facts(msgspec.Struct, rename="camel"):
    """The properties of an immutability policy that matter here."""

    immutability_period_since_creation_in_days: int = 0
    state: str = ""


class _Policy(msgspec.Struct):
    properties: _Facts


class ManagedPolicy:
    """The policy of one container of the storage account `account_id`, its id in Azure Resource Manager.

    `management` is the cloud's management endpoint. Raises InputError for an id that is none of a storage account.
    """

    def __init__(
        self, account_id: str, container: str, identity: AsyncTokenCredential, *, management: str = MANAGEMENT
    ) -> None:
        if not ACCOUNT.match(account_id):
            message = "TIDEMARK_VAULT_RESOURCE_ID must be the resource id of the vault's storage account"
            raise InputError(message, member="TIDEMARK_VAULT_RESOURCE_ID")
        path = f"{account_id}/blobServices/default/containers/{container}/immutabilityPolicies/default"
        self._url = f"{management}{path}?api-version={API_VERSION}"
        self._scope = f"{management}/.default"
        self._identity = identity

    async def __call__(self) -> Protection:
        """Return the policy as it stands now, unknown when it cannot be read."""
        try:
            token = await self._identity.get_token(self._scope)
            headers = {"Authorization": f"Bearer {token.token}"}
            async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, follow_redirects=False, trust_env=False) as client:
                answer = await client.get(self._url, headers=headers)
        except (AzureError, httpx.HTTPError) as error:
            log.warning("policy unread", extra={"reason": type(error).__name__})
            return UNKNOWN
        if answer.status_code != 200 or len(answer.content) > ANSWER_BYTES_MAX:
            log.warning("policy unread", extra={"reason": f"the management plane answered {answer.status_code}"})
            return UNKNOWN
        return policy_of(answer.content)


def policy_of(answer: bytes) -> Protection:
    """Return what the management plane's answer says; anything that is no policy of some days is unknown."""
    try:
        facts = msgspec.json.decode(answer, type=_Policy).properties
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return UNKNOWN
    lock = LOCKS.get(facts.state.lower())
    days = facts.immutability_period_since_creation_in_days
    return Protection(lock=lock, days=days) if lock is not None and days > 0 else UNKNOWN


def protection_of(properties: Any, read_back: Protection) -> Protection:
    """Return a container's protection from its own properties (as the SDK reads them) and the policy read back."""
    has_hold = properties.has_legal_hold is True
    if properties.has_immutability_policy is not True:
        return Protection(lock=Lock.NONE, has_legal_hold=has_hold)
    if properties.immutable_storage_with_versioning_enabled is True:
        return Protection(lock=Lock.VERSION_LEVEL, has_legal_hold=has_hold)
    return msgspec.structs.replace(read_back, has_legal_hold=has_hold)
