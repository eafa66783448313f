"""Microsoft's own client, unmodified, lists, pages, reads and writes against a running simulator."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential

from simulator.applications import GRAPH, TIDEMARK
from simulator.tenant import DEFAULT_TENANT_ID

ROOT = Path(__file__).parents[3]
USERS = 150


class ClientSecret(AsyncTokenCredential):
    """A client secret credential for a token endpoint on this machine."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url}/{DEFAULT_TENANT_ID}/oauth2/v2.0/token"

    async def get_token(self, *scopes: str, **_more: Any) -> AccessToken:
        """Return a fresh token."""
        form = {"grant_type": "client_credentials", "client_id": TIDEMARK.app_id, "client_secret": TIDEMARK.secret}
        async with httpx.AsyncClient() as client:
            reply = await client.post(self._url, data={**form, "scope": f"{GRAPH}/.default"})
        return AccessToken(reply.json()["access_token"], int(time.time()) + 3_000)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def __aexit__(self, *_raised: object) -> None:
        """Nothing is kept open."""


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """Yield the address of a running simulator."""
    command = [sys.executable, "-m", "simulator", "--port", "0", "--objects", str(USERS + 100), "--seed", "11"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def a_client(base_url: str, http: httpx.AsyncClient) -> Any:
    """Return the client with nothing changed but where it sends its requests."""
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

    scopes = [f"{GRAPH}/.default"]
    provider = AzureIdentityAuthenticationProvider(ClientSecret(base_url), scopes=scopes, allowed_hosts=["127.0.0.1"])
    adapter = GraphRequestAdapter(provider, client=GraphClientFactory.create_with_default_middleware(client=http))
    adapter.base_url = f"{base_url}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


@pytest.mark.filterwarnings("ignore")
def test_the_sdk_lists_pages_reads_and_writes_users_and_groups(base_url: str) -> None:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.models.group import Group
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.reference_create import ReferenceCreate
    from msgraph.generated.models.user import User
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    async def story(http: httpx.AsyncClient) -> None:
        client = a_client(base_url, http)
        query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(select=["id", "displayName"], top=60)
        page = await client.users.get(request_configuration=RequestConfiguration(query_parameters=query))
        seen = [user.id for user in page.value]
        while page.odata_next_link:
            page = await client.users.with_url(page.odata_next_link).get()
            seen += [user.id for user in page.value]
        assert len(seen) == len(set(seen)) > 60

        user = await client.users.by_user_id(seen[0]).get()
        assert user.display_name
        group = await client.groups.post(
            Group(display_name="By the SDK", mail_enabled=False, mail_nickname="bysdk", security_enabled=True)
        )
        mine = client.groups.by_group_id(group.id)
        address = f"{base_url}/v1.0/directoryObjects/{seen[0]}"
        await mine.members.ref.post(ReferenceCreate(odata_id=address))
        members = await mine.members.get()
        assert [(type(each), each.id) for each in members.value] == [(User, seen[0])]

        await mine.patch(Group(description="Changed by the SDK"))
        assert (await mine.get()).description == "Changed by the SDK"
        await mine.delete()
        with pytest.raises(ODataError) as refused:
            await mine.get()
        assert refused.value.response_status_code == 404
        await client.directory.deleted_items.by_directory_object_id(group.id).restore.post()
        assert (await mine.get()).display_name == "By the SDK"

    async def closing() -> None:
        # Closing the client would not close the wire: the SDK's transport does not pass it on.
        async with httpx.AsyncHTTPTransport() as wire:
            await story(httpx.AsyncClient(transport=wire))

    asyncio.run(closing())
