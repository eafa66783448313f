"""One operation as it reaches the tenant, and what comes back: no headers to encode, no quotas, no sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.errors import GraphError, MissingBehaviourError
from simulator.odata import write_options
from simulator.types.schema import JsonObject, Schema

JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
TEXT = "text/plain"


@dataclass(slots=True)
class Call:
    """A routed request. `root` is scheme, host and version as the client wrote them; `path` is relative to it."""

    method: str
    root: str
    path: str
    params: Mapping[str, str]
    options: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    app_id: str = ""
    now: float = 0.0
    object_type: str = ""
    relation: str = ""
    correlation_id: str = ""
    request_id: str = ""
    user_id: str = ""
    cast: str = ""
    parent_type: str = ""
    schema: Schema | None = None

    @property
    def object_id(self) -> str:
        """Return the id in the path, in lower case as ids are kept."""
        return self.params["id"].lower()

    @property
    def is_eventual(self) -> bool:
        """Tell whether the client accepts answers from the lagging index."""
        return self.headers.get("consistencylevel", "").lower() == "eventual"

    def json(self) -> JsonObject:
        """Return the body, which must be one JSON object."""
        try:
            body = msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from error
        if not isinstance(body, dict):
            raise GraphError(400, "BadRequest", "The request payload must be a JSON object.")
        return body if self.schema is None else self.schema.spelled(body)

    def link_to(self, **options: str) -> str:
        """Return this call's own address with other options; a name's `$` is added."""
        return f"{self.root}{self.path}?{write_options({f'${name}': value for name, value in options.items()})}"

    def next_link(self, token: str) -> str:
        """Return this call's own address with the token of the next page."""
        kept = {name: value for name, value in self.options.items() if name != "$skiptoken"}
        return f"{self.root}{self.path}?{write_options({**kept, '$skiptoken': token})}"

    def context(self, what: str) -> str:
        """Return the `@odata.context` of an answer."""
        return f"{self.root}/$metadata#{what}"


@dataclass(slots=True)
class Answer:
    """What an operation gives back. For a write that took effect, also what it touched.

    A fault on purpose that changed the answer itself leaves `is_broken`.
    """

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    object_type: str = ""
    object_id: str = ""
    links: tuple[tuple[str, str, str], ...] = ()
    is_broken: bool = False


def refuse_prefer(call: Call, *understood: str) -> None:
    """Refuse a preference that would change the answer's shape and is not simulated."""
    wish = call.headers.get("prefer", "").lower()
    for known in ("create-if-missing", "return=minimal", "return=representation"):
        if known in wish and known not in understood:
            raise MissingBehaviourError(f"Prefer: {known}")
