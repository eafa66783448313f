"""The refusals a fault on purpose answers with, before or after the operation it strikes."""

import base64
from urllib.parse import parse_qsl

import msgspec

from simulator.errors import GraphError
from simulator.faults import Fault, Rule
from simulator.odata import write_options

_CODES = {500: "InternalServerError", 502: "BadGateway", 503: "ServiceUnavailable", 504: "GatewayTimeout"}


class ResetError(Exception):
    """The connection breaks here; the client hears nothing more."""


def break_off(rule: Rule | None, *, url: str) -> None:
    """Raise what `rule` says, nothing without one; `url` is the address the client asked."""
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
    if kind is Fault.CLAIMS:
        raise _challenge()
    if kind is Fault.GONE:
        raise _gone(url)
    status = 504 if kind is Fault.STATUS_504_AFTER else int(kind.value)
    raise GraphError(status, _CODES[status], "The service is temporarily unable to answer.")


def _challenge() -> GraphError:
    """Return the 401 of continuous access evaluation: Microsoft identity platform page "Claims challenges"."""
    claims = {"access_token": {"nbf": {"essential": True, "value": "1767225600"}}}
    coded = base64.b64encode(msgspec.json.encode(claims)).decode()
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{coded}"'
    message = "Continuous access evaluation resulted in challenge with result: InteractionRequired."
    return GraphError(401, "InvalidAuthenticationToken", message, headers={"WWW-Authenticate": challenge})


def _gone(url: str) -> GraphError:
    """Return the 410 that sends a delta client back to the start, keeping what it selects."""
    place, _, query = url.partition("?")
    kept = {name: value for name, value in parse_qsl(query) if name in ("$select", "$filter")}
    again = f"{place}?{write_options({**kept, '$deltatoken': ''})}"
    message = "The sync state is no longer valid. Start again with a full synchronization."
    return GraphError(410, "resyncRequired", message, headers={"Location": again})
