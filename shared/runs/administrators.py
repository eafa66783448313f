"""Read who is Global Administrator now: by an assignment of their own, or as a member of a group that has one.

Reads only, and only what is active and over the whole tenant: an eligible administrator has to activate the role first,
for which others may be needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.group import GROUP
from shared.catalogue.roles import ROLE_ASSIGNMENT
from shared.catalogue.user import USER
from shared.domain.changes import Json
from shared.ports import Directory, Found
from shared.recover.lockout.state import Edge
from shared.recover.lockout.walk import EVERYWHERE, GLOBAL_ADMINISTRATOR

FORBIDDEN = 403  # of a DirectoryError: Graph does not let us read roles or policies


class Administrators(msgspec.Struct, frozen=True, kw_only=True):
    """The principals that have the role, the bodies of the people among them or in their groups, who is in which."""

    assigned: frozenset[str]
    people: Mapping[str, Json]
    links: frozenset[Edge]

    @property
    def groups(self) -> frozenset[str]:
        """The groups that have the role."""
        return self.assigned - self.people.keys()


async def administrators_of(directory: Directory, others: Iterable[str]) -> Administrators:
    """Return the administrators, and the bodies of `others` who may become some; DirectoryError where not told."""
    assigned = frozenset(
        str(body.get("principalId") or "").lower()
        for body in (await listed(directory, ROLE_ASSIGNMENT)).values()
        if str(body.get("roleDefinitionId") or "").lower() == GLOBAL_ADMINISTRATOR
        and body.get("directoryScopeId") == EVERYWHERE
    )
    people = bodies_of(await directory.find(USER, sorted({*assigned, *others})))
    groups = sorted(bodies_of(await directory.find(GROUP, sorted(assigned - people.keys()))))
    members = await directory.references(GROUP, "members", groups) if groups else {}
    links = frozenset((group.lower(), one.lower()) for group, some in members.items() for one in some)
    inside = sorted({one for _group, one in links} - people.keys())
    people |= bodies_of(await directory.find(USER, inside)) if inside else {}
    return Administrators(assigned=assigned, people=people, links=links)


async def listed(directory: Directory, entry: ObjectType) -> dict[str, Json]:
    """Return every live object of a type that is read as one list."""
    bodies: dict[str, Json] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = await directory.page(entry.listings()[0], cursor)
        for body in page.bodies:
            decoded: Json = msgspec.json.decode(body)
            bodies[str(decoded["id"]).lower()] = decoded
        cursor = page.cursor
    return bodies


def bodies_of(found: Mapping[str, Found], *, is_deleted: bool = False) -> dict[str, Json]:
    """Return the decoded bodies of what is live (or in the recycle bin), by id in lower case."""
    return {
        known.lower(): msgspec.json.decode(state.body)
        for known, state in found.items()
        if state.body is not None and state.is_deleted == is_deleted
    }
