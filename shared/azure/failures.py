"""Say what an error of an Azure SDK means for us: repeat, redeliver, or doubt whether the request was executed.

A request whose reply never came may have been executed. Only the caller knows how to find out, so this module only
tells such a failure from a plain refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import AzureError, DecodeError, HttpResponseError

from shared.domain.errors import TransientError

# The service may have done the work before it answered one of these; ServerBusy (503) included, because a gateway
# in front of the service answers 503 too.
AMBIGUOUS_STATUSES = frozenset({408, 500, 502, 503, 504})


def is_ambiguous(error: AzureError) -> bool:
    """Tell whether the request may have been executed although the SDK reports a failure.

    A broken connection always may: the transport reports one that broke after sending as if it broke before.
    """
    if isinstance(error, HttpResponseError) and not isinstance(error, DecodeError):
        return error.status_code is None or error.status_code in AMBIGUOUS_STATUSES
    return True


def service_code(error: BaseException) -> str:
    """Return the service's own code of an error, which the SDK gives as an enum member, as text or not at all."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def transient(action: str, error: BaseException) -> TransientError:
    """Return the error that makes the message come again; it says what we tried and the SDK's first line."""
    lines = str(error).strip().splitlines()
    return TransientError(f"{action}: {lines[0] if lines else type(error).__name__}")


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn every error of an Azure SDK raised inside into a TransientError that names `action`."""
    try:
        yield
    except AzureError as error:
        raise transient(action, error) from error
