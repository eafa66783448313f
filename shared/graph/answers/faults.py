"""What an error reply says, and the exception it becomes.

Pure. Graph's error envelope: "Microsoft Graph error responses and resource types". A reply that is no such envelope
(a proxy's HTML page) has an empty code, so nothing is ever concluded from it but its status.
"""

from __future__ import annotations

import msgspec

from shared.domain.errors import DirectoryError, IncompleteListingError, TransientError
from shared.graph.exchange import NO_ANSWER, Reply
from shared.graph.retry import UNCLEAR

MESSAGE_CHARS_MAX = 500
GONE_CODES = frozenset({"Request_ResourceNotFound", "ResourceNotFound", "NotFound", "itemNotFound"})


class _Inner(msgspec.Struct, frozen=True, rename={"request_id": "request-id"}):
    request_id: str = ""


class _Error(msgspec.Struct, rename={"inner": "innerError"}):
    code: str = ""
    message: str = ""
    inner: _Inner = _Inner()


class _Envelope(msgspec.Struct):
    error: _Error


class Fault(msgspec.Struct, frozen=True):
    """Graph's own words about a refusal."""

    code: str = ""
    message: str = ""
    request_id: str = ""


def fault_of(reply: Reply) -> Fault:
    """Return what the reply says went wrong; its code and message are empty when it is not Graph's envelope."""
    try:
        error = msgspec.json.decode(reply.body, type=_Envelope).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Fault(request_id=reply.request_id)
    return Fault(error.code, error.message[:MESSAGE_CHARS_MAX], reply.request_id or error.inner.request_id)


def is_gone(reply: Reply) -> bool:
    """Tell whether Graph itself says that there is no such object; another server's 404 says nothing."""
    return reply.status == 404 and fault_of(reply).code in GONE_CODES


def refusal(what: str, reply: Reply) -> DirectoryError | TransientError:
    """Return the exception for a reply that is not the success that reading `what` needs."""
    fault = fault_of(reply)
    known = fault.request_id or "none"
    if reply.status == NO_ANSWER:
        return TransientError(f"{what}: Graph could not be reached: {reply.cut or 'no answer'}")
    if reply.status in UNCLEAR or reply.status == 429:
        return TransientError(f"{what}: Graph answered {reply.status} after every retry (request-id {known})")
    said = f"{fault.code}: {fault.message}" if fault.code else "without Graph's error envelope"
    return DirectoryError(
        f"{what}: Graph answered {reply.status} {said}",
        status=reply.status,
        graph_code=fault.code,
        request_id=fault.request_id,
    )


def incomplete(what: str, fact: str, reply: Reply) -> IncompleteListingError:
    """Return the exception for a reply that must not be taken for the whole of `what`."""
    return IncompleteListingError(f"{what}: {fact}", status=reply.status, request_id=reply.request_id)
