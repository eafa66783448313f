"""The laws over the seeds of share 3 (tests/simulation/laws.py; each file goes to a process of its own)."""

from tests.simulation.shares import Share


class TestShare3(Share):
    """Every eighth seed from 3 on."""

    number = 3
