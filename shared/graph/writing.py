"""Apply writes: one lane at a time, dealt into batches, each to its last answer.

A crash at any line leaves writes sent whose answers are lost; sending them again is safe, because every write says
what shall be. Writes that would make another object are not repeated without a clear answer: whoever sent them looks.
Conditional Access has one request a second, so its writes go one by one while the others continue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from shared.domain.errors import TransientError
from shared.domain.writes import Answer, Write
from shared.graph import retry, settling
from shared.graph.answers.faults import fault_of
from shared.graph.exchange import NO_ANSWER, Reply, Request
from shared.graph.lanes import Lanes
from shared.graph.quota import is_conditional_access
from shared.graph.retry import Tries
from shared.graph.sending import Sender

NO_CLEAR_ANSWER = "noClearAnswer"
CREATED = 201
RESTORED_EARLIER = "restored by an earlier try that had no clear answer"


class Writer:
    """Send writes and gather their answers."""

    def __init__(self, sender: Sender, *, batches_in_flight_max: int) -> None:
        self._sender = sender
        self._in_flight_max = batches_in_flight_max

    async def apply(self, writes: Sequence[Write]) -> list[Answer]:
        """Return the answers to `writes` in their order; see ports.Directory."""
        run = _Run(self._sender, writes)
        slow_lanes = {write.lane for write in writes if is_conditional_access(write.path)}
        slow = [place for place, write in enumerate(writes) if write.lane in slow_lanes]
        lanes = Lanes((place, write.lane) for place, write in enumerate(writes) if write.lane not in slow_lanes)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(run.one_by_one(slow))
                for _ in range(self._in_flight_max):
                    group.create_task(run.in_batches(lanes, group))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [run.answers[place] for place in range(len(writes))]


class _Run:
    """One call of `apply`: what each write has been through, and the answers so far."""

    def __init__(self, sender: Sender, writes: Sequence[Write]) -> None:
        self._sender = sender
        self._writes = writes
        self._requests = [
            Request(method=write.method, tail=write.path, body=write.body, headers=_headers(write)) for write in writes
        ]
        self._tries = [Tries()] * len(writes)
        self._unclear: set[int] = set()
        self._turn = asyncio.Condition()
        self.answers: dict[int, Answer] = {}

    async def one_by_one(self, places: Sequence[int]) -> None:
        """Send each write by itself, after the one before it has its last answer."""
        for place in places:
            while True:
                reply = await self._sender.send_once(self._requests[place])
                seconds = await self._settle(place, reply)
                if seconds is None:
                    break
                await self._sender.wait(seconds)

    async def in_batches(self, lanes: Lanes, group: asyncio.TaskGroup) -> None:
        """Send batch after batch until every lane is finished; several of these run side by side."""
        while True:
            async with self._turn:
                await self._turn.wait_for(lambda: lanes.has_ready or lanes.is_finished)
                places = lanes.lend(self._sender.writes_per_batch())
            if not places:
                return
            replies = await self._sender.send_batch([self._requests[place] for place in places])
            for place, reply in zip(places, replies, strict=True):
                seconds = await self._settle(place, reply)
                if seconds is None:
                    lanes.finish(place)
                else:
                    group.create_task(self._give_back(lanes, place, seconds))
            async with self._turn:
                self._turn.notify_all()

    async def _give_back(self, lanes: Lanes, place: int, seconds: float) -> None:
        """Let the lane of a refused write lend it again, after the wait that was asked for."""
        await self._sender.wait(seconds)
        lanes.give_back(place)
        async with self._turn:
            self._turn.notify_all()

    async def _settle(self, place: int, reply: Reply) -> float | None:
        """Keep the last answer and return None, or return the seconds after which the write is to be repeated."""
        tries = self._tries[place]
        if self._writes[place].makes_another and reply.status in retry.UNCLEAR:
            known = self._writes[place].write_id
            self.answers[place] = Answer(write_id=known, status=0, code=NO_CLEAR_ANSWER, request_id=reply.request_id)
            return None
        seconds = self._sender.wait_before_repeat(self._requests[place], reply, tries)
        if seconds is not None:
            self._tries[place] = retry.counted(tries, reply.status)
            if reply.status in retry.UNCLEAR:
                self._unclear.add(place)
            return seconds
        if reply.status == NO_ANSWER:
            raise TransientError(f"write {self._writes[place].write_id}: Graph could not be reached: {reply.cut}")
        self.answers[place] = await self._last_answer(place, reply)
        return None

    async def _last_answer(self, place: int, reply: Reply) -> Answer:
        write = self._writes[place]
        is_repeated_restore = place in self._unclear and settling.is_restore(write.path)
        if reply.status == 404 and is_repeated_restore and await self._is_live(write.path):
            return Answer(write_id=write.write_id, status=200, message=RESTORED_EARLIER, request_id=reply.request_id)
        if reply.is_success:
            made = _made(reply)
            return Answer(
                write_id=write.write_id,
                status=reply.status,
                request_id=reply.request_id,
                made_id=made.id.lower(),
                made_app_id=made.app_id.lower(),
            )
        fault = fault_of(reply)
        return Answer(
            write_id=write.write_id,
            status=reply.status,
            code=fault.code,
            message=fault.message,
            request_id=fault.request_id,
        )

    async def _is_live(self, tail: str) -> bool:
        request = settling.question(tail)
        for seconds in settling.WAITS_SECONDS:
            if seconds:
                await self._sender.wait(seconds)
            if settling.is_yes(request, await self._sender.send(request)):
                return True
        return False


def _headers(write: Write) -> dict[str, str]:
    headers = {"content-type": "application/json"} if write.body else {}
    return headers | ({"prefer": write.prefer} if write.prefer else {})


class _Made(msgspec.Struct, rename={"app_id": "appId"}):
    id: str = ""
    app_id: str = ""


def _made(reply: Reply) -> _Made:
    """Return what the answer to a creation says of the new object; a cut or strange one says nothing."""
    if reply.status != CREATED or reply.cut:
        return _Made()
    try:
        return msgspec.json.decode(reply.body, type=_Made)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Made()
