"""What every suite shares: one Azurite for the whole run."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import azurite as azurite_process
from local.azurite import Azurite


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Azurite with two accounts, started once; the one AZURITE_URL names where that is set.

    Tests share it, so they name their own containers, queues and tables.
    """
    folder: Path = tmp_path_factory.mktemp("azurite")
    running = asyncio.run(azurite_process.start(folder))
    yield running
    running.stop()
