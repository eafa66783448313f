"""The laws over the seeds of share 1 (tests/simulation/laws.py; each file goes to a process of its own)."""

from tests.simulation.shares import Share


class TestShare1(Share):
    """Every eighth seed from 1 on."""

    number = 1
