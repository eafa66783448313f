"""The laws over the seeds of share 2 (tests/simulation/laws.py; each file goes to a process of its own)."""

from tests.simulation.shares import Share


class TestShare2(Share):
    """Every eighth seed from 2 on."""

    number = 2
