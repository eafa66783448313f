"""What every suite shares: one Azurite for the whole run, and a referee for every simulated tenant."""

import asyncio
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from local import azurite as azurite_process
from local.azurite import Azurite
from tests.support import referee


def pytest_configure(config: pytest.Config) -> None:
    """Judge every simulated tenant by the published description of Graph."""
    config.addinivalue_line("markers", "unjudged(reason): the test brings up complaints of the referee on purpose")
    referee.judge_every_tenant()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail the test that brought up a complaint, with its text."""
    try:
        return (yield)
    finally:
        found = referee.brought_up(item.nodeid)
        if found and item.get_closest_marker("unjudged") is None:
            pytest.fail("the referee complains:\n" + "\n".join(found), pytrace=False)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Azurite with two accounts, started once; the one AZURITE_URL names where that is set.

    Tests share it, so they name their own containers, queues and tables.
    """
    folder: Path = tmp_path_factory.mktemp("azurite")
    running = asyncio.run(azurite_process.start(folder))
    yield running
    running.stop()
