"""Read many objects by id at once: 15 ids to a list, 20 lists to a $batch, instead of one request part an object.

What a filtered list gives is the object as its listing gives it. What it does not give proves nothing: whoever asked
looks for those one by one, because only Graph's own 404 says that an object is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.catalogue.entry import ObjectType
from shared.domain.ids import GUID
from shared.graph.answers import pages
from shared.graph.answers.admitting import admitted
from shared.graph.exchange import Request
from shared.graph.sending import Sender
from shared.ports import Found

IDS_PER_FILTER = 15  # "Use the $filter query parameter": at most 15 values for `in`
MANY = 60  # below that, one $batch or three of single reads are as good and say more about what is not there


def is_many(entry: ObjectType, object_ids: Sequence[str]) -> bool:
    """Tell whether reading these ids by lists saves requests; only where a list can be filtered by id."""
    return entry.has_delta and len(object_ids) > MANY and all(map(GUID.match, object_ids))


async def bodies(sender: Sender, entry: ObjectType, object_ids: Sequence[str], expand: str = "") -> dict[str, Found]:
    """Return those of `object_ids` that are live, by id, each with the links of the reference `expand`, if any."""
    select = f"$select={','.join(entry.select)}&" if entry.sends_select else ""
    expanding = f"$expand={expand}($select=id)&" if expand else ""
    found: dict[str, Found] = {}
    wanted, what = set(object_ids), f"{entry.name} by ids"
    tails = [f"{entry.path}?{select}{expanding}{_filter(group)}" for group in _groups(object_ids)]
    replies = await sender.read_each([Request(tail=tail) for tail in tails])
    for reply in replies:
        page = pages.object_page(what, reply)
        is_single = bool(expand) and entry.reference(expand).is_single
        linked = pages.expanded_page(what, reply, expand, is_single=is_single)[0] if expand else ()
        others = {row.object_id: frozenset(row.other_ids) for row in linked if not row.is_cut}
        for one, whole in zip(page.ids, page.bodies, strict=True):
            if one in wanted:
                body = pages.without(whole, expand) if expand else whole
                found[one] = Found(admitted(entry, body, reply), others=others.get(one))
    return found


async def references(
    sender: Sender, entry: ObjectType, reference: str, object_ids: Sequence[str], *, is_single: bool = False
) -> dict[str, set[str]]:
    """Return the ids that `reference` of each object names, for those objects that came whole.

    An `is_single` reference leads to one object or to none.
    """
    found: dict[str, set[str]] = {}
    wanted = set(object_ids)
    expand = f"$select=id&$expand={reference}($select=id)"
    tails = [f"{entry.path}?{expand}&{_filter(group)}" for group in _groups(object_ids)]
    replies = await sender.read_each([Request(tail=tail) for tail in tails])
    for reply in replies:
        rows, _next_link = pages.expanded_page(
            f"{entry.name}-{reference} by ids", reply, reference, is_single=is_single
        )
        found |= {row.object_id: set(row.other_ids) for row in rows if row.object_id in wanted and not row.is_cut}
    return found


def _groups(object_ids: Sequence[str]) -> list[Sequence[str]]:
    return [object_ids[start : start + IDS_PER_FILTER] for start in range(0, len(object_ids), IDS_PER_FILTER)]


def _filter(object_ids: Sequence[str]) -> str:
    return "$filter=id%20in%20(" + ",".join(f"'{object_id}'" for object_id in object_ids) + ")"
