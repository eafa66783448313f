"""The laws over the seeds of share 0 (tests/simulation/laws.py; each file goes to a process of its own)."""

from tests.simulation.shares import Share


class TestShare0(Share):
    """Every eighth seed from 0 on."""

    number = 0
