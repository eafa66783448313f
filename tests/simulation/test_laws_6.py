"""The laws over the seeds of share 6 (tests/simulation/laws.py; each file goes to a process of its own)."""

from tests.simulation.shares import Share


class TestShare6(Share):
    """Every eighth seed from 6 on."""

    number = 6
