"""The simulator itself: one tenant that answers requests. No sockets, no sleeping, no wall clock.

`Simulator.handle` takes a request and gives the response at once; time is whatever the given clock says. The server
is a thin shell around it, and a test in virtual time calls it directly.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from simulator.applications import Application
from simulator.control import Control, ControlError
from simulator.cross_origin import is_preflight, preflight, shown_to_pages
from simulator.directory.fingerprint import fingerprint
from simulator.encoding import plain
from simulator.faults import Faults
from simulator.generate.exported import load_exported
from simulator.generate.tenant import generate
from simulator.graph import Graph
from simulator.http import Request, Response
from simulator.referee.referee import Referee
from simulator.surroundings import Surroundings
from simulator.switches import Switches
from simulator.tenant import DEFAULT_TENANT_ID, DeltaLimits, Tenant
from simulator.throttle import Limits, Throttle
from simulator.tokens import DEFAULT_BASE_URL, Tokens
from simulator.world import Clock, World

VERSIONS = ("v1.0", "beta")


def _report(line: str) -> None:
    print(line, file=sys.stderr)


def is_control(path_with_query: str) -> bool:
    """Tell whether a request is one to the control endpoint, which only this machine may reach."""
    return path_with_query.partition("?")[0].lstrip("/").partition("/")[0].lower() == "_sim"


class Simulator:
    """A pretend Entra tenant, generated from a seed.

    `clock` returns unix seconds. `links` is about how many links to generate. `is_mixed` adds agents, licences and
    role-assignable groups, which changes the users, groups and policies of a seed. `load_from` is a folder of
    exported configuration laid over the generated tenant; `report` is told, line by line, which of its files were
    skipped. `validate` is a folder with the published description of Graph: every exchange is then checked against
    it (MissingSliceError when it is none).
    """

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int = 1,
        objects: int = 100,
        links: int | None = None,
        is_mixed: bool = False,
        tenant_id: str = DEFAULT_TENANT_ID,
        limits: Limits | None = None,
        delta: DeltaLimits | None = None,
        faults: Faults | None = None,
        switches: Switches | None = None,
        validate: Path | None = None,
        load_from: Path | None = None,
        report: Callable[[str], None] = _report,
    ) -> None:
        self.tenant = Tenant(seed, tenant_id=tenant_id, delta=delta or DeltaLimits(), switches=switches or Switches())
        tokens = Tokens(tenant_id, self.tenant.domain)
        throttle = Throttle(limits or Limits(), tenant_id)
        self.world = World(self.tenant, tokens, throttle, faults or Faults(), clock)
        self.world.referee = Referee(validate) if validate is not None else None
        generate(self.tenant, objects, now=clock(), links=links, is_mixed=is_mixed)
        if load_from is not None:
            load_exported(self.tenant, load_from, report=report)
        self.tenant.directory.record()
        self.world.apply_quotas()
        self.tenant.native.started_at = clock()
        self._graph = Graph(self.world)
        self.world.employ(self._graph.act)
        self._control = Control(self.world, self._graph)
        self._surroundings = Surroundings(self.tenant, tokens)

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        headers = request.lowered_headers()
        if is_control(request.path_with_query):
            return self._controlled(request, is_from_page="origin" in headers)
        if is_preflight(request.method, headers):
            return preflight(headers)
        return shown_to_pages(self._answer(request, headers), headers)

    def _answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        counters = self.world.counters
        base_url = f"{request.scheme}://{headers.get('host', 'localhost')}"
        path, _, query = request.path_with_query.partition("?")
        first, _, rest = path.lstrip("/").partition("/")
        counters.requests += 1
        if self.world.office is not None:
            self.world.office.work(self.world.now())
        if first.lower() in VERSIONS:
            return self._graph.serve(request, base_url=base_url, version=first, path=f"/{rest}", query=query)
        response = self._surroundings.answer(request, path, base_url, self.world.now())
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

    def _controlled(self, request: Request, *, is_from_page: bool) -> Response:
        now = self.world.now()
        whole, _, query = request.path_with_query.partition("?")
        _, _, path = whole.lstrip("/").partition("/")
        try:
            if is_from_page:
                raise ControlError(403, "control is not for pages in a browser")
            return plain(200, self._control.answer(request.method.upper(), path, query, request.body), now=now)
        except ControlError as error:
            return plain(error.status, {"error": str(error)}, now=now)
