"""A Directory that answers from a rule: what it costs to make the pages is known, so that it can be taken off.

The pages go through the gateway's own reading of an answer; HTTP, quotas and $batch are `bench capture`'s part.
"""

from __future__ import annotations

import time
from collections.abc import Sequence, Set
from datetime import datetime

from bench.population import Population
from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import Listing
from shared.domain.changes import Json
from shared.domain.errors import DirectoryError
from shared.domain.writes import Answer, Write
from shared.graph.answers.pages import expanded_page, object_page
from shared.graph.exchange import Reply
from shared.ports import AuditPage, DeltaPage, Found, Held, Hold, NativeRecovery, Page

KINDS = {"user": "user", "user-deleted": "deleted", "group": "group"}
HEADERS = {"content-type": "application/json"}


class RuleDirectory:
    """ports.Directory over `population`; `making_cpu_s` is the processor time that making its pages took."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self.making_cpu_s = 0.0

    async def identities(self) -> frozenset[str]:
        """Return nobody: this tenant asks for no token."""
        return frozenset()

    async def count(self, object_type: ObjectType) -> int | None:
        """Return how many live objects of the type there are."""
        return {"user": self.population.users, "group": self.population.groups}.get(object_type.name)

    async def refusals(self, types: Sequence[ObjectType]) -> dict[str, str]:
        """Return that nothing is refused."""
        del types
        return {}

    async def native_recoveries(self) -> list[NativeRecovery]:
        """Return that there were none."""
        return []

    async def counts(self, object_type: ObjectType, within: Sequence[str]) -> list[int]:
        """Refused: this tenant is read whole, one page after the other."""
        raise DirectoryError(f"{object_type.name}: {len(within)} ranges of a rule", status=501)

    async def page(self, listing: Listing, cursor: str) -> Page:
        """Return the page at `cursor`, which is its number."""
        number = int(cursor or "0")
        began = time.process_time()
        if listing.kind == "links" and listing.type == "group":
            body = self.population.link_page(listing.expand, number)
        elif listing.name in KINDS:
            body = self.population.object_page(KINDS[listing.name], number)
        else:
            body = b'{"value":[]}'
        self.making_cpu_s += time.process_time() - began
        reply = Reply(status=200, headers=HEADERS, body=body)
        if listing.kind == "links":
            rows, link = expanded_page(listing.name, reply, listing.expand)
            linked = [(row.object_id, row.other_ids) for row in rows]
            return Page(cursor=str(number + 1) if link else None, linked=linked)
        page = object_page(listing.name, reply)
        return Page(cursor=str(number + 1) if page.next_link else None, bodies=page.bodies, ids=page.ids)

    async def small(self, listings: Sequence[Listing]) -> list[list[bytes]]:
        """Return nothing of small types: the population has none."""
        return [[] for _listing in listings]

    async def delta_token(self, object_type: ObjectType) -> str | None:
        """Return a token; nothing changes after it."""
        return "latest" if object_type.has_delta else None

    async def delta_page(self, object_type: ObjectType, token: str, cursor: str) -> DeltaPage:
        """Return the one page that says that nothing changed."""
        del object_type, cursor
        return DeltaPage(changed=(), cursor=None, token=token)

    async def find(
        self, object_type: ObjectType, object_ids: Sequence[str], expand: str = "", deleted: Set[str] = frozenset()
    ) -> dict[str, Found]:
        """Never called: nothing changes."""
        raise AssertionError(object_type, object_ids, expand, deleted)

    async def alike(self, object_type: ObjectType, names: Sequence[str], wanted: Sequence[Json]) -> list[list[Json]]:
        """Never called: nothing is created anew."""
        raise AssertionError(object_type, names, wanted)

    async def references(
        self, object_type: ObjectType, reference: str, object_ids: Sequence[str]
    ) -> dict[str, set[str]]:
        """Never called: nothing changes."""
        raise AssertionError(object_type, reference, object_ids)

    async def short_references(
        self, object_type: ObjectType, reference: str, object_ids: Sequence[str]
    ) -> dict[str, set[str] | None]:
        """Never called: nothing changes."""
        raise AssertionError(object_type, reference, object_ids)

    async def holders(self, object_type: ObjectType, object_ids: Sequence[str]) -> list[Held]:
        """Never called: nothing changes."""
        raise AssertionError(object_type, object_ids)

    async def audits(self, since: datetime, until: datetime, cursor: str, openings: Sequence[str] = ()) -> AuditPage:
        """Return an empty log: nobody changed anything."""
        del since, until, cursor, openings
        return AuditPage((), None)

    async def own_applications(self) -> frozenset[str]:
        """Nobody's: the rule directory has no applications."""
        return frozenset()

    async def apply(self, writes: Sequence[Write], hold: Hold) -> list[Answer]:
        """Never called: nothing is recovered."""
        raise AssertionError(writes, hold)
