"""A server in front of Azurite's blob port that adds what Azurite has not: immutability policies of containers.

Requests pass through unchanged (signatures do not cover the host); those that a policy refuses are answered here, with
the service's own codes. Replies carry the policy's clock: in their Date header, and as each blob's creation time. The
management plane's addresses of one policy are served too: get, lock and extend.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import httpx
import msgspec
from aiohttp import web

from tests.support.worm.policy import PolicyRefusedError, WormPolicy

MANAGED = re.compile(r"/subscriptions/.+/containers/([^/]+)/immutabilityPolicies/default(?:/(lock|extend))?\Z")
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length", "date"})
BLOB = re.compile(r"<Blob><Name>(?P<name>[^<]*)</Name>.*?</Blob>", re.DOTALL)
CREATION = re.compile(r"<Creation-Time>[^<]*</Creation-Time>")
BODY_BYTES_MAX = 70 * 1024 * 1024
# By the `comp` of a PUT: what it does to the blob that is there.
ACTS = {
    "": "overwrite",
    "block": "stage",
    "blocklist": "overwrite",
    "appendblock": "append",
    "metadata": "set metadata",
    "properties": "set properties",
    "snapshot": "snapshot",
    "tier": "tier",
    "lease": "lease",
}


class WormProxy:
    """The server; `policies` by container name. `requests` are the verbs and addresses that came in.

    `unconditional` are the writes among them that did not ask for nothing to be there.
    """

    def __init__(self, upstream: str) -> None:
        self.policies: dict[str, WormPolicy] = {}
        self.requests: list[str] = []
        self.unconditional: list[str] = []
        self._client = httpx.AsyncClient(base_url=upstream, timeout=30.0, trust_env=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Serve; hand over the address."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        try:
            yield f"http://{host}:{port}"
        finally:
            await runner.cleanup()
            await self._client.aclose()

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests.append(f"{request.method} {request.path_qs}")
        if request.method == "PUT" and request.headers.get("If-None-Match") != "*":
            self.unconditional.append(self.requests[-1])
        if managed := MANAGED.match(request.path):
            return await self._managed(request, managed[1], managed[2])
        _root, _account, container, *rest = unquote(urlsplit(request.raw_path).path).split("/", 3)
        name = rest[0] if rest else ""
        policy = self.policies.get(container)
        if policy is not None and (code := _refusal(policy, request, name)):
            text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>refused</Message></Error>"
            headers = {"x-ms-error-code": code, "Content-Type": "application/xml", "Date": _date(policy)}
            return web.Response(status=409, text=text, headers=headers)
        passed = {key: value for key, value in request.headers.items() if key.lower() not in {"host", "connection"}}
        url = httpx.URL(self._client.base_url.join("/"), raw_path=request.raw_path.encode())
        reply = await self._client.request(request.method, url, headers=passed, content=await request.read())
        return _reply(reply, policy, request, name)

    async def _managed(self, request: web.Request, container: str, verb: str | None) -> web.Response:
        policy = self.policies.get(container)
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return web.Response(status=401)
        if policy is None:
            return web.Response(status=404)
        try:
            if verb == "lock":
                policy.lock()
            elif verb == "extend":
                asked = msgspec.json.decode(await request.read())
                policy.extend(asked["properties"]["immutabilityPeriodSinceCreationInDays"])
        except PolicyRefusedError:
            return web.Response(status=409)
        state = "Locked" if policy.is_locked else "Unlocked"
        body = {"properties": {"immutabilityPeriodSinceCreationInDays": policy.days, "state": state}}
        return web.Response(body=msgspec.json.encode(body), content_type="application/json")


def _refusal(policy: WormPolicy, request: web.Request, name: str) -> str:
    """Return the code with which a policy refuses a request, "" when it lets it pass."""
    comp = request.query.get("comp", "")
    if request.method == "DELETE":
        return policy.refusal("delete" if name else "delete container", name)
    if request.method == "PUT" and name:
        is_conditional = request.headers.get("If-None-Match") == "*" and ACTS.get(comp) == "overwrite"
        return policy.refusal(ACTS.get(comp, comp), name, is_conditional=is_conditional)
    return ""


def _reply(reply: httpx.Response, policy: WormPolicy | None, request: web.Request, name: str) -> web.Response:
    """Return what the storage answered, in the policy's time, and note what was created or deleted."""
    headers = {key: value for key, value in reply.headers.items() if key.lower() not in HOP_BY_HOP}
    content: bytes | None = reply.content
    if request.method == "HEAD":
        content, headers["Content-Length"] = None, reply.headers.get("Content-Length", "0")
    if policy is None:
        return web.Response(status=reply.status_code, body=content, headers=headers)
    headers["Date"] = _date(policy)
    if name and reply.status_code == 201 and request.query.get("comp", "") in {"", "blocklist"}:
        policy.created[name] = policy.now()
    if name and request.method == "DELETE" and reply.status_code == 202:
        policy.created.pop(name, None)
    if not name and request.query.get("restype") == "container":
        if request.query.get("comp") == "list":
            content = BLOB.sub(lambda found: _dated(found, policy), reply.text).encode()
        elif request.method in {"GET", "HEAD"}:
            headers["x-ms-has-immutability-policy"] = "true"
    return web.Response(status=reply.status_code, body=content, headers=headers)


def _dated(found: re.Match[str], policy: WormPolicy) -> str:
    created = policy.created[found["name"]]
    return CREATION.sub(f"<Creation-Time>{_http_time(created)}</Creation-Time>", found[0])


def _date(policy: WormPolicy) -> str:
    return _http_time(policy.now())


def _http_time(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)
