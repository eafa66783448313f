"""Counts of what the gateway did, for progress reports, benchmarks and tests.

Counters only grow. `requests` are HTTP requests sent, `parts` the requests inside $batch, `throttled` the 429 answers
to either, `retries` the repeated requests or parts, `waits` the pauses and `waited_ms` their length.
"""

from __future__ import annotations

NAMES = ("requests", "parts", "throttled", "retries", "waits", "waited_ms")


class Figures:
    """The counters of one gateway; all start at zero."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(NAMES, 0)

    def add(self, name: str, amount: int = 1) -> None:
        """Count `amount` more of `name`; a name that is not in NAMES is our own mistake."""
        assert name in self._counts, name
        self._counts[name] += amount

    def counts(self) -> dict[str, int]:
        """Return a copy of every counter."""
        return dict(self._counts)
