"""Control of a running simulator, under /_sim: counters, history, fingerprint, clock, faults, incidents.

Not part of Graph, and needs no token; the server lets only this machine in.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec

from simulator.directory.fingerprint import fingerprint
from simulator.faults import Faults, Rule
from simulator.graph import Graph
from simulator.incidents.library import INCIDENTS
from simulator.world import World

Wish = TypeVar("Wish")


class ControlError(Exception):
    """The control request is wrong; `status` says how."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Advance(msgspec.Struct, forbid_unknown_fields=True):
    advance_seconds: float


class _Play(msgspec.Struct, forbid_unknown_fields=True):
    seed: int = 1
    scale: float = 1.0


class _Break(msgspec.Struct, forbid_unknown_fields=True):
    rules: list[Rule] = msgspec.field(default_factory=list)
    seed: int = 0


class Control:
    """Answers requests below /_sim."""

    def __init__(self, world: World, graph: Graph) -> None:
        self._world, self._graph = world, graph

    def answer(self, method: str, path: str, query: str, body: bytes) -> Any:
        """Return the JSON answer of one control request; ControlError when there is none."""
        name = path.strip("/")
        reads: dict[str, Callable[[], Any]] = {
            "counters": self._world.counted,
            "writes": lambda: self._writes(query),
            "fingerprint": lambda: self._fingerprint(query),
            "incidents": lambda: sorted(INCIDENTS),
            "faults": lambda: self._world.faults.rules,
        }
        writes: dict[str, Callable[[], Any]] = {
            "clock": lambda: self._advance(_read(body, _Advance)),
            "faults": lambda: self._break(_read(body, _Break)),
        }
        if method == "POST" and name.startswith("incidents/"):
            return self.play(name.removeprefix("incidents/"), _read(body or b"{}", _Play))
        asked = {"GET": reads, "POST": writes}.get(method, {}).get(name)
        if asked is None:
            raise ControlError(404, f"no control request {method} /_sim/{name}")
        return asked()

    def _fingerprint(self, query: str) -> dict[str, str]:
        ignoring = parse_qs(query).get("ignoring", [""])[0]
        ids = frozenset(each.lower() for each in ignoring.split(",") if each)
        return {"fingerprint": fingerprint(self._world.tenant.directory, ids)}

    def _writes(self, query: str) -> list[dict[str, Any]]:
        app_id = parse_qs(query).get("app", [None])[0]
        return [write.shown() for write in self._world.tenant.history.of(app_id)]

    def play(self, name: str, wish: _Play) -> dict[str, Any]:
        """Play one incident; return what it did, counted and listed."""
        incident = INCIDENTS.get(name)
        if incident is None:
            raise ControlError(404, f"no incident {name}; known: {', '.join(sorted(INCIDENTS))}")
        if not 0.0 <= wish.scale <= 1.0:
            raise ControlError(400, "scale must be from 0 to 1")
        return incident(self._world.tenant, self._graph.act, seed=wish.seed, scale=wish.scale)

    def _advance(self, wish: _Advance) -> dict[str, float]:
        if wish.advance_seconds < 0:
            raise ControlError(400, "the clock only goes forward")
        self._world.offset_seconds += wish.advance_seconds
        return {"offset_seconds": self._world.offset_seconds, "now": self._world.now()}

    def _break(self, wish: _Break) -> list[Rule]:
        try:
            self._world.faults = Faults(wish.rules, wish.seed)
        except re.error as error:
            raise ControlError(400, f"no regular expression: {error}") from error
        return self._world.faults.rules


def _read(body: bytes, shape: type[Wish]) -> Wish:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        raise ControlError(400, str(error)) from error
