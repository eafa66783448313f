"""Control of a running simulator, under /_sim: counters, history, fingerprint, clock, faults, incidents.

Not part of Graph, and needs no token; the server lets only this machine in.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec

from simulator.applications import BY_APP_ID
from simulator.directory.fingerprint import fingerprint
from simulator.errors import GraphError
from simulator.faults import Faults, Rule
from simulator.graph import Graph
from simulator.incidents.ending import Ending, differing, expected, since
from simulator.incidents.library import INCIDENTS
from simulator.incidents.story import Stage
from simulator.moments import stamp
from simulator.native.jobs import RECOVERY, snapshot_at, snapshot_id
from simulator.native.serving import run
from simulator.switches import Switches
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
    first_day: int = 1
    last_day: int = 30


class _Break(msgspec.Struct, forbid_unknown_fields=True):
    rules: list[Rule] = msgspec.field(default_factory=list)
    seed: int = 0


class _SignIn(msgspec.Struct, forbid_unknown_fields=True):
    app: str
    scopes: list[str]
    user: str = "0a11ce00-0000-4000-8000-000000000001"


class _Recover(msgspec.Struct, forbid_unknown_fields=True):
    snapshot: str = ""
    filtering_criteria: dict[str, Any] | None = msgspec.field(default=None, name="filteringCriteria")


class Control:
    """Answers requests below /_sim."""

    def __init__(self, world: World, graph: Graph) -> None:
        self._world, self._graph = world, graph
        self._endings: dict[str, list[Ending]] = {}

    def answer(self, method: str, path: str, query: str, body: bytes) -> Any:
        """Return the JSON answer of one control request; ControlError when there is none."""
        name = path.strip("/")
        reads: dict[str, Callable[[], Any]] = {
            "counters": self._world.counted,
            "writes": lambda: self._writes(query),
            "fingerprint": lambda: self._fingerprint(query),
            "incidents": lambda: sorted(INCIDENTS),
            "faults": lambda: self._world.faults.rules,
            "switches": lambda: self._world.tenant.switches,
            "complaints": self._complaints,
        }
        writes: dict[str, Callable[[], Any]] = {
            "clock": lambda: self._advance(_read(body, _Advance)),
            "faults": lambda: self._break(_read(body, _Break)),
            "switches": lambda: self._switch(_read(body, Switches)),
            "tokens": lambda: self._sign_in(_read(body, _SignIn)),
            "native/snapshots": self._take_snapshot,
            "native/recoveries": lambda: self._recover(_read(body or b"{}", _Recover)),
        }
        if method == "POST" and name.startswith("incidents/"):
            return self.play(name.removeprefix("incidents/"), _read(body or b"{}", _Play))
        if method == "GET" and name.startswith("incidents/"):
            return self._ending(name.removeprefix("incidents/"), query)
        asked = {"GET": reads, "POST": writes}.get(method, {}).get(name)
        if asked is None:
            raise ControlError(404, f"no control request {method} /_sim/{name}")
        return asked()

    def _complaints(self) -> dict[str, Any]:
        if self._world.referee is None:
            raise ControlError(404, "no referee: start with --validate")
        return self._world.referee.report()

    def _switch(self, wish: Switches) -> Switches:
        self._world.switch(wish)
        return wish

    def _sign_in(self, wish: _SignIn) -> dict[str, str]:
        app = BY_APP_ID.get(wish.app.lower())
        if app is None:
            raise ControlError(404, f"no application {wish.app}")
        now = self._world.now()
        token = self._world.tokens.issue_delegated(app, tuple(wish.scopes), user_id=wish.user, now=now)
        return {"token_type": "Bearer", "access_token": token}

    def _take_snapshot(self) -> dict[str, str]:
        at = float(int(self._world.now()))
        self._world.tenant.native.taken.append(at)
        return {"id": snapshot_id(at), "createdDateTime": stamp(at)}

    def _recover(self, wish: _Recover) -> dict[str, Any]:
        tenant, now = self._world.tenant, self._world.now()
        settings = tenant.switches.native
        times = tenant.native.snapshots(now, hour=settings.hour, kept=settings.kept)
        at = snapshot_at(wish.snapshot) if wish.snapshot else next(iter(times), None)
        if at is None or at not in times:
            raise ControlError(404, f"no snapshot {wish.snapshot}")
        try:
            return run(tenant, at, RECOVERY, wish.filtering_criteria, now).shown(now)
        except GraphError as error:
            raise ControlError(error.status, error.message) from error

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
        world = self._world

        def wait(seconds: float) -> None:
            world.offset_seconds += seconds

        journal = world.tenant.directory.journal
        ending = Ending(journal.count)
        stage = Stage(world.tenant, self._graph.act, wait, world.now, wish.first_day, wish.last_day)
        told = incident.play(stage, seed=wish.seed, scale=wish.scale)
        entries = since(world.tenant.directory, ending.number)
        ending.learn(entries)
        ending.app_ids = {incident.app_id}
        self._endings.setdefault(name, []).append(ending)
        return {**told, "after_recovery": incident.after_recovery}

    def _ending(self, path: str, query: str) -> dict[str, Any]:
        """Answer `{name}/expected` or `{name}/differences`, counted from the `play`th time it was played (1: first)."""
        name, _, wish = path.partition("/")
        plays = self._endings.get(name, [])
        number = parse_qs(query).get("play", ["1"])[0]
        if name not in INCIDENTS or wish not in ("expected", "differences"):
            raise ControlError(404, f"no control request GET /_sim/incidents/{path}")
        if not number.isdigit() or not 1 <= int(number) <= len(plays):
            raise ControlError(404, f"incident {name} has been played {len(plays)} times: no play {number}")
        ending = plays[int(number) - 1].copy()
        for later in plays[int(number) :]:
            ending.join(later)
        told = {"incident": name, "play": int(number), "after_recovery": INCIDENTS[name].after_recovery}
        return told | (expected(ending) if wish == "expected" else differing(self._world.tenant.directory, ending))

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
