"""Which application permissions open which part of Graph, coarsely: by kind of object and reading or writing.

From the permission tables of the Microsoft Graph reference pages. A token without any of them is a plain 403.
"""

from collections.abc import Iterable, Mapping

from simulator.errors import GraphError

_ANY_READ = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
_USER_WRITE = frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"})
_USER_DELETE = _USER_WRITE | {"User.DeleteRestore.All"}
_GROUP_WRITE = frozenset({"Group.ReadWrite.All", "Directory.ReadWrite.All"})
_MEMBER_WRITE = _GROUP_WRITE | {"GroupMember.ReadWrite.All"}

READERS: Mapping[str, frozenset[str]] = {
    "user": _ANY_READ | _USER_WRITE | {"User.Read.All"},
    "group": _ANY_READ | _MEMBER_WRITE | {"Group.Read.All", "GroupMember.Read.All"},
    "directoryObject": _ANY_READ | _USER_WRITE | _GROUP_WRITE | {"User.Read.All", "Group.Read.All"},
    "conditionalAccess": frozenset({"Policy.Read.All", "Policy.Read.ConditionalAccess"}),
}
WRITERS: Mapping[str, frozenset[str]] = {
    "user": _USER_WRITE,
    "userDeletion": _USER_DELETE,
    "group": _GROUP_WRITE,
    "membership": _MEMBER_WRITE,
    "directoryObject": _USER_DELETE | _GROUP_WRITE,
    "conditionalAccess": frozenset({"Policy.ReadWrite.ConditionalAccess"}),
}


def check(roles: Iterable[str], area: str, *, is_write: bool) -> None:
    """Refuse a caller that holds none of the permissions that open `area`."""
    if not (WRITERS if is_write else READERS)[area].intersection(roles):
        raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
