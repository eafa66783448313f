"""The simulated tenant in a process of its own, so that its time and memory are not counted as Tidemark's.

Requests and answers go through a pipe, one at a time; time is the measured process's virtual time, sent along. What
Graph would count is counted on this side of the pipe, from the requests as they left.
"""

from __future__ import annotations

import asyncio
import math
import multiprocessing
import time
from collections.abc import Callable, Coroutine, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
import msgspec

from bench.beside import Beside
from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import PAGE_MAX, Shape
from shared.catalogue.types import TYPES
from shared.graph.answers.pages import EXPANDED_MAX
from shared.graph.children import child_name
from shared.graph.quota import Cost, cost_of
from shared.graph.settings import BATCH_PARTS_MAX
from shared.memory import virtual_time
from simulator.applications import GRAPH, TIDEMARK, TIDEMARK_SECOND, TIDEMARK_THIRD
from simulator.http import Request
from simulator.operations.hung import below
from simulator.service import Simulator

BY_PATH = {entry.path: entry.name for entry in TYPES}
LATENCY_SECONDS = 0.05  # what one exchange takes, as in the simulation tests
IDENTITIES = (TIDEMARK, TIDEMARK_SECOND, TIDEMARK_THIRD)  # those that a recovery may write as
LOGIN = "https://login.microsoftonline.com"


class TenantProcess:
    """A tenant of `objects` and about `links`, whose gzipped answers are recorded in the file `answers`."""

    def __init__(self, objects: int, links: int, answers: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, objects, links, answers))
        self._process.start()
        theirs.close()

    def ask(self, *question: Any) -> Any:
        """Return the tenant's answer to one of the questions `_serve` knows."""
        self._pipe.send(question)
        return self._pipe.recv()

    def end(self) -> None:
        """Let the process end, and wait for it."""
        self._pipe.close()
        self._process.join()


class TenantTransport(httpx.AsyncBaseTransport):
    """HTTP to the tenant's process; `requests` counts what was sent, `cost` what Graph's quotas say it takes.

    `own_cpu_s` is the processor time of this transport: counting, the pipe, and nothing of Tidemark's. No other task
    runs while it is taken, because nothing in between waits. With `beside`, each gzipped answer goes there first.
    """

    def __init__(self, tenant: TenantProcess, beside: Beside | None = None) -> None:
        self._tenant, self._beside = tenant, beside
        self.requests = 0
        self.cost = Cost()
        self.own_cpu_s = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the tenant's response, LATENCY_SECONDS later."""
        body = await request.aread()
        began = time.process_time()
        target = request.url.raw_path.decode("ascii")
        self.requests += 1
        self.cost += _cost(request.method, "/" + target.lstrip("/").partition("/")[2], body)
        self.own_cpu_s += time.process_time() - began
        await asyncio.sleep(LATENCY_SECONDS / 2)
        began = time.process_time()
        now = asyncio.get_running_loop().time()
        headers = dict(request.headers.items())
        status, answer, content, is_reset = self._tenant.ask("request", now, request.method, target, headers, body)
        if self._beside and _is_packed(answer):
            self._beside.take(content)
        self.own_cpu_s += time.process_time() - began
        await asyncio.sleep(LATENCY_SECONDS / 2)
        if is_reset:
            raise httpx.ReadError("the connection was reset", request=request)
        return httpx.Response(status, headers=answer, stream=httpx.ByteStream(content), request=request)


def over_a_tenant(
    root: Path, objects: int, links: int, story: Callable[[TenantProcess], Coroutine[Any, Any, dict[str, Any]]]
) -> dict[str, Any]:
    """Return what `story` returns, told in virtual time over a generated tenant whose process ends with it."""
    tenant = TenantProcess(objects, links, root / "answers")
    try:
        return virtual_time.run(story(tenant))
    finally:
        tenant.end()


def _cost(method: str, tail: str, body: bytes) -> Cost:
    """Return what a request takes from the quotas; the parts of a $batch count one by one, itself nothing."""
    if not tail.startswith("/$batch"):
        return cost_of(method, tail)
    parts = msgspec.json.decode(body)["requests"]
    return sum((cost_of(part["method"], part["url"]) for part in parts), Cost())


def _serve(pipe: Connection, objects: int, links: int, answers: Path) -> None:
    """Answer questions until the other end closes: token, least, recorded, request, and call with a function."""
    now = 0.0
    dawn = 1_795_000_000.0
    simulator = Simulator(clock=lambda: dawn + now, seed=1, objects=objects, links=links)
    with answers.open("wb") as record:
        while True:
            try:
                question = pipe.recv()
            except EOFError:
                return
            if question[0] == "token":
                number = question[1] if len(question) > 1 else 0
                pipe.send(simulator.issue_token(IDENTITIES[number], GRAPH, base_url=LOGIN))
            elif question[0] == "call":
                pipe.send(question[1](simulator, *question[2:]))
            elif question[0] == "recorded":
                record.flush()
                pipe.send(record.tell())
            elif question[0] == "least":
                record.flush()
                pipe.send(least_requests(simulator))
            else:
                _kind, now, method, target, headers, body = question
                response = simulator.handle(Request(method, target, headers, body, "https"))
                headers_out = dict(response.headers)
                if _is_packed(headers_out):
                    record.write(len(response.body).to_bytes(4))
                    record.write(response.body)
                pipe.send((response.status, headers_out, response.body, response.reset))


def _is_packed(headers: dict[str, str]) -> bool:
    return any(name.lower() == "content-encoding" for name in headers)


def least_requests(simulator: Simulator) -> int:
    """Return the fewest HTTP requests that reading the tenant by listings and $expand can take ("Paging", "JSON
    batching"): 999 objects a page, 20 members or children and more paged one object at a time, 20 such pages a $batch.
    """
    stores = simulator.tenant.directory.stores
    found = 6  # policies and locations: both live readings that must agree, and the recycle bin between them
    parts = 0  # what may share a $batch: short lists, collections below parents, pages of big references
    for entry in TYPES:
        if entry.shape is Shape.CHILDREN:
            parents = stores[BY_PATH[entry.parents]].live
            found += _pages(len(parents))
            parts += sum(_pages(size) for size in _children(simulator, entry) if size >= EXPANDED_MAX)
        elif entry.is_late:
            parts += _pages(len(stores[entry.name].live))
        elif entry.has_delta:
            found += entry.has_count + 2  # delta: the token before and the one page after, on which nothing has changed
            found += _pages(len(stores[entry.name].live)) + _pages(len(stores[entry.name].deleted))
            for reference in entry.references:
                sizes = [_visible(simulator, known, reference.name) for known in stores[entry.name].live]
                found += _pages(len(sizes))
                parts += sum(math.ceil(size / PAGE_MAX) for size in sizes if size >= EXPANDED_MAX)
    return found + math.ceil(parts / BATCH_PARTS_MAX)


def _children(simulator: Simulator, entry: ObjectType) -> Iterator[int]:
    """Yield how many objects each parent has below it."""
    directory, parent = simulator.tenant.directory, BY_PATH[entry.parents]
    for parent_id in directory.stores[parent].live:
        yield sum(1 for _child in below(directory, parent, parent_id, child_name(entry)))


def _pages(rows: int) -> int:
    return max(1, math.ceil(rows / PAGE_MAX))


def _visible(simulator: Simulator, group_id: str, reference: str) -> int:
    directory = simulator.tenant.directory
    return sum(directory.live(other) is not None for other in directory.links.targets(group_id, reference))
