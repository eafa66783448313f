"""Breaks answers on purpose, by rules, a seed and counters: what a network and a service do on a bad day.

A rule that never fired shows a count of zero, so a test can tell that it tested nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

import msgspec


class Fault(StrEnum):
    """What can go wrong. Before the operation: it never happens. After: it happened, the client cannot know."""

    STATUS_500 = "500"
    STATUS_502 = "502"
    STATUS_503 = "503"
    STATUS_504 = "504"
    THROTTLED = "429"
    FORBIDDEN = "403"
    CLAIMS = "401-claims"
    GONE = "410"
    RESET = "reset"
    STATUS_504_AFTER = "504-after"
    RESET_AFTER = "reset-after"
    CUT_BODY = "cut-body"
    CUT_GZIP = "cut-gzip"
    SLOW = "slow"
    HTML_PAGE = "html-page"
    WRONG_TYPE = "wrong-type"
    NEXT_LINK_LOOP = "next-link-loop"
    NEXT_LINK_MISSING = "next-link-missing"
    NEXT_LINK_ELSEWHERE = "next-link-elsewhere"


BEFORE = frozenset(
    {
        Fault.STATUS_500,
        Fault.STATUS_502,
        Fault.STATUS_503,
        Fault.STATUS_504,
        Fault.THROTTLED,
        Fault.FORBIDDEN,
        Fault.CLAIMS,
        Fault.GONE,
        Fault.RESET,
    }
)
IN_BODY = frozenset({Fault.CUT_BODY, Fault.CUT_GZIP, Fault.HTML_PAGE, Fault.WRONG_TYPE, Fault.SLOW})
LINKS = frozenset({Fault.NEXT_LINK_LOOP, Fault.NEXT_LINK_MISSING, Fault.NEXT_LINK_ELSEWHERE})
# A part of a batch has a status and a body of its own, but no connection, no content type, no encoding.
IN_BATCH = frozenset(BEFORE - {Fault.RESET}) | {Fault.STATUS_504_AFTER} | LINKS


class Rule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """When one fault strikes: requests whose method and path match, from the `nth` match on, at most `times` times.

    Without `nth` and `probability` every match is struck. `method` is a regular expression for the whole method,
    `path` one searched in the path and query below the version; both ignore case. A link fault strikes only answers
    that have a next or delta link. A slow answer takes `seconds`.
    """

    kind: Fault
    method: str = ""
    path: str = ""
    nth: int | None = None
    probability: float | None = None
    times: int | None = None
    retry_after_seconds: float | None = 1.5
    seconds: float = 5.0
    matched: int = 0
    fired: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Tell whether this rule is about such a request."""
        if self.method and re.fullmatch(self.method, method, re.IGNORECASE) is None:
            return False
        return re.search(self.path, path, re.IGNORECASE) is not None


@dataclass(slots=True)
class Faults:
    """The rules in force. The first rule that strikes wins."""

    rules: list[Rule] = field(default_factory=list)
    seed: int = 0
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random(f"faults {self.seed}")
        for rule in self.rules:
            re.compile(rule.path)
            re.compile(rule.method)

    def strike(self, kinds: Iterable[Fault], method: str, path: str) -> Rule | None:
        """Return the rule that breaks this request among `kinds`, counting what it matched and fired."""
        for rule in self.rules:
            if rule.kind not in kinds or not rule.matches(method, path):
                continue
            rule.matched += 1
            if self._fires(rule):
                rule.fired += 1
                return rule
        return None

    def _fires(self, rule: Rule) -> bool:
        if rule.times is not None and rule.fired >= rule.times:
            return False
        if rule.nth is not None and rule.matched < rule.nth:
            return False
        return rule.probability is None or self._random.random() < rule.probability

    def fired(self) -> dict[str, int]:
        """Return how often each kind of fault fired; a rule that never did is there with zero."""
        counts: dict[str, int] = {}
        for rule in self.rules:
            counts[rule.kind.value] = counts.get(rule.kind.value, 0) + rule.fired
        return counts
