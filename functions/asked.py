"""What a handler is asked: the request once its route, its caller and its query options are known.

Ids are checked for their form here. One that cannot exist is answered like one that does not: 404.
"""

from __future__ import annotations

from dataclasses import dataclass

from functions.calls import Call
from functions.wire.options import QueryOptions
from shared.domain.errors import InputError, NotFoundError
from shared.domain.ids import GUID, guid, snapshot_time

OBJECT_ID_CHARS_MAX = 256  # Graph's longest ids, of role assignments, have less than half of that


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request to one handler; `caller_id` is the object id of the principal that asks."""

    call: Call
    ids: dict[str, str]
    options: QueryOptions
    caller_id: str

    @property
    def shows_all(self) -> bool:
        """Whether the client knows every enum member."""
        return self.call.shows_all_members

    @property
    def snapshot(self) -> str:
        """The snapshot id of the path in Graph's spelling; raises NotFoundError for what is no such id."""
        wire_id = self.ids["snapshot"]
        try:
            snapshot_time(wire_id)
        except InputError:
            raise NotFoundError("snapshot", wire_id[:80]) from None
        return wire_id

    @property
    def job(self) -> str:
        """The job id of the path in lower case; raises NotFoundError for what is no GUID."""
        try:
            return guid(self.ids["job"], member="job")
        except InputError:
            raise NotFoundError("job", self.ids["job"][:80]) from None

    @property
    def object(self) -> str:
        """The object id of the path; raises NotFoundError for one that is longer than any."""
        object_id = self.ids["object"]
        if len(object_id) > OBJECT_ID_CHARS_MAX:
            raise NotFoundError("object", object_id[:80])
        return guid(object_id, member="object") if GUID.match(object_id) else object_id
