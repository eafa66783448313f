"""What the simulated tenant answers when it refuses: Graph's error codes, raised as one exception type.

The numbers and codes follow the Microsoft Graph page "Microsoft Graph error responses and resource types".
"""

from collections.abc import Mapping, Sequence
from typing import Any


class GraphError(Exception):
    """A refusal with the status, code and message Graph would send."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        details: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})
        self.details = list(details)

    def envelope(self, *, date: str, request_id: str, client_request_id: str) -> dict[str, Any]:
        """Return the JSON body Graph wraps every refusal in."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        error["innerError"] = {
            "date": date.removesuffix("Z"),
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        return {"error": error}


def bad_request(message: str, code: str = "Request_BadRequest") -> GraphError:
    """Return the 400 for a request the directory cannot accept."""
    return GraphError(400, code, message)


def not_found(object_id: str) -> GraphError:
    """Return the 404 Graph gives for an object, or a reference, that is not there."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )


def already_linked(relation: str) -> GraphError:
    """Return the 400 for a link that is there already."""
    return bad_request(
        f"One or more added object references already exist for the following modified properties: '{relation}'."
    )


def on_premises_mastered() -> GraphError:
    """Return the 400 for a write to an object whose authority is the on-premises directory."""
    return bad_request(
        "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects "
        "currently undergoing migration."
    )


class MissingBehaviourError(Exception):
    """The real service may answer this, the simulated tenant does not: named, never made up."""

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing

    def refusal(self, method: str, path: str) -> GraphError:
        """Return the 501 that names the request and the behaviour that is missing."""
        message = f"the simulated tenant does not answer {method} {path}: {self.missing}"
        return GraphError(501, "NotImplemented", message)


def collision() -> GraphError:
    """Return the refusal of a write that meets another one on the same object."""
    return GraphError(
        409,
        "Directory_ConcurrencyViolation",
        "The request could not be performed because the resource was updated by another request at the same time.",
    )
