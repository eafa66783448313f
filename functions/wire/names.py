"""Names of the wire: type tags, object type members, and enum members that old clients must not see.

Pure. Source: "entraRecoveryServices resource types". Members that were added later are sent as `unknownFutureValue`
unless the request carries `Prefer: include-unknown-enum-members`.
"""

from __future__ import annotations

from typing import Any

from shared.catalogue.types import spoken_of
from shared.domain.jobs import State

Json = dict[str, Any]

NAMESPACE = "microsoft.graph.entraRecoveryServices"
TYPE_TAG = "@odata.type"
UNKNOWN = "unknownFutureValue"
LATER_STATES = frozenset({State.LOADING_DATA, State.CALCULATING})
# Members of resourceTypeName that every client knows; later ones, and types only Tidemark has, are sent as UNKNOWN.
FIRST_TYPES = {
    "user",
    "group",
    "conditionalAccessPolicy",
    "namedLocationPolicy",
    "authenticationMethodPolicy",
    "authorizationPolicy",
    "authenticationStrengthPolicy",
    "application",
    "servicePrincipal",
}


def tag(name: str) -> str:
    """Return the `@odata.type` of a type of the recovery namespace."""
    return f"#{NAMESPACE}.{name}"


def is_tag(text: object, name: str) -> bool:
    """Tell whether `text` names that type; the leading `#` may be missing, as OData 4.01 allows."""
    return isinstance(text, str) and text.removeprefix("#") == f"{NAMESPACE}.{name}"


def status(state: State, *, shows_all: bool) -> str:
    """Return a job's state as a recoveryStatus."""
    return state if shows_all or state not in LATER_STATES else UNKNOWN


def type_member(wire_name: str, *, shows_all: bool) -> str:
    """Return an object type as a resourceTypeName."""
    return wire_name if shows_all or wire_name in FIRST_TYPES else UNKNOWN


def captured_type(value: object, *, member: str) -> str:
    """Return the catalogue's name of a type, given as a resourceTypeName or as Graph calls the resource.

    Raises InputError naming `member` and the value.
    """
    return spoken_of(value if isinstance(value, str) else repr(value), member=member).name
