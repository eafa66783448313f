"""What every command works with, and how it finds the snapshot or job it is told to use."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from cli.api import Api, Json
from cli.errors import CliError, Exit
from cli.screen import Screen
from cli.watching import Clock

LATEST = "latest"
TIDEMARK_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}\Z")
PAGE_MAX = 999


@dataclass(frozen=True)
class Session:
    """The API, the screen and the clock of one command; `storage` replaces the network to storage accounts in tests."""

    api: Api
    screen: Screen
    clock: Clock
    storage: httpx.BaseTransport | None = None


Command = Callable[[Session, Namespace], Exit]


def chosen_snapshot(api: Api, text: str) -> Json:
    """Return the snapshot called `latest`, by its id in the API, or by Tidemark's own id; raise CliError."""
    if text == LATEST:
        return _newest(api, "snapshot")
    if not TIDEMARK_ID.match(text):
        return api.get("snapshots", text)
    skip: int | None = 0
    while skip is not None:
        rows, skip = api.page("snapshots", top=PAGE_MAX, skip=skip)
        for row in rows:
            if row.get("tidemark.snapshotId") == text:
                return row
    raise CliError(Exit.NOT_FOUND, f"no snapshot has the id {text}")


def chosen_job(api: Api, text: str) -> str:
    """Return the id of the job called `latest`, or the text as it is; raise CliError when there is no job yet."""
    return str(_newest(api, "job").get("id")) if text == LATEST else text


def _newest(api: Api, what: str) -> Json:
    rows, _next_skip = api.page(f"{what}s", top=1, skip=0)
    if not rows:
        raise CliError(Exit.NOT_FOUND, f"there is no {what} yet")
    return rows[0]
