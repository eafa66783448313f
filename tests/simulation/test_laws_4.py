"""The laws over the seeds of share 4 (tests/simulation/laws.py; each file goes to a process of its own)."""

from tests.simulation.shares import Share


class TestShare4(Share):
    """Every eighth seed from 4 on."""

    number = 4
