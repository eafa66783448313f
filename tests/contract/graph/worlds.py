"""Builders for the gateway's contract tests: a simulated tenant, the gateway before it, and a clock both share."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.catalogue.listing import Listing
from shared.domain.errors import DirectoryError
from shared.graph.directory import GraphDirectory
from shared.graph.settings import GraphSettings, QuotaSettings, Shortcut
from shared.graph.tokens import Token, TokenSource
from shared.ports import Page
from simulator.applications import GRAPH, TIDEMARK, Application
from simulator.faults import Faults, Rule
from simulator.service import Simulator
from simulator.throttle import Limits
from tests.support.in_process import InProcessTransport
from tests.support.virtual_time import VirtualClock

BASE_URL = "http://127.0.0.1:7071/v1.0"


@dataclass
class World:
    """One tenant and one gateway to it."""

    clock: VirtualClock
    simulator: Simulator
    transport: InProcessTransport
    directory: GraphDirectory


def a_world(
    *,
    objects: int = 200,
    seed: int = 7,
    faults: Sequence[Rule] = (),
    limits: Limits | None = None,
    quota: QuotaSettings | None = None,
    avoids: frozenset[Shortcut] = frozenset(),
    writers: Sequence[Application | DirectoryError] = (),
    is_mixed: bool = False,
) -> World:
    """Return a tenant of `objects` objects and a gateway to it; call it inside the story, on its clock.

    `writers` are further identities that it writes as, or how the token of one is refused.
    """
    clock = VirtualClock()
    simulator = Simulator(
        clock=clock.unix_seconds,
        seed=seed,
        objects=objects,
        limits=limits,
        faults=Faults(list(faults), seed=seed),
        is_mixed=is_mixed,
    )
    transport = InProcessTransport(simulator)

    def tokens(identity: Application | DirectoryError) -> TokenSource:
        async def token(claims: str = "") -> Token:
            if isinstance(identity, DirectoryError):
                raise identity
            return Token(simulator.issue_token(identity, GRAPH), clock.now() + timedelta(hours=1))

        return token

    settings = GraphSettings(base_url=BASE_URL, quota=quota or QuotaSettings(), avoids=avoids)
    directory = GraphDirectory(
        settings,
        tokens=tokens(TIDEMARK),
        clock=clock,
        jitter=random.Random(seed),
        transport=transport,
        writers=[tokens(identity) for identity in writers],
    )
    return World(clock, simulator, transport, directory)


async def whole(world: World, listing: Listing) -> list[Page]:
    """Return every page of `listing`, read to its proven end."""
    pages: list[Page] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await world.directory.page(listing, cursor)
        pages.append(page)
        cursor = page.cursor
    return pages
