"""Run a number of calls, a few at a time, and stop all of them at the first failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

Found = TypeVar("Found")


async def run_all(calls: Sequence[Callable[[], Awaitable[Found]]], at_once_max: int) -> list[Found]:
    """Return what each call returned, in the order of `calls`; raise the first failure after cancelling the rest."""
    results: dict[int, Found] = {}
    waiting = iter(enumerate(calls))

    async def work(queue: Iterator[tuple[int, Callable[[], Awaitable[Found]]]]) -> None:
        for place, call in queue:
            results[place] = await call()

    await together([lambda: work(waiting) for _ in range(min(at_once_max, len(calls)))])
    return [results[place] for place in range(len(calls))]


async def together(calls: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Run all of `calls` at once; raise the first failure after cancelling the rest."""

    async def run(call: Callable[[], Awaitable[None]]) -> None:
        await call()

    try:
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(run(call))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
