"""What a type's own rules may do at a write: look at the tenant, complete the object, refuse, follow up."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.operations.call import Call
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject

Body = JsonObject
Thing = JsonObject


def _as_it_is(_tenant: Tenant, _call: Call, thing: Thing) -> Thing:
    return thing


def _as_sent(_tenant: Tenant, _current: Thing, changes: Body) -> Body:
    return changes


def _nothing(_tenant: Tenant, _call: Call, _thing: Thing) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Rules:
    """Hooks of one type. `creating` and `updating` return what is kept, or raise the refusal; `after` follows up.

    `creating` sees the new object with its id and defaults, `updating` the live object and the changes, merged.
    """

    creating: Callable[[Tenant, Call, Thing], Thing] = _as_it_is
    updating: Callable[[Tenant, Thing, Body], Body] = _as_sent
    deleting: Callable[[Tenant, Call, Thing], None] = _nothing
    after: Callable[[Tenant, Call, Thing], None] = _nothing
