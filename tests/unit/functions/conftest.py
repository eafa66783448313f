"""The world that tests of the API ask."""

import pytest

from shared import wiring
from tests.unit.functions.worlds import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A deployment whose functions find its product where the process's own would be."""
    made = World()

    async def product() -> wiring.Product:
        return made.product

    monkeypatch.setattr(wiring, "product", product)
    return made
