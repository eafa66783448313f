"""The tenant as Microsoft Graph shows it: the one gateway, which owns the quotas (decision D2).

Implements ports.Directory. One per process and tenant: its buckets, connections and token are shared by every run.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence, Set
from datetime import datetime

import httpx

from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import Listing
from shared.domain.changes import Json
from shared.domain.errors import DirectoryError, TransientError
from shared.domain.writes import Answer, Write
from shared.graph.alike import alike
from shared.graph.auditing import Auditor
from shared.graph.client import GraphClient
from shared.graph.counting import counts_within, live_count
from shared.graph.cursors import Bounds
from shared.graph.delta import DeltaReader
from shared.graph.figures import Figures
from shared.graph.finding import Finder
from shared.graph.identity import app_id_of
from shared.graph.native import NativeJobs
from shared.graph.pacing import Pacing
from shared.graph.probing import refusals
from shared.graph.reading import Reader
from shared.graph.sending import Sender, unasked
from shared.graph.settings import GraphSettings, Shortcut
from shared.graph.small_types import read_small
from shared.graph.tokens import CachedTokens, TokenSource
from shared.graph.writing import Writer
from shared.ports import AuditPage, Clock, DeltaPage, Found, Held, Hold, NativeRecovery, Page


class GraphDirectory:
    """A tenant reached over Graph's HTTP.

    `tokens` is asked once an hour: its token is kept here. `writers` are further applications that writes are dealt to;
    everything is read as the first one. `transport` replaces the network in tests; `jitter` is the only randomness.
    Raises InputError at once for a base URL that is neither https nor loopback. See ports.Directory for what each
    method promises and raises.
    """

    def __init__(
        self,
        settings: GraphSettings,
        *,
        tokens: TokenSource,
        clock: Clock,
        jitter: random.Random,
        transport: httpx.AsyncBaseTransport | None = None,
        writers: Sequence[TokenSource] = (),
    ) -> None:
        in_flight = settings.batches_in_flight_max
        self._counters, self._avoids = Figures(), settings.avoids
        self._tokens = [CachedTokens(source, clock) for source in (tokens, *writers)]
        pacing = Pacing(settings.quota, clock, self._counters)

        def sender(source: CachedTokens, paced: Pacing) -> tuple[GraphClient, Sender]:
            client = GraphClient(settings, source, self._counters, transport)
            return client, Sender(client, paced, self._counters, jitter, batches_in_flight_max=in_flight)

        self._client, self._sender = sender(self._tokens[0], pacing)
        others = [
            sender(source, Pacing(settings.quota, clock, self._counters, beside=pacing)) for source in self._tokens[1:]
        ]
        self._clients = [self._client, *(client for client, _sender in others)]
        bounds = Bounds(self._client.base, settings.pages_max)
        self._reader = Reader(self._sender, bounds, avoids=settings.avoids)
        self._delta = DeltaReader(self._sender, bounds, tells_links=Shortcut.TOLD_LINKS not in settings.avoids)
        self._auditor = Auditor(self._sender, bounds)
        self._native = NativeJobs(self._sender, bounds)
        self._finder = Finder(self._sender, self._reader, bounds, avoids=settings.avoids)
        self._bounds = bounds
        self._writer = Writer(self._sender, [more for _client, more in others], batches_in_flight_max=in_flight)

    @property
    def figures(self) -> dict[str, int]:
        """What the gateway did so far, by the names in figures.py."""
        return self._counters.counts()

    async def identities(self) -> frozenset[str]:
        """Return the application ids that this process acts as, as far as its tokens say."""
        return frozenset([app_id_of((await source()).value) for source in self._tokens]) - {""}

    async def count(self, object_type: ObjectType) -> int | None:
        """Return how many live objects of the type the index says there are, None if uncountable."""
        return await live_count(self._sender, object_type) if object_type.has_count else None

    async def refusals(self, types: Sequence[ObjectType]) -> dict[str, str]:
        """Return Graph's reason for each of `types` that this application may not read."""
        return await refusals(self._sender, types, has_agents=Shortcut.AGENTS not in self._avoids)

    async def native_recoveries(self) -> list[NativeRecovery]:
        """Return the recoveries of Microsoft's own feature that the tenant still knows."""
        return await self._native.recoveries()

    async def counts(self, object_type: ObjectType, within: Sequence[str]) -> list[int]:
        """Return how many live objects of the type fit each $filter, by an index that may lag."""
        if Shortcut.RANGES in self._avoids:
            raise DirectoryError(f"{object_type.name}: reading by ranges is switched off", status=501)
        return await counts_within(self._sender, object_type, within)

    async def page(self, listing: Listing, cursor: str) -> Page:
        """Return the page at `cursor`; the empty cursor is the first page."""
        if listing.is_of_kind and Shortcut.AGENTS in self._avoids:
            return Page(cursor=None, requests=0)
        return await self._reader.page(listing, cursor)

    async def small(self, listings: Sequence[Listing]) -> list[list[bytes]]:
        """Return every body of each of `listings`, in order; none is of links or children, all are short."""
        asked = [one for one in listings if not (one.is_of_kind and Shortcut.AGENTS in self._avoids)]
        found = iter(await read_small(self._sender, self._bounds, asked))
        return [next(found) if one in asked else [] for one in listings]

    async def delta_token(self, object_type: ObjectType) -> str | None:
        """Return a token from which later changes are told, or None for a type without delta."""
        return await self._delta.token(object_type)

    async def delta_page(self, object_type: ObjectType, token: str, cursor: str) -> DeltaPage:
        """Return the page at `cursor` of what changed since `token`; the empty cursor is the first page."""
        return await self._delta.page(object_type, token, cursor)

    async def find(
        self, object_type: ObjectType, object_ids: Sequence[str], expand: str = "", deleted: Set[str] = frozenset()
    ) -> dict[str, Found]:
        """Return the present state of each object, looking in the recycle bin for those not live."""
        return await self._finder.find(object_type, object_ids, expand, deleted)

    async def alike(self, object_type: ObjectType, names: Sequence[str], wanted: Sequence[Json]) -> list[list[Json]]:
        """Return, for each of `wanted`, the live objects of the type that have its values of `names`."""
        return await alike(self._sender, self._reader, self._bounds, object_type, names, wanted)

    async def references(
        self, object_type: ObjectType, reference: str, object_ids: Sequence[str]
    ) -> dict[str, set[str]]:
        """Return, for each live object among `object_ids`, the ids its `reference` names now."""
        return await self._finder.references(object_type, reference, object_ids)

    async def short_references(
        self, object_type: ObjectType, reference: str, object_ids: Sequence[str]
    ) -> dict[str, set[str] | None]:
        """Return the same where one page holds all of them, None for an object that has more."""
        return await self._finder.short_references(object_type, reference, object_ids)

    async def holders(self, object_type: ObjectType, object_ids: Sequence[str]) -> list[Held]:
        """Return the links that lead to the live objects among `object_ids`, as far as Graph tells from that end."""
        return await self._finder.holders(object_type, object_ids)

    async def audits(self, since: datetime, until: datetime, cursor: str, openings: Sequence[str] = ()) -> AuditPage:
        """Return the page at `cursor` of the audit records from `since` to `until`; the empty cursor is the first."""
        if openings and Shortcut.AUDITED_LINKS in self._avoids:
            raise DirectoryError("reading chosen activities of the audit log is switched off", status=501)
        return await self._auditor.page(since, until, cursor, openings)

    async def own_applications(self) -> frozenset[str]:
        """Return the ids of the applications that we write as; one that gets no token by now is left out."""
        found = {await self._client.own_application()}
        for client in self._clients[1:]:
            with contextlib.suppress(DirectoryError, TransientError):
                found.add(await client.own_application())
        return frozenset(found - {""})

    async def apply(self, writes: Sequence[Write], hold: Hold = unasked) -> list[Answer]:
        """Send every write, one lane at a time, and return their answers in the same order.

        Without `hold` by whoever is sure to be alone only: the port that runs see asks for it.
        """
        return await self._writer.apply(writes, hold)

    async def aclose(self) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.aclose()
