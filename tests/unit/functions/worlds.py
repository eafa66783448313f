"""A real product over memory and a simulated tenant, asked through the real HTTP functions in virtual time."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import msgspec

from functions import recovery_api
from shared.domain.errors import CallerError
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import EVERYTHING
from shared.ports import Caller
from simulator.applications import CARELESS_SCRIPT
from simulator.service import Simulator
from tests.support.deaths import Deaths, Instance
from tests.support.platform import TENANT, Platform
from tests.support.virtual_time import VirtualClock

BASE = "https://tidemark.example.com"
ROOT = "/directory/recovery"
ADMINISTRATOR_ID = "0be7a700-0000-4000-8000-0000000000a2"
REQUEST_ID = "b0000000-0000-4000-8000-000000000001"
CALLERS = {
    "Bearer administrator": Caller(ADMINISTRATOR_ID, frozenset({"Backup.Administrator"})),
    "Bearer approver": Caller("0be7a700-0000-4000-8000-0000000000a4", frozenset({"Backup.Administrator"})),
    "Bearer second approver": Caller("0be7a700-0000-4000-8000-0000000000a5", frozenset({"Backup.Administrator"})),
    "Bearer reader": Caller("0be7a700-0000-4000-8000-0000000000a3", frozenset({"Backup.Reader"})),
    "Bearer bystander": Caller("b957a0de-0000-4000-8000-0000000000a4", frozenset()),
}
Json = dict[str, Any]


class KnownCallers:
    """ports.Callers that knows the tokens of CALLERS and no other."""

    async def identify(self, authorization: str | None) -> Caller:
        """Return who the header names."""
        if authorization not in CALLERS:
            raise CallerError("a valid bearer token is required", is_known=False)
        return CALLERS[authorization]


@dataclass(frozen=True)
class Reply:
    """An answer: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """The body as a JSON object."""
        return msgspec.json.decode(self.body, type=Json)

    @property
    def error(self) -> Json:
        """The error of the envelope."""
        found: Json = self.json["error"]
        return found

    @property
    def rows(self) -> list[Json]:
        """The items of a collection."""
        found: list[Json] = self.json["value"]
        return found


class World:
    """One tenant and one deployment; everything is asked inside one virtual_time.run."""

    everything = EVERYTHING

    def __init__(self, objects: int = 30, *, is_signed: bool = True) -> None:
        self.clock = VirtualClock()
        self.simulator = Simulator(clock=self.clock.unix_seconds, seed=3, objects=objects, tenant_id=TENANT)
        self.platform = Platform(self.simulator, workers=1)
        if not is_signed:
            self.platform.signing = None
            self.platform.operator = self.platform.product(Instance(), Deaths())
        self.product = dataclasses.replace(self.platform.operator, callers=KnownCallers())

    async def captured(self) -> str:
        """Capture the tenant and return the snapshot's id on the wire."""
        job = await self.platform.finish(await self.product.scheduling.capture(TENANT, self.clock.now()))
        assert job.state is State.SUCCESSFUL
        return wire_snapshot_id(job.snapshot_id)

    async def reported(self, snapshot: str) -> Job:
        """Report what changed since `snapshot`; return the job at its end."""
        started = await self.product.starting.report(TENANT, snapshot, EVERYTHING, requested_by="somebody")
        return await self.platform.finish(started)

    async def recovered(self, snapshot: str) -> Job:
        """Recover to `snapshot`; return the job at its end."""
        started = await self.product.starting.recovery(TENANT, snapshot, EVERYTHING, Options(), requested_by="somebody")
        return await self.platform.finish(started)

    def users(self) -> list[str]:
        """Return the ids of the live users who are not synced from on premises."""
        live = self.simulator.tenant.directory.stores["user"].live
        return [str(one) for one, body in live.items() if not body.get("onPremisesSyncEnabled")]

    def change(self, object_id: str, **values: object) -> None:
        """Change properties of a user, as somebody else would."""
        self.simulator.act(CARELESS_SCRIPT, "PATCH", f"/users/{object_id}", values)

    def delete(self, object_id: str) -> None:
        """Delete a user softly, as somebody else would."""
        self.simulator.act(CARELESS_SCRIPT, "DELETE", f"/users/{object_id}")

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "administrator",
        version: str = "v1.0",
        **headers: str,
    ) -> Reply:
        """Send one request through the HTTP function of `version`; header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        content = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        if content and "content-type" not in sent:
            sent["content-type"] = "application/json"
        request = func.HttpRequest(method, f"{BASE}/{version}{path}", headers=sent, body=content)
        function = recovery_api.recovery_v1 if version == "v1.0" else recovery_api.recovery_beta
        answer = await function(req=request, context=SimpleNamespace(invocation_id=REQUEST_ID))
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, named | {"content-type": answer.mimetype}, answer.get_body())

    async def get(self, path: str, **named: Any) -> Reply:
        """Send a GET below the recovery root."""
        return await self.ask("GET", ROOT + path, **named)

    async def post(self, path: str, body: object = None, **named: Any) -> Reply:
        """Send a POST below the recovery root."""
        return await self.ask("POST", ROOT + path, body, **named)
