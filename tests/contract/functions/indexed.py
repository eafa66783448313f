"""Print what the genuine Python worker library indexes in the app, as one JSON list: run as a process of its own.

The library keeps the one app it loads for the life of its process, so the suite does not load it into itself.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec

from local.host.calls import end_process
from local.host.worker import Worker

ROOT = Path(__file__).resolve().parents[3]
# What a listener needs to know; names of parameters and directions are the app's own business.
FACTS = "type schedule useMonitor runOnStartup queueName connection route methods authLevel".split()


def facts(raw_binding: str) -> dict[str, Any]:
    """Return what of a trigger's binding the checked-in list holds."""
    binding = msgspec.json.decode(raw_binding, type=dict[str, Any])
    return {name: binding[name] for name in FACTS if name in binding}


async def indexed() -> list[dict[str, Any]]:
    """Return name and trigger of every function of the app, by name."""
    worker = Worker(ROOT)
    worker.start()
    functions = await worker.load()
    return sorted(({"name": one.name, **facts(one.raw_bindings[0])} for one in functions), key=lambda one: one["name"])


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(asyncio.run(indexed())), indent=2).decode() + "\n")
    end_process(0)
