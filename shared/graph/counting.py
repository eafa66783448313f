"""Ask the directory's index how many objects of a type there are.

The index lags behind the directory ("Advanced query capabilities"), so a count is for partitions and plausibility,
never for the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated
from urllib.parse import quote

import msgspec

from shared.catalogue.entry import ObjectType
from shared.graph.answers.faults import incomplete, refusal
from shared.graph.exchange import Reply, Request
from shared.graph.sending import Sender

DIGITS_MAX = 9
SAFE = "'()"  # what of a $filter may stand in a query as it is
EVENTUAL = MappingProxyType({"consistencylevel": "eventual"})


class _Counted(msgspec.Struct, rename={"count": "@odata.count"}):
    count: Annotated[int, msgspec.Meta(ge=0)]


async def counts_within(sender: Sender, entry: ObjectType, within: Sequence[str]) -> list[int]:
    """Return the count of live objects of `entry` that fit each $filter; raise DirectoryError when one is refused."""
    tails = [f"{entry.path}?$count=true&$top=1&$select=id&$filter={quote(each, safe=SAFE)}" for each in within]
    replies = await sender.read_each([Request(tail=tail, headers=EVENTUAL) for tail in tails])
    return [_counted(f"{entry.name} count where {each}", reply) for each, reply in zip(within, replies, strict=True)]


def _counted(what: str, reply: Reply) -> int:
    if not reply.is_success:
        raise refusal(what, reply)
    try:
        return msgspec.json.decode(reply.body, type=_Counted).count
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise incomplete(what, f"the answer has no count ({error})", reply) from error


async def live_count(sender: Sender, entry: ObjectType, path: str = "") -> int:
    """Return the count of live objects of `entry`, or of those at `path` that are of one of its kinds.

    Raises DirectoryError when there is none to be had.
    """
    request = Request(tail=f"{path or entry.path}/$count", headers=EVENTUAL)
    reply = await sender.send(request)
    if not reply.is_success:
        raise refusal(f"{entry.name} count", reply)
    if reply.cut:
        raise incomplete(f"{entry.name} count", reply.cut, reply)
    digits = reply.body.decode("utf-8-sig", errors="replace").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX):
        raise incomplete(f"{entry.name} count", "the answer is no number", reply)
    return int(digits)
