"""Watches the traffic of one simulated tenant and keeps its complaints: each once, counted, with an example.

Faults on purpose are not its business: it sees an answer before bytes are cut, swapped or lost, and takes an error
answer as what it is. What is refused with 501 was never promised, so only the request is checked.
"""

import functools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from simulator.referee import answers, requests
from simulator.referee.exceptions import ALLOWED
from simulator.referee.paths import Known, Paths
from simulator.referee.published import Published
from simulator.referee.values import Complain, Values

COMPLAINTS_MAX = 1_000
_WITHOUT_BODY = frozenset({202, 204})


@dataclass(slots=True)
class _Complaint:
    side: str
    rule: str
    place: str
    fact: str
    example: str
    count: int = 0
    accepted: int = 0


@dataclass(slots=True)
class Exchange:
    """One request and what came of it; a part of a batch counts as one."""

    method: str
    root: str
    path: str
    query: str
    body: bytes
    status: int
    answer: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@functools.cache
def _described(folder: Path) -> tuple[Published, Mapping[str, Paths], Mapping[str, Values]]:
    """Return the description of a folder, read once in a process however many tenants are judged by it."""
    published = Published.read(folder)
    paths = {version: Paths(published, version=version) for version in ("v1.0", "beta")}
    return published, paths, {"v1.0": Values(published, {}), "beta": Values(published, published.beta_properties)}


class Referee:
    """Checks exchanges against the published slice of `folder`."""

    def __init__(self, folder: Path) -> None:
        self._published, self._paths, self._values = _described(folder)
        self._complaints: dict[tuple[str, str, str, str], _Complaint] = {}
        self._allowed: Counter[str] = Counter()
        self.requests = self.answers = self.unchecked = self.dropped = 0

    def watch(self, exchange: Exchange) -> None:
        """Check one exchange."""
        version = exchange.root.rsplit("/", 1)[1].lower()
        self.requests += 1
        known = self._paths[version].find(exchange.method, exchange.path)
        if isinstance(known, str):
            self._complain("request", known, exchange, f"{exchange.method} {exchange.path}", "")
            return
        place = f"{exchange.method} {known.template}"
        options = dict(parse_qsl(exchange.query, keep_blank_values=True))
        values = self._values[version]

        def of_request(rule: str, fact: str) -> None:
            self._complain("request", rule, exchange, place, fact)

        def of_answer(rule: str, fact: str) -> None:
            self._complain("answer", rule, exchange, place, fact)

        requests.check_options(options, known, of_request)
        requests.check_names(options, known, self._published, values, of_request)
        requests.check_body(exchange.method, exchange.body, known, self._published, values, of_request)
        self._check_answer(exchange, known, options, values, of_answer)

    def _check_answer(
        self, exchange: Exchange, known: Known, options: dict[str, str], values: Values, say: Complain
    ) -> None:
        status, body = exchange.status, exchange.answer
        if status < 400:
            answers.check_status(exchange.method, status, say)
        if status == 501 or (status < 400 and body is not None and not known.returns):
            self.unchecked += 1
            return
        self.answers += 1
        if status >= 400:
            answers.check_refusal(status, body, say)
        elif (body is None) != (status in _WITHOUT_BODY):
            say("body", f"a {status} {'without' if body is None else 'with'} a body")
        elif body is not None:
            answers.check_answer(body, known, options, exchange.root, self._published, values, say)

    def _complain(self, side: str, rule: str, exchange: Exchange, place: str, fact: str) -> None:
        for allowed in ALLOWED:
            if allowed.covers(rule, place, fact):
                self._allowed[allowed.name] += 1
                return
        key = (side, rule, place, fact)
        if key not in self._complaints:
            if len(self._complaints) >= COMPLAINTS_MAX:
                self.dropped += 1
                return
            query = f"?{exchange.query}" if exchange.query else ""
            example = f"{exchange.method} {exchange.path}{query} -> {exchange.status}"
            self._complaints[key] = _Complaint(side, rule, place, fact, example)
        self._complaints[key].count += 1
        self._complaints[key].accepted += exchange.status < 400

    def forget(self) -> None:
        """Start a new list of complaints; what was counted stays."""
        self._complaints = {}

    def report(self) -> dict[str, Any]:
        """Return what was checked, every complaint, and how often each deliberate exception was used."""
        names = ("side", "rule", "place", "fact", "example", "count", "accepted")
        return {
            "requests": self.requests,
            "answers": self.answers,
            "unchecked": self.unchecked,
            "complaints": [{name: getattr(each, name) for name in names} for each in self._complaints.values()],
            "dropped": self.dropped,
            "exceptions": [
                {"name": each.name, "reason": each.reason, "used": self._allowed[each.name]} for each in ALLOWED
            ],
        }
