"""A function app of six functions that write down what they were given, for tests of the local host.

Every call appends one JSON line to the file RECORDS names, so that several instances can be watched from outside.
"""

import asyncio
import json
import logging
import os
import sys
import time
from typing import Any

import azure.functions as func

app = func.FunctionApp()
log = logging.getLogger("tiny")


def record(**facts: Any) -> None:
    """Append one line in a single write, which concurrent processes cannot tear."""
    line = json.dumps({"pid": os.getpid(), "at": time.time(), **facts}) + "\n"
    handle = os.open(os.environ["RECORDS"], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


@app.timer_trigger("timer", schedule="%TICK_SCHEDULE%", use_monitor=True)
async def tick(timer: func.TimerRequest) -> None:
    """Write down the occurrence."""
    status = timer.schedule_status  # type: ignore[attr-defined]  # the public annotation class lacks it, the value has it
    record(function="tick", past_due=timer.past_due, status=status)


@app.queue_trigger("message", queue_name="%WORK_QUEUE%", connection="AzureWebJobsStorage")
async def work(message: func.QueueMessage) -> None:
    """Do what the message says: succeed, fail, wait, keep the event loop busy, or exit."""
    order = json.loads(message.get_body())
    record(function="work", id=order["id"], count=message.dequeue_count, inserted=str(message.insertion_time))
    log.info("work begun", extra={"order": order["id"]})
    match order.get("do"):
        case "fail":
            raise RuntimeError("told to fail")
        case "wait":
            await asyncio.sleep(order["seconds"])
        case "wait at first" if message.dequeue_count == 1:
            await asyncio.sleep(order["seconds"])
        case "block":
            time.sleep(order["seconds"])  # noqa: ASYNC251  a busy event loop is what is tested
        case "exit":
            sys.exit("told to exit")
    record(function="work done", id=order["id"])


@app.route("echo/{id}/{*rest}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    """Send the body back as it came, and what was seen of the rest as a header."""
    seen = {
        "method": req.method,
        "url": req.url,
        "query": dict(req.params),
        "route": dict(req.route_params),
        "x-probe": req.headers.get("X-Probe"),
    }
    headers = {"X-Seen": json.dumps(seen), "Set-Cookie": "a=1; Path=/; HttpOnly; SameSite=Lax"}
    return func.HttpResponse(req.get_body(), status_code=207, headers=headers, mimetype="application/octet-stream")


@app.route("guarded", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def guarded(req: func.HttpRequest) -> str:
    """Answer those who have the key; a plain function, so it runs in a thread."""
    log.info("guarded asked", extra={"query": dict(req.params)})
    return "welcome"


@app.route("broken", auth_level=func.AuthLevel.ANONYMOUS)
async def broken(req: func.HttpRequest) -> func.HttpResponse:
    """Fail."""
    raise ValueError("a bug in the app")


@app.route("slow/{seconds}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    """Answer after a while."""
    record(function="slow")
    await asyncio.sleep(float(req.route_params["seconds"]))
    return func.HttpResponse("done")
