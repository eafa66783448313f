"""The demo's five phases. Each returns what the next one and the final figures need."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec

from local.demo.independent import Reading, read_tenant
from local.demo.operator import Json, Operator, OperatorError
from local.demo.screen import Screen, figures
from local.demo.system import System
from local.demo.verdict import Verdict, remaining, strayed
from simulator.applications import TIDEMARK

EXAMPLES = 6
KILL_AFTER_SHARE = 0.3
REDELIVERED = '"dequeue_count":'


class Story:
    """The run of one demo over one running system."""

    def __init__(self, system: System, operator: Operator, screen: Screen) -> None:
        self._system, self._operator, self._screen = system, operator, screen
        self.seconds: dict[str, float] = {}
        self.kills = 0

    async def capture(self) -> Json:
        """Fire the timer and wait for a sealed snapshot; return it."""
        self._screen.phase("1. The daily snapshot timer fires")
        with self._timed("capture"):
            await self._operator.fire_timer()
            await self._follow("snapshot", await self._operator.newest_job())
        snapshot: Json = (await self._operator.get("/snapshots"))["value"][0]
        counts = snapshot["tidemark.counts"]
        self._screen.line(
            f"sealed {snapshot['tidemark.snapshotId']}: {counts['objects']} objects, {counts['softDeleted']} in the "
            f"recycle bin, {counts['links']} links"
        )
        return snapshot

    async def read(self, phase: str) -> Reading:
        """Read the tenant independently of Tidemark."""
        with self._timed(phase):
            return await read_tenant(self._system.simulator_url, self._system.tenant)

    async def incident(self, seed: int) -> Json:
        """Let the careless script run; return what it did."""
        self._screen.phase("2. A careless script runs in the tenant")
        answer: Json = await self._control("POST", "/incidents/careless-script", {"seed": seed})
        self._screen.table(["what it did", "times"], [[name.replace("_", " "), n] for name, n in _did(answer)])
        return answer

    async def report(self, snapshot_id: str) -> tuple[Json, list[Json]]:
        """Ask for a difference report and show it; return the job and its rows."""
        self._screen.phase("3. A difference report: the snapshot against the live tenant")
        with self._timed("report"):
            job_id = await self._operator.start(f"/snapshots/{snapshot_id}/recoveryPreviewJobs")
            job = await self._follow("report", job_id)
        rows = await self._operator.changes(snapshot_id, job_id)
        summary = Counter((row["entityTypeName"], _action(row)) for row in rows)
        self._screen.table(["type", "action", "objects"], [[*known, n] for known, n in sorted(summary.items())])
        self._screen.line(f"{job['totalChangedLinksCalculated']} links differ; some of the rows:")
        examples = {(row["entityTypeName"], _action(row)): row for row in rows}
        self._screen.table(
            ["object", "now", "in the snapshot"], [_example(row) for row in list(examples.values())[:EXAMPLES]]
        )
        return job, rows

    async def recover(self, snapshot_id: str) -> Json:
        """Recover, killing the worker that is at it once a share of the changes is done."""
        self._screen.phase("4. Recovery, with a worker killed in the middle")
        with self._timed("recover"):
            job_id = await self._operator.start(f"/snapshots/{snapshot_id}/recoveryJobs")
            return await self._follow("recovery", job_id, kill=True)

    async def verify(self, before: Reading, rows: list[Json]) -> tuple[Verdict, list[str]]:
        """Read the tenant independently and compare with the reading before the incident."""
        self._screen.phase("5. An independent reading of the tenant")
        verdict = remaining(before, await self.read("verify"))
        writes: Any = await self._control("GET", f"/writes?app={TIDEMARK.app_id}")
        listed = writes["writes"] if isinstance(writes, dict) else writes
        astray = strayed(listed, {row["id"] for row in rows})
        return verdict, astray

    async def counters(self) -> Json:
        """Return the simulated tenant's counters."""
        answer: Json = await self._control("GET", "/counters")
        return answer

    def redeliveries(self) -> int:
        """Return how many messages were delivered again, by the instances' logs."""
        events = (
            msgspec.json.decode(line)
            for child in [self._system.front, *self._system.workers]
            for line in child.output().splitlines()
            if REDELIVERED in line and line.startswith("{")
        )
        return sum(1 for event in events if event["event"] == "function started" and event["dequeue_count"] > 1)

    async def _follow(self, name: str, job_id: str, *, kill: bool = False) -> Json:
        display, seen = self._screen.progress(name)
        pending: list[Json] = []

        def both(job: Json) -> None:
            seen(job)
            done, planned = figures(job)
            if kill and not self.kills and planned and done >= KILL_AFTER_SHARE * planned:
                pending.append(job)
                self._kill()

        with display or contextlib.nullcontext():
            job = await self._operator.follow(job_id, both)
        if kill and not pending:
            raise OperatorError("the recovery ended before a worker could be killed: nothing was proven")
        return job

    def _kill(self) -> None:
        """Send SIGKILL to the worker that is applying the recovery."""
        for worker, url in zip(self._system.workers, self._system.worker_urls, strict=True):
            status = httpx.get(
                f"{url}/admin/host/status", headers={"x-functions-key": self._system.admin_key}, timeout=10
            )
            if any(call["function"] == "recover_worker" for call in msgspec.json.decode(status.content)["running"]):
                worker.kill()
                self.kills += 1
                self._screen.line(f"{worker.name} (process {worker.pid}) killed with SIGKILL")
                return

    async def _control(self, method: str, path: str, body: Json | None = None) -> Any:
        async with httpx.AsyncClient(base_url=f"{self._system.simulator_url}/_sim", timeout=60) as client:
            answer = await client.request(method, path, json=body)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content)

    @contextlib.contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[phase] = round(time.monotonic() - began, 2)


def _did(answer: Json) -> list[tuple[str, int]]:
    return [(name, count) for name, count in answer["actions"].items() if count]


def _action(row: Json) -> str:
    return str(row.get("tidemark.action") or row["recoveryAction"])


def _example(row: Json) -> list[str]:
    name = f"{row['entityTypeName']} {row.get('displayName') or row['id']}"
    return [name[:44], _short(row.get("currentState")), _short(row.get("deltaFromCurrent"))]


def _short(values: Json | None) -> str:
    shown = {name: value for name, value in (values or {}).items() if not name.startswith("@odata")}
    text = ", ".join(
        f"{name}: {len(value)} links" if name.endswith("@delta") else f"{name}: {msgspec.json.encode(value).decode()}"
        for name, value in shown.items()
    )
    return text[:57] + "..." if len(text) > 60 else text
