"""Microsoft's own client, unmodified, lists, pages, reads and writes against a running simulator, over HTTPS."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential

from simulator.applications import GRAPH, TIDEMARK
from simulator.tenant import DEFAULT_TENANT_ID
from tests.support.referee import HAS_SLICE, SLICE

ROOT = Path(__file__).parents[3]
USERS = 150


class ClientSecret(AsyncTokenCredential):
    """A client secret credential for a token endpoint on this machine."""

    def __init__(self, base_url: str, trusted: ssl.SSLContext) -> None:
        self._url, self._trusted = f"{base_url}/{DEFAULT_TENANT_ID}/oauth2/v2.0/token", trusted

    async def get_token(self, *scopes: str, **_more: Any) -> AccessToken:
        """Return a fresh token."""
        form = {"grant_type": "client_credentials", "client_id": TIDEMARK.app_id, "client_secret": TIDEMARK.secret}
        async with httpx.AsyncClient(verify=self._trusted) as client:
            reply = await client.post(self._url, data={**form, "scope": f"{GRAPH}/.default"})
        return AccessToken(reply.json()["access_token"], int(time.time()) + 3_000)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def __aexit__(self, *_raised: object) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True)
class Served:
    """A running simulator: where, and whom to trust."""

    base_url: str
    trusted: ssl.SSLContext


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a running simulator."""
    trust_file = tmp_path_factory.mktemp("simulator") / "trusted.crt"
    command = [sys.executable, "-m", "simulator", "--objects", str(USERS + 100), "--seed", "11"]
    command += ["--https-port", "0", "--trust-file", str(trust_file)]
    command += ["--validate", str(SLICE)] if HAS_SLICE else []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()
            secured = process.stdout.readline().split()[-1]
            yield Served(secured, ssl.create_default_context(cafile=str(trust_file)))
        finally:
            process.terminate()


def a_client(served: Served, http: httpx.AsyncClient) -> Any:
    """Return the client with nothing changed but where it sends its requests."""
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

    secret = ClientSecret(served.base_url, served.trusted)
    provider = AzureIdentityAuthenticationProvider(secret, scopes=[f"{GRAPH}/.default"], allowed_hosts=["127.0.0.1"])
    adapter = GraphRequestAdapter(provider, client=GraphClientFactory.create_with_default_middleware(client=http))
    adapter.base_url = f"{served.base_url}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


@pytest.mark.filterwarnings("ignore")
def test_the_sdk_lists_pages_reads_and_writes_users_and_groups(served: Served) -> None:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.models.group import Group
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.reference_create import ReferenceCreate
    from msgraph.generated.models.user import User
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder
    from msgraph_core import PageIterator

    async def story(http: httpx.AsyncClient) -> None:
        client = a_client(served, http)
        query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(select=["id", "displayName"], top=60)
        page = await client.users.get(request_configuration=RequestConfiguration(query_parameters=query))
        assert len(page.value) == 60
        seen: list[str] = []

        def keep(user: User) -> bool:
            seen.append(user.id or "")
            return True

        await PageIterator(page, client.request_adapter).iterate(keep)
        assert len(seen) == len(set(seen)) == await client.users.count.get(request_configuration=eventual())

        user = await client.users.by_user_id(seen[0]).get()
        assert user.display_name
        group = await client.groups.post(
            Group(display_name="By the SDK", mail_enabled=False, mail_nickname="bysdk", security_enabled=True)
        )
        mine = client.groups.by_group_id(group.id)
        address = f"{served.base_url}/v1.0/directoryObjects/{seen[0]}"
        await mine.members.ref.post(ReferenceCreate(odata_id=address))
        members = await mine.members.get()
        assert [(type(each), each.id) for each in members.value] == [(User, seen[0])]

        await mine.patch(Group(description="Changed by the SDK"))
        assert (await mine.get()).description == "Changed by the SDK"
        answers = await batch(
            client,
            {"id": "1", "method": "GET", "url": f"/users/{seen[1]}?$select=id"},
            {"id": "2", "method": "DELETE", "url": f"/groups/{group.id}/members/{seen[0]}/$ref", "dependsOn": ["1"]},
        )
        assert {each["id"]: each["status"] for each in answers} == {"1": 200, "2": 204}
        assert (await mine.members.get()).value == []
        await mine.delete()
        with pytest.raises(ODataError) as refused:
            await mine.get()
        assert refused.value.response_status_code == 404
        await client.directory.deleted_items.by_directory_object_id(group.id).restore.post()
        assert (await mine.get()).display_name == "By the SDK"

    async def closing() -> None:
        # Closing the client would not close the wire: the SDK's transport does not pass it on.
        async with httpx.AsyncHTTPTransport(verify=served.trusted) as wire:
            await story(httpx.AsyncClient(transport=wire))

    asyncio.run(closing())
    if HAS_SLICE:
        report = httpx.get(f"{served.base_url}/_sim/complaints", verify=served.trusted).json()
        assert report["requests"] > 8
        assert report["complaints"] == []


def eventual() -> Any:
    """Return the header that `$count` needs."""
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_abstractions.headers_collection import HeadersCollection

    headers = HeadersCollection()
    headers.add("ConsistencyLevel", "eventual")
    return RequestConfiguration(headers=headers)


async def batch(client: Any, *parts: dict[str, Any]) -> list[dict[str, Any]]:
    """Send one batch through the client's own adapter and return its answers."""
    from kiota_abstractions.method import Method
    from kiota_abstractions.request_information import RequestInformation

    request = RequestInformation(Method.POST, "{+baseurl}/$batch", {"baseurl": client.request_adapter.base_url})
    request.headers.add("Content-Type", "application/json")
    request.content = json.dumps({"requests": parts}).encode()
    answers: list[dict[str, Any]] = json.loads(await client.request_adapter.send_primitive_async(request, "bytes", {}))[
        "responses"
    ]
    return answers
