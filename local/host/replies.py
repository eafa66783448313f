"""Turn the end of an HTTP call into the response that goes out."""

from email.utils import formatdate
from http.cookies import SimpleCookie
from typing import Any

from aiohttp import web

from local.host.worker import CallResult
from local.host.worker_messages import OneOf, RpcHttp, RpcHttpCookie, TypedData

# The server writes these itself for the bytes it really sends.
_FRAMING_HEADERS = {"content-length", "transfer-encoding", "connection"}
_SAME_SITE = {
    RpcHttpCookie.SameSite.Lax: "Lax",
    RpcHttpCookie.SameSite.Strict: "Strict",
    RpcHttpCookie.SameSite.ExplicitNone: "None",
}


def response(result: CallResult, *, is_head: bool) -> web.Response:
    """Return the response of a finished call: 500 with an empty body when it failed, what it says otherwise.

    A plain text return value becomes 200, and no return value 204, as in Azure.
    """
    if result.error is not None:
        return web.Response(status=500)
    value = result.return_value
    if value is None or value.value is None:
        return web.Response(status=204)
    if not isinstance(value.value, RpcHttp):
        return web.Response(status=200, body=_bytes(value), headers={"content-type": "text/plain; charset=utf-8"})
    http = value.value
    headers = {name: text for name, text in http.headers.items() if text and name.lower() not in _FRAMING_HEADERS}
    reply = web.Response(status=int(http.status_code), body=b"" if is_head else _bytes(http.body), headers=headers)
    for cookie in http.cookies or ():
        reply.headers.add("Set-Cookie", _cookie_text(cookie))
    return reply


def _bytes(value: TypedData) -> bytes:
    """Return a value's bytes; text is UTF-8."""
    content = b"" if value.value is None else value.value
    return content if isinstance(content, bytes) else str(content).encode()


def _cookie_text(cookie: RpcHttpCookie) -> str:
    """Return the Set-Cookie value of a cookie the worker took apart."""
    jar: SimpleCookie = SimpleCookie()
    jar[cookie.name] = cookie.value
    morsel = jar[cookie.name]
    expires, max_age = _member(cookie.expires), _member(cookie.max_age)
    attributes = {
        "domain": _member(cookie.domain),
        "path": _member(cookie.path),
        "expires": None if expires is None else formatdate(expires.seconds, usegmt=True),
        "max-age": None if max_age is None else str(int(max_age)),
        "secure": _member(cookie.secure),
        "httponly": _member(cookie.http_only),
        "samesite": _SAME_SITE.get(cookie.same_site),
    }
    for name, setting in attributes.items():
        if setting:
            morsel[name] = setting
    return morsel.OutputString()


def _member(nullable: OneOf | None) -> Any:
    return None if nullable is None else nullable.value
