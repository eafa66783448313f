"""Single objects: search a snapshot, show one object of it whole, tell an object's history."""

from __future__ import annotations

import re

import azure.functions as func

from functions import replies
from functions.asked import Asked
from functions.wire.looking import history_body, match_body, whole_body
from functions.wire.names import captured_type
from shared.domain.errors import InputError
from shared.wiring import Product

PLACE = re.compile(r"([0-9]{1,4})\.([0-9]{1,9})\Z")
LINKS = ("both", "outgoing")


async def search_snapshot(product: Product, asked: Asked) -> func.HttpResponse:
    """Return objects of a snapshot that `text` names; a page may be empty and still be followed by others."""
    snapshot = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    words = asked.options.words
    matches, place = await product.searching.search(
        product.tenant,
        snapshot.snapshot_id,
        words.get("text", ""),
        type_name=_type(asked),
        start=_place(words["from"]) if "from" in words else (0, 0),
        top=asked.options.top,
    )
    next_link = asked.call.asked_with({"from": f"{place[0]}.{place[1]}"}) if place else ""
    bodies = (match_body(match, shows_all=asked.shows_all) for match in matches)
    return replies.found(asked, "Collection(tidemark.match)", bodies, next_link=next_link)


async def object_whole(product: Product, asked: Asked) -> func.HttpResponse:
    """Return one object of a snapshot with its links."""
    snapshot = await product.snapshots.on_wire(product.tenant, asked.snapshot)
    links = asked.options.words.get("links", LINKS[0])
    if links not in LINKS:
        raise InputError(f"links is {links[:40]!r}; it must be one of {', '.join(LINKS)}", member="links")
    whole = await product.searching.whole(
        product.tenant, snapshot.snapshot_id, asked.object, type_name=_type(asked), with_incoming=links == LINKS[0]
    )
    return replies.one(asked, "tidemark.object", whole_body(whole, shows_all=asked.shows_all))


async def object_history(product: Product, asked: Asked) -> func.HttpResponse:
    """Return every version of one object across all snapshots, with what changed."""
    told = await product.history.of(product.tenant, asked.object, _type(asked))
    return replies.one(asked, "tidemark.history", history_body(told, shows_all=asked.shows_all))


def _type(asked: Asked) -> str:
    """Return the catalogue's name of the type that is asked for, empty for any."""
    given = asked.options.words.get("type")
    return "" if given is None else captured_type(given, member="type")


def _place(text: str) -> tuple[int, int]:
    found = PLACE.match(text)
    if found is None:
        raise InputError(f"from is {text[:40]!r}; use it as @odata.nextLink gives it", member="from")
    return int(found[1]), int(found[2])
