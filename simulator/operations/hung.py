"""The collections below objects: what hangs on an object by one of its ends, and such a collection on `$expand`.

Follows the Microsoft Graph pages "servicePrincipal resource type", "application resource type" and "user resource
type" (their relationships support `$expand`), and "Customize responses with query parameters": 20 items, no next link.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from simulator.directory.state import Directory
from simulator.operations.showing import EXPANDED_MAX, shape, show
from simulator.types.application import APPLICATION, CREDENTIAL
from simulator.types.grants import ASSIGNMENT, GRANT
from simulator.types.schema import JsonObject
from simulator.types.service_principal import SERVICE_PRINCIPAL


@dataclass(frozen=True, slots=True)
class Hung:
    """One collection: of which type its objects are, in which permission area, and by which `end` they hang."""

    name: str
    object_type: str
    area: str
    end: str
    parents: tuple[str, ...]


COLLECTIONS = (
    Hung("appRoleAssignments", ASSIGNMENT, "assignment", "principalId", ("user", "group", SERVICE_PRINCIPAL)),
    Hung("appRoleAssignedTo", ASSIGNMENT, "assignment", "resourceId", (SERVICE_PRINCIPAL,)),
    Hung("federatedIdentityCredentials", CREDENTIAL, APPLICATION, "applicationId", (APPLICATION,)),
    Hung("oauth2PermissionGrants", GRANT, "grant", "clientId", (SERVICE_PRINCIPAL,)),
    Hung("oauth2PermissionGrants", GRANT, "grant", "principalId", ("user",)),
)
_BY_PARENT = {(parent, known.name): known for known in COLLECTIONS for parent in known.parents}


def names(parent: str) -> tuple[str, ...]:
    """Return the names of the collections below objects of a type."""
    return tuple(name for kind, name in _BY_PARENT if kind == parent)


def expanded(
    directory: Directory, parent: str, object_id: str, name: str, select: tuple[str, ...] | None
) -> list[JsonObject]:
    """Return the first 20 visible objects of one such collection."""
    schema = directory.stores[_BY_PARENT[parent, name].object_type].schema
    wanted = shape(schema, select)
    return [show(schema, thing, wanted) for thing in islice(below(directory, parent, object_id, name), EXPANDED_MAX)]


def below(directory: Directory, parent: str, object_id: str, name: str) -> Iterator[JsonObject]:
    """Yield the visible objects of one such collection."""
    hung = _BY_PARENT[parent, name]
    store = directory.stores[hung.object_type]
    for each in directory.hanging.of_type(object_id, hung.object_type):
        thing = store.live[each]
        if thing.get(hung.end) == object_id and not directory.is_hidden(store.schema, thing):
            yield thing
