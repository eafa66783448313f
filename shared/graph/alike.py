"""Find live objects by what they are called, for whoever does not know their id: after a creation without an answer.

Reads only, and to the proven end of every list: an object that a cut list hides would be created twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from shared.catalogue.entry import ObjectType
from shared.domain.changes import Json
from shared.graph import cursors
from shared.graph.answers import pages
from shared.graph.answers.admitting import admitted
from shared.graph.cursors import Bounds, Chain
from shared.graph.exchange import Request
from shared.graph.reading import Reader
from shared.graph.sending import Sender


async def alike(
    sender: Sender, reader: Reader, bounds: Bounds, entry: ObjectType, names: Sequence[str], wanted: Sequence[Json]
) -> list[list[Json]]:
    """Return, for each of `wanted`, the live objects of the type that have its values of `names`, without case."""
    if entry.is_listed:
        bodies = [body for _id, body in await reader.whole(entry.listings()[0])]
    else:
        values = dict.fromkeys(str(one[names[0]]) for one in wanted if one.get(names[0]))
        bodies = await _filtered(sender, bounds, entry, names[0], list(values))
    decoded: list[Json] = [msgspec.json.decode(body) for body in bodies]
    held: dict[tuple[str, ...], list[Json]] = {}
    for body in decoded:
        held.setdefault(_called(body, names), []).append(body)
    return [held.get(_called(one, names), []) if one.get(names[0]) else [] for one in wanted]


def _called(body: Json, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(_plain(body.get(name)) for name in names)


def _plain(value: Any) -> str:
    return "" if value is None else str(value).lower()


def _equals(name: str, value: str) -> str:
    """Return the condition, encoded; a quote inside the value is doubled (OData)."""
    doubled = value.replace("'", "''")
    return f"{name}%20eq%20'{quote(doubled, safe='')}'"


async def _filtered(sender: Sender, bounds: Bounds, entry: ObjectType, name: str, values: list[str]) -> list[bytes]:
    """Return the bodies of the objects whose property `name` has one of `values`, each asked for by itself."""
    selected = f"&$select={','.join(entry.select)}" if entry.sends_select else ""
    chains = [Chain(value) for value in values]
    found: list[bytes] = []
    while chains:
        tails = [chain.next or f"{entry.path}?$filter={_equals(name, chain.object_id)}{selected}" for chain in chains]
        replies = await sender.read_each([Request(tail=tail) for tail in tails])
        going: list[Chain] = []
        for chain, reply in zip(chains, replies, strict=True):
            what = f"{entry.name} called {name}"
            page = pages.object_page(what, reply)
            found += [admitted(entry, body, reply) for body in page.bodies]
            if page.next_link is not None:
                tail, trail = cursors.advance(what, reply, page.next_link, chain.trail, bounds)
                going.append(Chain(chain.object_id, tail, trail))
        chains = going
    return found
