"""`tell` runs one story against each storage in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.contract.storage.worlds import Story, azure_world, memory_world

Tell = Callable[[Story], None]


@pytest.fixture(params=["memory", "azure"])
def tell(request: pytest.FixtureRequest) -> Tell:
    """Run a story in the storage the test is parametrised with."""

    def run(story: Story) -> None:
        asyncio.run(_told(story, request))

    if request.param == "azure":
        request.getfixturevalue("azurite")
    return run


async def _told(story: Story, request: pytest.FixtureRequest) -> None:
    if request.param == "memory":
        async with memory_world() as world:
            await story(world)
    else:
        async with azure_world(request.getfixturevalue("azurite").connection_string) as world:
            await story(world)
