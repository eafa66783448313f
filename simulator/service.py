"""The simulator itself: one tenant that answers requests. No sockets, no sleeping, no wall clock.

`Simulator.handle` takes a request and gives the response at once; time is whatever the given clock says. The server
is a thin shell around it, and a test in virtual time calls it directly.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.applications import Application
from simulator.control import Control, ControlError
from simulator.directory.fingerprint import fingerprint
from simulator.encoding import plain
from simulator.faults import Faults
from simulator.generate.exported import load_exported
from simulator.generate.tenant import generate
from simulator.graph import Graph
from simulator.http import Request, Response
from simulator.tenant import DEFAULT_TENANT_ID, DeltaLimits, Tenant
from simulator.throttle import Limits, Throttle
from simulator.tokens import DEFAULT_BASE_URL, TokenError, Tokens
from simulator.world import Clock, World

VERSIONS = ("v1.0", "beta")


def _report(line: str) -> None:
    print(line, file=sys.stderr)


def is_control(path_with_query: str) -> bool:
    """Tell whether a request is one to the control endpoint, which only this machine may reach."""
    return path_with_query.partition("?")[0].lstrip("/").partition("/")[0].lower() == "_sim"


class Simulator:
    """A pretend Entra tenant, generated from a seed.

    `clock` returns unix seconds. `load_from` is a folder of exported configuration laid over the generated tenant;
    `report` is told, line by line, which of its files were skipped.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int = 1,
        objects: int = 100,
        tenant_id: str = DEFAULT_TENANT_ID,
        limits: Limits | None = None,
        delta: DeltaLimits | None = None,
        faults: Faults | None = None,
        load_from: Path | None = None,
        report: Callable[[str], None] = _report,
    ) -> None:
        self.tenant = Tenant(seed, tenant_id=tenant_id, delta=delta or DeltaLimits())
        tokens = Tokens(tenant_id, self.tenant.domain)
        throttle = Throttle(limits or Limits(), tenant_id)
        self.world = World(self.tenant, tokens, throttle, faults or Faults(), clock)
        generate(self.tenant, objects, now=clock())
        if load_from is not None:
            load_exported(self.tenant, load_from, report=report)
        self.tenant.directory.record()
        self._graph = Graph(self.world)
        self._control = Control(self.world, self._graph)

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        counters = self.world.counters
        headers = request.lowered_headers()
        base_url = f"{request.scheme}://{headers.get('host', 'localhost')}"
        path, _, query = request.path_with_query.partition("?")
        first, _, rest = path.lstrip("/").partition("/")
        if is_control(request.path_with_query):
            return self._controlled(request, rest, query)
        counters.requests += 1
        if first.lower() in VERSIONS:
            return self._graph.serve(request, base_url=base_url, version=first, path=f"/{rest}", query=query)
        response = self._identity(request, first, rest, base_url)
        counters.by_status[str(response.status)] += 1
        return response

    def issue_token(self, app: Application, audience: str, base_url: str = DEFAULT_BASE_URL) -> str:
        """Return a token as the token endpoint would, for use without HTTP."""
        return self.world.tokens.issue(app, audience, now=self.world.now(), base_url=base_url)

    def act(self, app: Application, method: str, path: str, body: Any = None) -> Any:
        """Do one Graph operation as `app`, past tokens, quotas and faults; GraphError when it is refused."""
        return self._graph.act(app.app_id, method, path, body)

    def fingerprint(self) -> str:
        """Return the digest of the whole tenant."""
        return fingerprint(self.tenant.directory)

    def _controlled(self, request: Request, path: str, query: str) -> Response:
        now = self.world.now()
        try:
            return plain(200, self._control.answer(request.method.upper(), path, query, request.body), now=now)
        except ControlError as error:
            return plain(error.status, {"error": str(error)}, now=now)

    def _identity(self, request: Request, tenant: str, path: str, base_url: str) -> Response:
        tokens, now = self.world.tokens, self.world.now()
        if not tokens.is_ours(tenant):
            return plain(404, {"error": "not_found", "error_description": f"no such path: /{tenant}/{path}"}, now=now)
        try:
            match request.method.upper(), path.lower():
                case "POST", "oauth2/v2.0/token":
                    granted = tokens.grant(request.body, now=now, base_url=base_url)
                    return plain(200, granted, now=now, headers={"Cache-Control": "no-store"})
                case "GET", "v2.0/.well-known/openid-configuration":
                    return plain(200, tokens.discovery(base_url), now=now)
                case "GET", "discovery/v2.0/keys":
                    return plain(200, tokens.keys(base_url), now=now)
        except TokenError as error:
            return plain(error.status, error.body, now=now)
        missing = f"the simulated tenant does not answer {request.method} /{tenant}/{path}: not an endpoint it has"
        return plain(501, {"error": {"code": "NotImplemented", "message": missing}}, now=now)
