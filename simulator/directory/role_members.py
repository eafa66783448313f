"""Members of directory roles: the role assignments over the whole tenant, seen as links of the activated role.

Kept nowhere but in the assignments; what is written here is only the line in the log of the roles that delta reads
(Microsoft Graph pages "directoryRole: delta" and "List directory role members").
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from simulator.directory.changes import Change, Happened
from simulator.directory.hanging import Hanging
from simulator.directory.store import Store
from simulator.types.roles import ASSIGNMENT, DIRECTORY_ROLE
from simulator.types.schema import JsonObject

WHOLE_TENANT = "/"
MEMBERS = "members"


class Tables(Protocol):
    """What of the directory is looked at."""

    stores: dict[str, Store]
    hanging: Hanging

    def type_of(self, object_id: str) -> str:
        """Return the type of a directory object, empty when there is none."""


def note(directory: Tables, happened: Happened, assignment: JsonObject, at: float) -> None:
    """Write into the log of the role that somebody joined or left it, if the assignment is one that shows there."""
    if assignment.get("directoryScopeId") != WHOLE_TENANT:
        return
    store = directory.stores[DIRECTORY_ROLE]
    if not store.log.is_recording:
        return
    principal_id = assignment["principalId"]
    for role_id, role in store.live.items():
        if role["roleTemplateId"] == assignment["roleDefinitionId"]:
            change = Change(at, role_id, happened, (MEMBERS,), principal_id, directory.type_of(principal_id))
            store.log.append(change)


def members_since(directory: Tables, role: JsonObject, position: int) -> Iterator[tuple[int, str]]:
    """Yield (position, principal id) of a role's members; positions never move."""
    live: Mapping[str, JsonObject] = directory.stores[ASSIGNMENT].live
    for at, assignment_id in directory.hanging.of_type(role["roleTemplateId"], ASSIGNMENT).since(position):
        assignment = live.get(assignment_id)
        if assignment is not None and assignment["directoryScopeId"] == WHOLE_TENANT:
            yield at, assignment["principalId"]


def roles_of(directory: Tables, principal_id: str) -> list[str]:
    """Return the ids of the activated roles a principal holds over the whole tenant."""
    assignments, roles = directory.stores[ASSIGNMENT].live, directory.stores[DIRECTORY_ROLE].live
    held = [assignments[each] for each in directory.hanging.of_type(principal_id, ASSIGNMENT) if each in assignments]
    wide = {each["roleDefinitionId"] for each in held if each["directoryScopeId"] == WHOLE_TENANT}
    return [role_id for role_id, role in roles.items() if role["roleTemplateId"] in wide] if wide else []
