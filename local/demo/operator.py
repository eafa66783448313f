"""What an operator's tool does over the HTTP API: sign in, start jobs, poll them, read their changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from local.demo.system import System
from simulator.applications import (
    OPERATOR_ADMINISTRATOR,
    OPERATOR_APPROVER,
    OPERATOR_READER,
    OPERATOR_SECOND_APPROVER,
    TIDEMARK_API,
)

ROOT = "/v1.0/directory/recovery"
ENDS = frozenset({"successful", "failed", "abandoned"})
POLL_SECONDS = 0.25
JOB_SECONDS_MAX = 110.0
COLLEAGUES = (OPERATOR_APPROVER, OPERATOR_SECOND_APPROVER, OPERATOR_READER)
Json = dict[str, Any]


class OperatorError(Exception):
    """The API refused, or a job did not end well."""


def operator_settings(system: System) -> dict[str, str]:
    """Return the settings with which the command line reaches a running system as an administrator."""
    return {
        "TIDEMARK_URL": system.api_url,
        "TIDEMARK_TOKEN_URL": f"{system.simulator_url}/{system.tenant}/oauth2/v2.0/token",
        "TIDEMARK_CLIENT_ID": OPERATOR_ADMINISTRATOR.app_id,
        "TIDEMARK_CLIENT_SECRET": OPERATOR_ADMINISTRATOR.secret,
        "TIDEMARK_AUDIENCE": TIDEMARK_API,
    }


def colleague_settings() -> dict[str, dict[str, str]]:
    """Return by name what another operator than the administrator sets otherwise."""
    return {
        colleague.name: {"TIDEMARK_CLIENT_ID": colleague.app_id, "TIDEMARK_CLIENT_SECRET": colleague.secret}
        for colleague in COLLEAGUES
    }


class Operator:
    """An administrator's session with the API of one running system."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._client = httpx.AsyncClient(base_url=system.api_url, timeout=60)
        self._client.headers["Prefer"] = "include-unknown-enum-members"

    async def __aenter__(self) -> Self:
        form = {
            "grant_type": "client_credentials",
            "client_id": OPERATOR_ADMINISTRATOR.app_id,
            "client_secret": OPERATOR_ADMINISTRATOR.secret,
            "scope": f"{TIDEMARK_API}/.default",
        }
        url = f"{self._system.simulator_url}/{self._system.tenant}/oauth2/v2.0/token"
        answer = await self._client.post(url, data=form)
        answer.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {msgspec.json.decode(answer.content)['access_token']}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def fire_timer(self) -> None:
        """Fire the snapshot timer through the host's admin endpoint."""
        answer = await self._client.post(
            "/admin/functions/daily_snapshot", json={"input": ""}, headers={"x-functions-key": self._system.admin_key}
        )
        if answer.status_code != 202:
            raise OperatorError(f"the host refused to fire the timer: {answer.status_code} {answer.text}")

    async def get(self, path: str) -> Json:
        """Return the JSON below the recovery root at `path`."""
        answer = await self._client.get(f"{ROOT}{path}")
        if answer.status_code != 200:
            raise OperatorError(f"GET {path}: {answer.status_code} {answer.text}")
        body: Json = msgspec.json.decode(answer.content)
        return body

    async def start(self, path: str) -> str:
        """Start a job; return its id."""
        answer = await self._client.post(f"{ROOT}{path}")
        if answer.status_code != 202:
            raise OperatorError(f"POST {path}: {answer.status_code} {answer.text}")
        return answer.headers["Location"].rsplit("/", 1)[1]

    async def newest_job(self) -> str:
        """Return the id of the newest job, once there is one."""
        for _attempt in range(200):
            jobs = (await self.get("/jobs"))["value"]
            if jobs:
                return str(jobs[0]["id"])
            await asyncio.sleep(POLL_SECONDS)
        raise OperatorError("the timer started no job")

    async def follow(self, job_id: str, seen: Callable[[Json], None]) -> Json:
        """Poll a job until it has ended, handing every answer to `seen`; raise OperatorError unless successful."""
        give_up_at = time.monotonic() + JOB_SECONDS_MAX
        while time.monotonic() < give_up_at:
            job = await self.get(f"/jobs/{job_id}")
            seen(job)
            if job["status"] in ENDS:
                if job["status"] != "successful":
                    raise OperatorError(f"job {job_id} ended {job['status']}: {job.get('tidemark.error')}")
                return job
            await asyncio.sleep(POLL_SECONDS)
        raise OperatorError(f"job {job_id} did not end within {JOB_SECONDS_MAX:.0f} s")

    async def changes(self, snapshot_id: str, job_id: str) -> list[Json]:
        """Return every row of a report."""
        path = f"/snapshots/{snapshot_id}/recoveryPreviewJobs/{job_id}/getChanges?$top=999"
        rows: list[Json] = []
        while path:
            page = await self.get(path)
            rows += page["value"]
            path = page.get("@odata.nextLink", "").partition(ROOT)[2]
        return rows
