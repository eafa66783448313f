"""Where tokens for Graph come from: the app's managed identity, or the client secret of a registered app.

Token endpoints are reached over https, or over http on loopback, and never through a redirect. Neither source keeps
a token: the gateway does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import msgspec
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity.aio import ManagedIdentityCredential

from shared.domain.errors import DirectoryError, TransientError
from shared.graph.links import checked_base
from shared.graph.tokens import Token
from shared.ports import Clock

GRAPH_AUDIENCE = "https://graph.microsoft.com"
TOKEN_TIMEOUT_SECONDS = 30


class ManagedIdentityTokens:
    """Tokens of the app's managed identity; `client_id` names a user-assigned one, None is the system-assigned."""

    def __init__(self, client_id: str | None = None) -> None:
        self._credential = ManagedIdentityCredential(client_id=client_id)

    async def __call__(self, claims: str = "") -> Token:
        """Return a token from the platform's identity endpoint."""
        try:
            found = await self._credential.get_token(f"{GRAPH_AUDIENCE}/.default", claims=claims or None)
        except ClientAuthenticationError as error:
            raise DirectoryError(f"the managed identity got no token: {error.message}", status=401) from error
        except AzureError as error:
            raise TransientError("the identity endpoint could not be reached") from error
        return Token(found.token, datetime.fromtimestamp(found.expires_on, UTC))

    async def aclose(self) -> None:
        """Close the connection to the identity endpoint."""
        await self._credential.close()


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: int


class ClientSecretTokens:
    """Tokens for a registered app by its client secret: local runs and hosts without a managed identity.

    `authority` is such as https://login.microsoftonline.com; http is accepted for loopback only.
    """

    def __init__(
        self,
        *,
        authority: str,
        tenant: str,
        client_id: str,
        client_secret: str,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = checked_base(f"{authority.rstrip('/')}/{quote(tenant, safe='')}/oauth2/v2.0") + "/token"
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": f"{GRAPH_AUDIENCE}/.default",
        }
        self._clock = clock
        self._transport = transport

    async def __call__(self, claims: str = "") -> Token:
        """Return a token from the token endpoint."""
        form = {**self._form, "claims": claims} if claims else self._form
        asked_at = self._clock.now()
        try:
            async with httpx.AsyncClient(
                transport=self._transport, timeout=TOKEN_TIMEOUT_SECONDS, trust_env=False
            ) as client:
                response = await client.post(self._url, data=form)
        except httpx.TransportError as error:
            raise TransientError("the token endpoint could not be reached") from error
        if response.status_code == 429 or response.status_code >= 500:
            raise TransientError(f"the token endpoint answered {response.status_code}")
        if response.status_code != 200:
            raise DirectoryError("the token endpoint refused the app's credentials", status=response.status_code)
        try:
            granted = msgspec.json.decode(response.content, type=_Granted)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise DirectoryError("the token endpoint answered something that is no token", status=200) from error
        return Token(granted.access_token, asked_at + timedelta(seconds=granted.expires_in))
