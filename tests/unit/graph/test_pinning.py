"""Each of the two locks on the host holds alone: no token and no request for another place, whoever asks."""

from __future__ import annotations

import httpx
import pytest
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from shared.domain.errors import DirectoryError
from shared.graph.figures import Figures
from shared.graph.sdk import Bearer
from shared.graph.transport import PinnedTransport
from tests.support.virtual_time import VirtualClock, run
from tests.unit.graph.gateways import BASE, Tokens, a_page

ELSEWHERE = [
    "https://attacker.example/v1.0/users",
    "https://graph.microsoft.com.attacker.example/v1.0/users",
    "http://graph.microsoft.com/v1.0/users",
    "https://graph.microsoft.com:444/v1.0/users",
    "https://user@graph.microsoft.com/v1.0/users",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_the_transport_speaks_to_no_other_place(url: str) -> None:
    seen: list[str] = []

    def network(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return a_page("a")

    async def story() -> None:
        figures = Figures()
        pinned = PinnedTransport(httpx.MockTransport(network), BASE, bytes_max=1_000, figures=figures)
        async with httpx.AsyncClient(transport=pinned) as client:
            with pytest.raises(DirectoryError, match=r"was stopped: Graph is at graph\.microsoft\.com"):
                await client.get(url)
            assert (await client.get(f"{BASE}/users")).status_code == 200
        assert figures.counts()["requests"] == 1

    run(story())
    assert seen == [f"{BASE}/users"]


@pytest.mark.parametrize("url", [*ELSEWHERE, "https://graph.microsoft.com/v1.0.attacker.example", f"{BASE}@x/y"])
def test_no_token_is_put_on_a_request_to_another_place(url: str) -> None:
    async def story() -> list[str]:
        tokens = Tokens(VirtualClock())
        request = RequestInformation(Method.GET)
        request.url = url
        with pytest.raises(DirectoryError, match="a place that is not Graph"):
            await Bearer(tokens, BASE).authenticate_request(request)
        assert not request.headers.try_get("authorization")
        return tokens.asked

    assert run(story()) == []
