"""Send requests at the pace of the quotas and repeat what may pass, alone or in a $batch.

The only loops that repeat a request to Graph are here, in many_reads.py and in writing.py; all ask retry.py, and are
bounded by it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from shared.graph import quota, retry
from shared.graph.answers.batches import batch_replies, batch_request
from shared.graph.answers.faults import fault_of, refusal
from shared.graph.challenges import claims_of
from shared.graph.client import GraphClient
from shared.graph.exchange import NO_ANSWER, Reply, Request
from shared.graph.figures import Figures
from shared.graph.many_reads import ManyReads
from shared.graph.pacing import Pacing
from shared.graph.quota import Cost
from shared.graph.retry import Tries
from shared.ports import Hold


async def unasked() -> None:
    """Let a request out: the hold of reads, and of whoever is alone with a tenant."""


class Sender:
    """Everything the gateway sends goes through here, so one set of buckets sees it all."""

    def __init__(
        self,
        client: GraphClient,
        pacing: Pacing,
        figures: Figures,
        jitter: random.Random,
        *,
        batches_in_flight_max: int,
    ) -> None:
        self._client = client
        self._pacing = pacing
        self._figures = figures
        self._jitter = jitter
        self._in_flight_max = batches_in_flight_max

    async def send(self, request: Request) -> Reply:
        """Return Graph's last word on `request`, after all retries."""
        tries = Tries()
        while True:
            reply = await self.send_once(request)
            seconds = self.wait_before_repeat(request, reply, tries)
            if seconds is None:
                return reply
            tries = retry.counted(tries, reply.status)
            await self._pacing.wait(seconds)

    async def send_once(self, request: Request, hold: Hold = unasked) -> Reply:
        """Return the reply to `request`, sent once, when its quota has room and `hold` has not raised."""
        cost = quota.cost_of(request.method, request.tail)
        reply = await self._exchange(request, [cost], hold)
        self._pacing.learn([cost], [reply])
        return reply

    async def send_batch(self, parts: Sequence[Request], priority: str = "normal", hold: Hold = unasked) -> list[Reply]:
        """Send one $batch once; return the reply to each part, NO_ANSWER where it is not known what became of it.

        Raises DirectoryError when the batch as a whole was refused for good (consent revoked, say): none of its parts
        was tried. Parts must be free to run at the same time: never two writes to one object.
        Parts that were answered with a claims challenge, and so not carried out, are sent once more with a new token.
        """
        replies = await self._batch_once(parts, priority, hold)
        challenges = {place: claims for place, reply in enumerate(replies) if (claims := claims_of(reply))}
        if challenges:
            await self._client.renew_token(next(iter(challenges.values())))
            self._figures.add("retries", len(challenges))
            again = await self._batch_once([parts[place] for place in challenges], priority, hold)
            for place, reply in zip(challenges, again, strict=True):
                replies[place] = reply
        return replies

    async def _batch_once(self, parts: Sequence[Request], priority: str, hold: Hold) -> list[Reply]:
        costs = [quota.cost_of(part.method, part.tail) for part in parts]
        outer = await self._exchange(batch_request(parts, priority), costs, hold)
        self._figures.add("parts", len(parts))
        replies = _part_replies(outer, len(parts))
        self._pacing.learn(costs, replies)
        if not outer.is_success and not retry.is_passing(outer.status, ""):
            raise refusal("$batch", outer)
        return replies

    async def _exchange(self, request: Request, costs: Sequence[Cost], hold: Hold) -> Reply:
        await self._pacing.admit(sum(costs, Cost()))
        reply: Reply | None = None
        try:
            await hold()  # here, because the quota may have let us wait for as long as a lease lasts
            reply = await self._client.exchange(request)
        finally:
            if reply is None:
                self._pacing.forget(costs)
        return reply

    async def read_each(self, requests: Sequence[Request]) -> list[Reply]:
        """Return Graph's last word on each of `requests`, all of them reads, sent in batches of 20, some at a time."""
        return await ManyReads(self, requests).replies(self._in_flight_max) if requests else []

    async def wait(self, seconds: float) -> None:
        """Return `seconds` later, and count it."""
        await self._pacing.wait(seconds)

    def reads_per_batch(self) -> int:
        """Return how many reads one $batch may hold: 20, or fewer where the read quota is, or proves, very small."""
        return self._pacing.parts_max("read_units")

    def writes_per_batch(self) -> int:
        """Return how many writes one $batch may hold: 20, or fewer when the write quota was set below that."""
        return self._pacing.parts_max("writes")

    def seconds_to_room(self) -> float:
        """Return the seconds until a full $batch of writes may be sent, if nothing else is sent before."""
        count = self.writes_per_batch()
        return self._pacing.shortage(Cost(read_units=count, writes=count))

    def wait_before_repeat(self, request: Request, reply: Reply, tries: Tries) -> float | None:
        """Return the seconds to wait before `request` is repeated, None when `reply` is final.

        Tells the buckets of a refusal. A success whose body was cut in transfer counts as no answer to a read.
        """
        is_cut_read = bool(reply.cut) and request.is_read
        status = NO_ANSWER if is_cut_read else reply.status
        if 200 <= status < 300:
            return None
        cost = quota.cost_of(request.method, request.tail)
        seconds = retry.after(
            status,
            code=fault_of(reply).code if status == 409 else "",
            conditional_access=bool(cost.conditional_access),
            asked=retry.retry_after(reply.headers.get("retry-after")),
            tries=tries,
            jitter=self._jitter.random(),
        )
        if status == 429:
            self._pacing.refuse(cost, reply, seconds or 0.0)
        if seconds is not None:
            self._figures.add("retries")
        return seconds


def _part_replies(outer: Reply, count: int) -> list[Reply]:
    """Return a reply for each part; where there is none to be read, what is known of the whole stands for it."""
    found = batch_replies(outer, count) if outer.status in (200, 424) else None
    if found is None:
        status = NO_ANSWER if outer.is_success else outer.status
        return [Reply(status=status, headers=outer.headers, cut=outer.cut or "no readable $batch answer")] * count
    missing = Reply(status=NO_ANSWER, headers=outer.headers, cut="the $batch answer leaves this part out")
    return [reply or missing for reply in found]
