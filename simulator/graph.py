"""The Graph surface: who calls, may they, can they afford it, what is asked, and what happens on a bad day.

The order is the service's: token, quota, permission, operation. Every part of a batch passes the same gates alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from simulator import odata, permitted
from simulator.breaking import ResetError, break_off
from simulator.directory.history import Write
from simulator.encoding import break_links, encode, has_link
from simulator.errors import GraphError, MissingBehaviourError
from simulator.faults import BEFORE, IN_BATCH, IN_BODY, LINKS, Fault
from simulator.http import Request, Response
from simulator.moments import stamp
from simulator.operations.batch import Outcome, Part, read_parts, run_parts
from simulator.operations.call import JSON, Answer, Call
from simulator.protection import refuse_role_groups
from simulator.referee.referee import Exchange
from simulator.replicas.journal import Operation
from simulator.routes import Route, find
from simulator.tokens import Caller
from simulator.world import World

_AFTER = frozenset({Fault.STATUS_504_AFTER, Fault.RESET_AFTER})
_EVERYWHERE = frozenset(Fault)
_OF_A_LIST = "$skiptoken"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, or one part of a batch, whose caller is known."""

    caller: Caller
    method: str
    root: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    now: float
    request_id: str

    @property
    def correlation_id(self) -> str:
        """Return the id the client gave its request, or ours."""
        return self.headers.get("client-request-id", self.request_id)


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
            if _is_batch(path) and method == "POST":
                answer = self._batch(caller, root, request.body, now, request_id)
            else:
                asked = Asked(caller, method, root, path, query, headers, request.body, now, request_id)
                answer = self._one(asked, _EVERYWHERE)
            rule = world.faults.strike(IN_BODY, method, _shown(path, query))
        except GraphError as error:
            answer, rule = self._refused(error, headers, now, request_id), None
        except ResetError:
            world.counters.by_status["reset"] += 1
            return Response(0, {}, reset=True)
        world.counters.by_status[str(answer.status)] += 1
        if not _is_batch(path):
            self._judge(method, root, path, query, request.body, answer)
        return encode(answer, request=headers, request_id=request_id, now=now, rule=rule)

    def act(self, app_id: str, method: str, path: str, body: Any = None) -> Answer:
        """Do one operation at once, as `app_id`, past quotas and faults; for incidents. GraphError when refused."""
        route, params = find(method, path)
        content = b"" if body is None else msgspec.json.encode(body)
        root = "https://graph.microsoft.com/v1.0"
        call = Call(method, root, path, params, {}, {}, content, app_id, self._world.now())
        call.correlation_id = self._world.new_correlation_id()
        return self._perform(route, call)

    def _one(self, asked: Asked, kinds: frozenset[Fault], refusal: GraphError | None = None) -> Answer:
        faults, shown = self._world.faults, _shown(asked.path, asked.query)
        break_off(faults.strike(BEFORE & kinds, asked.method, shown), url=asked.root + shown)
        spent: dict[str, str] = {}
        try:
            route, params = find(asked.method, asked.path)
            if route.is_beta and not asked.root.endswith("/beta"):
                segment = route.pattern[-1] if len(route.pattern) < 2 else route.pattern[1]
                raise GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
            options = odata.read_options(asked.query, route.options)
            call = Call(asked.method, asked.root, asked.path, params, options, asked.headers, asked.body)
            call.app_id, call.now, call.correlation_id = asked.caller.app_id, asked.now, asked.correlation_id
            call.request_id, call.user_id = asked.request_id, asked.caller.user_id
            spent = self._charge(call, route)
            caller = asked.caller
            permitted.check(
                caller.roles, caller.scopes, route.method, route.pattern, route.area, is_write=route.is_write
            )
            refuse_role_groups(self._world.tenant, route, call, frozenset((*caller.roles, *caller.scopes)))
            odata.check_advanced(options, is_eventual=call.is_eventual)
            if refusal is not None:
                raise refusal
            answer = self._answered(route, call)
        except MissingBehaviourError as missing:
            version = asked.root.rsplit("/", 1)[1]
            raise missing.refusal(asked.method, f"/{version}{asked.path}") from missing
        except GraphError as error:
            error.headers = {**spent, **error.headers}
            raise
        answer.headers = {**spent, **answer.headers}
        break_off(faults.strike(_AFTER & kinds, asked.method, shown), url=asked.root + shown)
        if has_link(answer):
            rule = faults.strike(LINKS & kinds, asked.method, shown)
            if rule is not None:
                break_links(answer, rule.kind, own_url=asked.root + shown)
                answer.is_broken = True
        return answer

    def _answered(self, route: Route, call: Call) -> Answer:
        """Do the operation as a tenant with replicas does: reads may be behind, fresh objects may be unknown."""
        world = self._world
        if route.is_write:
            world.lagging.refuse_fresh(call)
            world.protection.refuse(world.tenant, route, call)
            world.colliding.refuse(call)
            answer = self._perform(route, call)
            world.colliding.note(call)
            return answer
        pages = _OF_A_LIST in route.options and "$deltatoken" not in route.options
        hollow = world.mischief.empty_page(call) if pages else None
        if hollow is not None:
            return hollow
        is_delta = "$deltatoken" in route.options
        answer = world.lagging.read(call, lambda: self._read(route, call, is_delta=is_delta), is_delta=is_delta)
        if (pages or is_delta) and route.object_type:
            world.mischief.move(route.object_type, answer, is_delta=is_delta)
        return answer

    def _read(self, route: Route, call: Call, *, is_delta: bool) -> Answer:
        """Do one read on the replica it went to; a delta page may come empty first."""
        call.object_type = route.object_type
        hollow = self._world.mischief.empty_delta(call) if is_delta else None
        return self._perform(route, call) if hollow is None else hollow

    def _perform(self, route: Route, call: Call) -> Answer:
        tenant = self._world.tenant
        self._world.counters.expired += tenant.directory.expire(call.now)
        call.object_type, call.relation = route.object_type, route.relation
        call.cast, call.parent_type = route.cast, route.parent_type
        if route.is_write and route.object_type in tenant.directory.directory_types:
            call.schema = tenant.directory.stores[route.object_type].schema
        tenant.directory.journal.operation = Operation(call.app_id, call.correlation_id, call.user_id)
        try:
            answer = route.operation(tenant, call)
        finally:
            tenant.directory.journal.operation = Operation()
        if route.is_write:
            touched = (answer.object_type, answer.object_id, answer.links)
            tenant.history.append(Write(call.now, call.app_id, call.method, call.path, *touched))
        return answer

    def _charge(self, call: Call, route: Route) -> dict[str, str]:
        cost = route.cost(dict(call.options))
        if route.is_write and route.object_type == "application" and self._world.is_personal(call):
            cost = replace(cost, is_personal=True)
        self._world.counters.resource_units += cost.units
        priority = call.headers.get("x-ms-throttle-priority", "")
        verdict = self._world.throttle.charge(call.app_id, cost, call.now, priority)
        if not verdict.is_allowed:
            raise GraphError(429, "TooManyRequests", "Too many requests.", headers=verdict.headers)
        return verdict.headers

    def _batch(self, caller: Caller, root: str, body: bytes, now: float, request_id: str) -> Answer:
        break_off(self._world.faults.strike(BEFORE, "POST", "/$batch"), url=f"{root}/$batch")
        counters = self._world.counters

        def run(part: Part, refusal: GraphError | None) -> Outcome:
            counters.parts += 1
            headers = {name.lower(): value for name, value in part.headers.items()}
            path, _, query = ("/" + part.url.lstrip("/")).partition("?")
            method, content = part.method.upper(), _content(part)
            try:
                if refusal is not None and refusal.status == 424:
                    raise refusal
                if content and "content-type" not in headers:
                    raise GraphError(400, "BadRequest", f"Request '{part.id}' has a body but no Content-Type header.")
                asked = Asked(caller, method, root, path, query, headers, content, now, request_id)
                answer = self._one(asked, IN_BATCH, refusal)
            except GraphError as error:
                answer = self._refused(error, headers, now, request_id)
            counters.parts_by_status[str(answer.status)] += 1
            self._judge(method, root, path, query, content, answer)
            typed = {} if answer.body is None else {"Content-Type": answer.content_type}
            return Outcome(answer.status, {**answer.headers, **typed}, answer.body)

        answers = run_parts(read_parts(body), run=run, target=_written, shuffle=self._world.random)
        break_off(self._world.faults.strike(_AFTER, "POST", "/$batch"), url=f"{root}/$batch")
        is_throttled = any(answer["status"] == 429 for answer in answers)
        status = 424 if is_throttled and self._world.tenant.switches.throttling.is_batch_failed else 200
        return Answer(status, {"responses": answers})

    def _judge(self, method: str, root: str, path: str, query: str, body: bytes, answer: Answer) -> None:
        if self._world.referee is not None and not answer.is_broken:
            self._world.referee.watch(Exchange(method, root, path, query, body, answer.status, answer.body))

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


def _content(part: Part) -> bytes:
    return b"" if part.body is None else msgspec.json.encode(part.body)


def _is_batch(path: str) -> bool:
    return path.lower().rstrip("/").removeprefix("/myorganization") == "/$batch"


def _shown(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path
