"""How an instance starts, refuses to start, drains and dies."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from local.azurite import HOST_ACCOUNT, HOST_KEY, Endpoints, connection_string
from local.processes import ChildEndedError
from tests.contract.local_host.conftest import TinyApp, ask, eventually

APP = "import azure.functions as func\napp = func.FunctionApp()\n"
DEFAULTED = """
@app.route("jobs")
async def jobs(req: func.HttpRequest, wired: str = "no") -> func.HttpResponse:
    return func.HttpResponse("")
"""
SERVICE_BUS = """
@app.service_bus_queue_trigger("message", queue_name="recover", connection="ServiceBus")
async def recover(message: func.ServiceBusMessage) -> None:
    pass
"""


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (APP + "import nowhere\n", "ModuleNotFoundError: No module named 'nowhere' (function_app.py:3)"),
        (APP + "def broken(:\n", "SyntaxError: invalid syntax (function_app.py, line 3)"),
        (APP + DEFAULTED, "FunctionLoadError: cannot load the jobs function: "),
        (APP + SERVICE_BUS, "function recover: has a Service Bus trigger; the local host has no Service Bus"),
        (None, "no function_app.py in "),
    ],
)
def test_an_app_that_cannot_load_ends_the_process_with_one_line(
    tiny: TinyApp, tmp_path: Path, source: str | None, line: str
) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    if source is not None:
        (folder / "function_app.py").write_text(source)
    child = tiny.begin("one", app_root=folder)
    assert asyncio.run(child.ended()) == 1
    (written,) = [text for text in child.output().splitlines() if not text.startswith('{"event":')]
    assert written.startswith(f"cannot start: {line}")


def test_storage_that_does_not_answer_ends_the_process_with_one_line(tiny: TinyApp) -> None:
    nowhere = Endpoints("http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1")
    child = tiny.begin("one", {"AzureWebJobsStorage": connection_string(nowhere, HOST_ACCOUNT, HOST_KEY)})
    assert asyncio.run(child.ended()) == 1
    (line,) = child.output().splitlines()
    assert line.startswith("cannot start: storage of connection AzureWebJobsStorage does not give ")


def test_a_port_in_use_ends_the_process_with_one_line(tiny: TinyApp) -> None:
    async def story() -> None:
        url = await tiny.start()
        port = int(url.rpartition(":")[2])
        second = tiny.begin("two", port=port)
        assert await second.ended() == 1
        assert second.output().startswith(f"cannot start: port {port} of 127.0.0.1 cannot be used")

    asyncio.run(story())


def test_sigterm_lets_running_calls_finish_and_takes_nothing_new(tiny: TinyApp) -> None:
    async def story() -> None:
        url = await tiny.start()
        await tiny.send(id="m-1", do="wait", seconds=1.5)
        await tiny.recorded("work")
        request = asyncio.create_task(ask(f"{url}/slow/1"))
        await tiny.recorded("slow")
        tiny.child().terminate()
        await eventually(lambda: bool(tiny.events("one", "drain started")), "a drain")
        await tiny.send(id="m-2")
        with pytest.raises(OSError, match=r"Cannot connect"):
            await ask(f"{url}/slow/0")
        assert (await request).body == b"done"
        assert await tiny.child().ended() == 0
        assert [line["id"] for line in tiny.records("work done")] == ["m-1"]
        assert await tiny.messages_left() == 1, "m-1 is deleted, m-2 is untouched"

    asyncio.run(story())


def test_a_request_on_an_old_connection_is_turned_away_during_a_drain(tiny: TinyApp) -> None:
    async def story() -> None:
        url = await tiny.start()
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/slow/0") as before:
                assert before.status == 200
            await tiny.send(id="m-1", do="wait", seconds=1)
            await tiny.recorded("work")
            tiny.child().terminate()
            await eventually(lambda: bool(tiny.events("one", "drain started")), "a drain")
            async with session.get(f"{url}/slow/0") as during:
                assert (during.status, during.headers["Retry-After"]) == (503, "1")
        assert await tiny.child().ended() == 0

    asyncio.run(story())


def test_a_drain_ends_when_its_time_is_up(tiny: TinyApp) -> None:
    async def story() -> None:
        await tiny.start(AzureFunctionsLocalHost__drainSeconds="0.5")
        await tiny.send(id="m-1", do="wait", seconds=60)
        await tiny.recorded("work")
        tiny.child().terminate()
        assert await tiny.child().ended(timeout=5) == 0
        assert tiny.events("one", "drain ended early")[0]["left"][0].startswith("work ")

    asyncio.run(story())


def test_a_call_that_outlasts_the_function_timeout_ends_the_process(tiny: TinyApp) -> None:
    async def story() -> None:
        await tiny.start(AzureFunctionsJobHost__functionTimeout="00:00:01")
        await tiny.send(id="m-1", do="block", seconds=60)
        assert await tiny.child().ended() == 70
        (line,) = tiny.events("one", "function timed out")
        assert (line["function"], line["timeout_seconds"], line["dequeue_count"]) == ("work", 1, 1)

    asyncio.run(story())


def test_a_function_that_ends_the_worker_ends_the_process(tiny: TinyApp) -> None:
    async def story() -> None:
        await tiny.start()
        await tiny.send(id="m-1", do="exit")
        assert await tiny.child().ended() == 70
        (line,) = tiny.events("one", "worker ended")
        assert line["function"] == "work"

    asyncio.run(story())


def test_a_silent_or_ended_child_is_told_with_its_last_words(tiny: TinyApp) -> None:
    child = tiny.begin("one", {"WORK_QUEUE": "Not A Queue Name"})
    with pytest.raises(ChildEndedError, match="one ended with status 1: cannot start: storage of connection"):
        asyncio.run(child.listening())
