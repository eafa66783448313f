"""The laws over the seeds of share 5 (tests/simulation/laws.py; each file goes to a process of its own)."""

from tests.simulation.shares import Share


class TestShare5(Share):
    """Every eighth seed from 5 on."""

    number = 5
