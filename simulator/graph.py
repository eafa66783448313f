"""The Graph surface: who calls, may they, can they afford it, what is asked, and what happens on a bad day.

The order is the service's: token, quota, permission, operation. Every part of a batch passes the same gates alone.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from simulator import permissions
from simulator.directory.history import Write
from simulator.encoding import break_links, encode, has_link
from simulator.errors import GraphError, MissingBehaviourError
from simulator.faults import BEFORE, IN_BATCH, LINKS, Fault, Rule
from simulator.http import Request, Response
from simulator.moments import stamp
from simulator.odata import read_options
from simulator.operations.batch import Outcome, Part, read_parts, run_parts
from simulator.operations.call import JSON, Answer, Call
from simulator.routes import Route, find
from simulator.tokens import Caller
from simulator.world import World

_AFTER = frozenset({Fault.STATUS_504_AFTER, Fault.RESET_AFTER})
_IN_BODY = frozenset({Fault.CUT_BODY, Fault.HTML_PAGE, Fault.WRONG_TYPE})
_EVERYWHERE = frozenset(Fault)


class ResetError(Exception):
    """The connection breaks here; the client hears nothing more."""


class Graph:
    """Answers requests below /v1.0 and /beta."""

    def __init__(self, world: World) -> None:
        self._world = world

    def serve(self, request: Request, *, base_url: str, version: str, path: str, query: str) -> Response:
        """Answer one request; `path` is below the version and starts with a slash, or is empty."""
        world, headers, now = self._world, request.lowered_headers(), self._world.now()
        request_id = world.new_request_id()
        method = request.method.upper()
        root = f"{base_url}/{version}"
        try:
            caller = world.tokens.caller(headers.get("authorization", ""), now=now)
            world.counters.by_app[caller.app_id] += 1
            if path.lower() == "/$batch" and method == "POST":
                answer = self._batch(caller, root, request.body, now, request_id)
            else:
                answer = self._one(caller, method, root, path, query, headers, request.body, now, _EVERYWHERE)
            rule = world.faults.strike(_IN_BODY, method, _shown(path, query))
        except GraphError as error:
            answer, rule = self._refused(error, headers, now, request_id), None
        except ResetError:
            world.counters.by_status["reset"] += 1
            return Response(0, {}, reset=True)
        world.counters.by_status[str(answer.status)] += 1
        fault = rule.kind if rule else None
        return encode(answer, request=headers, request_id=request_id, now=now, fault=fault)

    def act(self, app_id: str, method: str, path: str, body: Any = None) -> Answer:
        """Do one operation at once, as `app_id`, past quotas and faults; for incidents. GraphError when refused."""
        route, params = find(method, path)
        content = b"" if body is None else msgspec.json.encode(body)
        root = "https://graph.microsoft.com/v1.0"
        call = Call(method, root, path, params, {}, {}, content, app_id, self._world.now())
        return self._perform(route, call)

    def _one(
        self,
        caller: Caller,
        method: str,
        root: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        now: float,
        kinds: frozenset[Fault],
        refusal: GraphError | None = None,
    ) -> Answer:
        shown = _shown(path, query)
        self._break(self._world.faults.strike(BEFORE & kinds, method, shown))
        spent: dict[str, str] = {}
        try:
            route, params = find(method, path)
            options = read_options(query, route.options)
            spent = self._charge(caller.app_id, route, options, now)
            permissions.check(caller.roles, route.area, is_write=route.is_write)
            if refusal is not None:
                raise refusal
            call = Call(method, root, path, params, options, headers, body, caller.app_id, now)
            answer = self._perform(route, call)
        except MissingBehaviourError as missing:
            version = root.rsplit("/", 1)[1]
            raise missing.refusal(method, f"/{version}{path}") from missing
        except GraphError as error:
            error.headers = {**spent, **error.headers}
            raise
        answer.headers = {**spent, **answer.headers}
        self._break(self._world.faults.strike(_AFTER & kinds, method, shown))
        if has_link(answer):
            rule = self._world.faults.strike(LINKS & kinds, method, shown)
            if rule is not None:
                break_links(answer, rule.kind, own_url=root + shown)
        return answer

    def _perform(self, route: Route, call: Call) -> Answer:
        tenant = self._world.tenant
        self._world.counters.expired += tenant.directory.expire(call.now)
        call.object_type, call.relation = route.object_type, route.relation
        answer = route.operation(tenant, call)
        if route.is_write:
            touched = (answer.object_type, answer.object_id, answer.links)
            tenant.history.append(Write(call.now, call.app_id, call.method, call.path, *touched))
        return answer

    def _charge(self, app_id: str, route: Route, options: dict[str, str], now: float) -> dict[str, str]:
        cost = route.cost(options)
        self._world.counters.resource_units += cost.units
        verdict = self._world.throttle.charge(app_id, cost, now)
        if not verdict.is_allowed:
            raise GraphError(429, "TooManyRequests", "Too many requests.", headers=verdict.headers)
        return verdict.headers

    def _break(self, rule: Rule | None) -> None:
        if rule is None:
            return
        kind = rule.kind
        if kind in (Fault.RESET, Fault.RESET_AFTER):
            raise ResetError
        if kind is Fault.FORBIDDEN:
            raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        if kind is Fault.THROTTLED:
            wait = rule.retry_after_seconds
            headers = {} if wait is None else {"Retry-After": f"{wait:g}"}
            raise GraphError(429, "TooManyRequests", "Too many requests.", headers=headers)
        status = 504 if kind is Fault.STATUS_504_AFTER else int(kind.value)
        codes = {500: "InternalServerError", 503: "ServiceUnavailable", 504: "GatewayTimeout"}
        raise GraphError(status, codes[status], "The service is temporarily unable to answer.")

    def _batch(self, caller: Caller, root: str, body: bytes, now: float, request_id: str) -> Answer:
        self._break(self._world.faults.strike(BEFORE, "POST", "/$batch"))
        counters = self._world.counters

        def run(part: Part, refusal: GraphError | None) -> Outcome:
            counters.parts += 1
            headers = {name.lower(): value for name, value in part.headers.items()}
            path, _, query = ("/" + part.url.lstrip("/")).partition("?")
            try:
                if refusal is not None and refusal.status == 424:
                    raise refusal
                content = _content(part, headers)
                method = part.method.upper()
                answer = self._one(caller, method, root, path, query, headers, content, now, IN_BATCH, refusal)
            except GraphError as error:
                answer = self._refused(error, headers, now, request_id)
            counters.parts_by_status[str(answer.status)] += 1
            typed = {} if answer.body is None else {"Content-Type": answer.content_type}
            return Outcome(answer.status, {**answer.headers, **typed}, answer.body)

        answers = run_parts(read_parts(body), run=run, target=_written, shuffle=self._world.random)
        self._break(self._world.faults.strike(_AFTER, "POST", "/$batch"))
        return Answer(200, {"responses": answers})

    def _refused(self, error: GraphError, headers: Mapping[str, str], now: float, request_id: str) -> Answer:
        own_id = headers.get("client-request-id", request_id)
        body = error.envelope(date=stamp(now), request_id=request_id, client_request_id=own_id)
        return Answer(error.status, body, dict(error.headers), JSON)


def _written(part: Part) -> str:
    try:
        route, params = find(part.method.upper(), part.url.partition("?")[0])
    except MissingBehaviourError:
        return ""
    return params.get("id", "").lower() if route.is_write else ""


def _content(part: Part, headers: Mapping[str, str]) -> bytes:
    if part.body is None:
        return b""
    if "content-type" not in headers:
        raise GraphError(400, "BadRequest", f"Request '{part.id}' has a body but no Content-Type header.")
    return msgspec.json.encode(part.body)


def _shown(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path
