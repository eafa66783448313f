"""Ask the directory's index how many objects of a type there are.

The index lags behind the directory ("Advanced query capabilities"), so a count is for partitions and plausibility,
never for the truth.
"""

from __future__ import annotations

from shared.catalogue.entry import ObjectType
from shared.graph.answers.faults import incomplete, refusal
from shared.graph.exchange import Request
from shared.graph.sending import Sender

DIGITS_MAX = 9


async def live_count(sender: Sender, entry: ObjectType) -> int:
    """Return the count of live objects of `entry`; raise DirectoryError when there is none to be had."""
    request = Request(tail=f"{entry.path}/$count", headers={"consistencylevel": "eventual"})
    reply = await sender.send(request)
    if not reply.is_success:
        raise refusal(f"{entry.name} count", reply)
    if reply.cut:
        raise incomplete(f"{entry.name} count", reply.cut, reply)
    digits = reply.body.decode("utf-8-sig", errors="replace").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX):
        raise incomplete(f"{entry.name} count", "the answer is no number", reply)
    return int(digits)
