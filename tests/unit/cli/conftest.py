"""The deployment that tests of the command line speak to."""

from collections.abc import Iterator

import pytest

from shared import wiring
from tests.unit.cli.worlds import Deployment
from tests.unit.functions.worlds import World


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A deployment without snapshots, asked as an administrator."""
    world = World()

    async def product() -> wiring.Product:
        return world.product

    monkeypatch.setattr(wiring, "product", product)
    made = Deployment(world)
    yield made
    made.end()
