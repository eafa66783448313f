"""Storage queue functions over Azurite: delivery, failure, death of an instance."""

import asyncio
import base64

from tests.contract.local_host.conftest import TinyApp, eventually


def test_a_message_is_delivered_once_with_its_metadata_and_then_gone(tiny: TinyApp) -> None:
    async def story() -> None:
        await tiny.start()
        await tiny.send(id="m-1")
        await tiny.recorded("work done")
        (call,) = tiny.records("work")
        assert (call["id"], call["count"]) == ("m-1", 1)
        assert call["inserted"].endswith("+00:00")
        await tiny.emptied()
        assert len(tiny.records("work")) == 1

    asyncio.run(story())


def test_a_failing_message_lands_in_the_poison_queue_after_its_last_delivery(tiny: TinyApp) -> None:
    async def story() -> None:
        await tiny.start()
        await tiny.send(id="m-1", do="fail")
        await eventually(lambda: bool(tiny.events("one", "message poisoned")), "a poisoned message")
        assert [call["count"] for call in tiny.records("work")] == [1, 2, 3]
        async with tiny.queue("-poison") as poison:
            (message,) = [message async for message in poison.receive_messages()]
        assert base64.b64decode(message.content) == b'{"id":"m-1","do":"fail"}', "as it was sent"

    asyncio.run(story())


def test_a_message_that_is_not_base64_is_never_called_and_goes_to_the_poison_queue(tiny: TinyApp) -> None:
    async def story() -> None:
        await tiny.start()
        async with tiny.queue(is_base64=False) as queue:
            await queue.send_message('{"id": "plain text"}')
        await eventually(lambda: bool(tiny.events("one", "message poisoned")), "a poisoned message")
        assert "not base64" in tiny.events("one", "message unreadable")[0]["error"]
        assert tiny.records("work") == []

    asyncio.run(story())


def test_the_message_of_a_killed_instance_is_delivered_by_another(tiny: TinyApp) -> None:
    async def story() -> None:
        await tiny.start("one", AzureFunctionsLocalHost__messageLeaseSeconds="2")
        await tiny.send(id="m-1", do="wait at first", seconds=60)
        (first,) = await tiny.recorded("work")
        await tiny.start("two", AzureFunctionsLocalHost__messageLeaseSeconds="2")
        tiny.child("one").kill()
        (done,) = await tiny.recorded("work done")
        again = tiny.records("work")[1]
        assert again["pid"] == done["pid"] == tiny.child("two").pid
        assert again["count"] == 2
        assert again["at"] - first["at"] < 6, "no longer than the lease and a poll"

    asyncio.run(story())


def test_a_function_that_keeps_the_event_loop_busy_keeps_its_message(tiny: TinyApp) -> None:
    async def story() -> None:
        for name in ("one", "two"):
            await tiny.start(name, AzureFunctionsLocalHost__messageLeaseSeconds="1")
        await tiny.send(id="m-1", do="block", seconds=3)
        await tiny.recorded("work done")
        assert len(tiny.records("work")) == 1, "renewal must not depend on the app's event loop"

    asyncio.run(story())


def test_an_instance_takes_no_more_than_its_batch_at_once(tiny: TinyApp) -> None:
    async def story() -> None:
        await tiny.start()
        for index in range(6):
            await tiny.send(id=f"m-{index}", do="wait", seconds=1)
        await tiny.recorded("work done", 6)
        calls = sorted(
            (line["at"], step) for name, step in (("work", 1), ("work done", -1)) for line in tiny.records(name)
        )
        at_once = [sum(step for _, step in calls[: index + 1]) for index in range(len(calls))]
        assert max(at_once) <= 4, "batchSize 4, newBatchThreshold 0"

    asyncio.run(story())
