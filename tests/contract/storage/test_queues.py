"""What every WorkQueue promises, in memory and on Storage queues alike, and how the one in memory delivers."""

from __future__ import annotations

import asyncio

from shared.memory.queue import MemoryQueue
from tests.contract.storage.conftest import Tell
from tests.contract.storage.worlds import QUEUE, HandClock, World, a_note


def test_a_sent_note_is_received_as_it_was_sent_and_from_its_queue_only(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.queue.send(QUEUE, a_note(1))
        await world.queue.send("recover", a_note(2))
        assert await world.receive(QUEUE) == [a_note(1)]
        assert await world.receive(QUEUE) == []
        assert await world.receive("recover") == [a_note(2)]

    tell(story)


def test_the_same_note_sent_twice_is_received_twice(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.queue.send(QUEUE, a_note())
        await world.queue.send(QUEUE, a_note())
        assert [await world.receive(QUEUE) for _ in range(3)] == [[a_note()], [a_note()], []]

    tell(story)


def test_a_delayed_note_is_received_only_after_its_delay(tell: Tell) -> None:
    async def story(world: World) -> None:
        await world.queue.send(QUEUE, a_note(1), delay_seconds=2)
        assert await world.receive(QUEUE) == []
        await world.pass_time(2.2)
        assert await world.receive(QUEUE) == [a_note(1)]

    tell(story)


def test_a_message_whose_lease_ended_is_delivered_again_and_the_old_receipt_is_worth_nothing() -> None:
    async def story() -> None:
        clock = HandClock()
        queue = MemoryQueue(clock)
        await queue.send(QUEUE, a_note())
        first = await queue.receive(QUEUE, lease_seconds=30)
        assert first is not None
        await clock.sleep(29)
        assert await queue.receive(QUEUE, lease_seconds=30) is None
        await clock.sleep(1)
        second = await queue.receive(QUEUE, lease_seconds=30)
        assert second is not None
        assert (first.dequeue_count, second.dequeue_count) == (1, 2)
        assert not await queue.delete(first)
        assert not await queue.release(first)
        assert await queue.delete(second)
        assert not await queue.delete(second)
        assert queue.waiting(QUEUE) == 0
        assert queue.next_visible_at() is None

    asyncio.run(story())


def test_a_receipt_is_good_after_the_lease_as_long_as_nobody_else_has_the_message() -> None:
    async def story() -> None:
        clock = HandClock()
        queue = MemoryQueue(clock)
        await queue.send(QUEUE, a_note())
        message = await queue.receive(QUEUE, lease_seconds=30)
        assert message is not None
        await clock.sleep(31)
        assert await queue.delete(message)
        assert queue.waiting(QUEUE) == 0

    asyncio.run(story())


def test_a_released_message_comes_back_after_its_delay_and_not_before() -> None:
    async def story() -> None:
        clock = HandClock()
        queue = MemoryQueue(clock)
        await queue.send(QUEUE, a_note())
        message = await queue.receive(QUEUE, lease_seconds=300)
        assert message is not None
        assert await queue.release(message, delay_seconds=10)
        assert not await queue.delete(message)
        assert await queue.receive(QUEUE, lease_seconds=300) is None
        await clock.sleep(10)
        assert queue.next_visible_at() == clock.now()
        again = await queue.receive(QUEUE, lease_seconds=300)
        assert again is not None
        assert (again.note, again.dequeue_count) == (a_note(), 2)

    asyncio.run(story())
