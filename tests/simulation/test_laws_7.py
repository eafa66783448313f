"""The laws over the seeds of share 7 (tests/simulation/laws.py; each file goes to a process of its own)."""

from tests.simulation.shares import Share


class TestShare7(Share):
    """Every eighth seed from 7 on."""

    number = 7
