"""Apply writes: one lane at a time, dealt into batches, each to its last answer.

A crash at any line leaves writes sent whose answers are lost; sending them again is safe, because every write says
what shall be. Writes that would make another object are not repeated without a clear answer: whoever sent them looks.
Conditional Access has one request a second, so its writes go one by one while the others continue.

Several calls may run side by side: an object that two of them write has one writer all the same (lanes.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec

from shared.domain.errors import DirectoryError, TransientError, UnrenewedError
from shared.domain.writes import Answer, Write
from shared.graph.answers.faults import fault_of
from shared.graph.exchange import Reply
from shared.graph.lanes import Lanes, Turns
from shared.graph.last_answers import LastAnswers
from shared.graph.quota import is_conditional_access
from shared.graph.sending import Sender
from shared.ports import Hold

REFUSED = frozenset({401, 403})
EPSILON_SECONDS = 1e-6
LOOK_AGAIN_SECONDS = 1.0  # an application that waits for its quota sees within this that the others have finished

log = logging.getLogger(__name__)


class Dropped(msgspec.Struct, frozen=True):
    """An application that Graph refused, and why: its writes go to the others for as long as this process lives."""

    place: int
    reason: str

    def warning(self) -> str:
        """Return what an operator must be told."""
        return f"writer identity {self.place + 1} was refused, so the others wrote in its place: {self.reason}"


class Writer:
    """Send writes and gather their answers.

    `others` are further applications, each with a write quota of its own. The first one is the product's own: what it
    is refused is final, and what an other one is refused it tries.
    """

    def __init__(self, sender: Sender, others: Sequence[Sender] = (), *, batches_in_flight_max: int) -> None:
        self._sender = sender
        self._others = dict(enumerate(others, start=1))
        self._dropped: list[Dropped] = []
        self._in_flight_max = batches_in_flight_max
        self._turns = Turns()
        self._desks = {number: asyncio.Semaphore(batches_in_flight_max) for number in range(1 + len(others))}

    async def apply(self, writes: Sequence[Write], hold: Hold) -> list[Answer]:
        """Return the answers to `writes` in their order; see ports.Directory."""
        run = _Run(self._sender, writes, self._drop, self._desks, hold)
        slow_lanes = {write.lane for write in writes if is_conditional_access(write.path)}
        slow = [place for place, write in enumerate(writes) if write.lane in slow_lanes]
        quick = [(place, write.lane) for place, write in enumerate(writes) if write.lane not in slow_lanes]
        lanes = Lanes(quick, self._turns, run.ring)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(run.one_by_one(slow))
                for number, sender in [(0, self._sender), *self._others.items()]:
                    for _ in range(self._in_flight_max):
                        group.create_task(run.in_batches(lanes, group, number, sender, shares=bool(self._others)))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            lanes.close()
        answers = [run.answers[place] for place in range(len(writes))]
        if self._dropped and answers:
            said = "; ".join(one.warning() for one in self._dropped)
            answers[0] = msgspec.structs.replace(answers[0], warning=said)
        return answers

    def _drop(self, number: int, reason: str) -> None:
        if self._others.pop(number, None) is not None:
            self._dropped.append(Dropped(number, reason))
            log.warning("writer identity dropped", extra={"writer": number + 1, "reason": reason})


class _Run:
    """One call of `apply`: who sends which write next, until each has its last answer.

    `desks` bound what every application has on its way, over all calls.
    """

    def __init__(
        self,
        sender: Sender,
        writes: Sequence[Write],
        drop: Callable[[int, str], None],
        desks: Mapping[int, asyncio.Semaphore],
        hold: Hold,
    ) -> None:
        self._sender = sender
        self._drop, self._desks, self._hold = drop, desks, hold
        self._lost: set[int] = set()
        self._last = LastAnswers(sender, writes)
        self._bell = asyncio.Event()

    @property
    def answers(self) -> dict[int, Answer]:
        """The last answers so far, by the places of their writes."""
        return self._last.answers

    def ring(self) -> None:
        """Wake whoever waits for a lane."""
        self._bell.set()

    async def one_by_one(self, places: Sequence[int]) -> None:
        """Send each write by itself, after the one before it has its last answer."""
        for place in places:
            while True:
                reply = await self._sender.send_once(self._last.requests[place], self._hold)
                seconds = await self._last.take(place, reply, self._sender)
                if seconds is None:
                    break
                await self._sender.wait(seconds)

    async def in_batches(
        self, lanes: Lanes, group: asyncio.TaskGroup, number: int, sender: Sender, *, shares: bool
    ) -> None:
        """Send batch after batch as one application until every lane is finished; several of these run side by side.

        Where several applications share the lanes, one takes writes only when its own quota has room for them.
        """
        while number not in self._lost:
            while not (lanes.has_ready or lanes.is_finished):
                self._bell.clear()
                await self._bell.wait()
            if lanes.is_finished:
                return
            async with self._desks[number]:
                if shares and (seconds := sender.seconds_to_room()) > EPSILON_SECONDS:
                    await sender.wait(min(seconds, LOOK_AGAIN_SECONDS))
                    continue
                await self._one_batch(lanes, group, number, sender)
            self.ring()

    async def _one_batch(self, lanes: Lanes, group: asyncio.TaskGroup, number: int, sender: Sender) -> None:
        places = lanes.lend(sender.writes_per_batch())
        if not places:
            return
        try:
            replies = await sender.send_batch([self._last.requests[place] for place in places], hold=self._hold)
        except UnrenewedError:
            raise  # which says nothing about the application
        except (DirectoryError, TransientError) as error:
            if number == 0:
                raise
            self._lose(number, str(error))
            for place in places:
                lanes.give_back(place)
            return
        for place, reply in zip(places, replies, strict=True):
            await self._take(lanes, group, place, reply, (number, sender))

    async def _take(
        self, lanes: Lanes, group: asyncio.TaskGroup, place: int, reply: Reply, who: tuple[int, Sender]
    ) -> None:
        number, sender = who
        if number and reply.status in REFUSED:
            group.create_task(self._as_first(lanes, place, number, reply))
            return
        seconds = await self._last.take(place, reply, sender)
        if seconds is None:
            lanes.finish(place)
        else:
            group.create_task(self._give_back(lanes, place, seconds))

    async def _as_first(self, lanes: Lanes, place: int, number: int, refused: Reply) -> None:
        """Try as the first application what another was refused: where it succeeds, the other one lacks a right."""
        await self.one_by_one([place])
        if self.answers[place].status not in REFUSED:
            fault = fault_of(refused)
            self._lose(number, f"{fault.code}: {fault.message} (request {fault.request_id})")
        lanes.finish(place)
        self.ring()

    def _lose(self, number: int, reason: str) -> None:
        self._lost.add(number)
        self._drop(number, reason)

    async def _give_back(self, lanes: Lanes, place: int, seconds: float) -> None:
        """Let the lane of a refused write lend it again, after the wait that was asked for."""
        await self._sender.wait(seconds)
        lanes.give_back(place)
        self.ring()
