"""Run one command and return its exit status."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import TextIO

import httpx

from cli.api import Api
from cli.arguments.parser import parser
from cli.errors import CliError
from cli.screen import Screen
from cli.session import Command, Session, chosen_job
from cli.settings import read_settings
from cli.tokens import Tokens, fetch_for
from cli.watching import Clock

LocalCommand = Callable[[Screen, Namespace], int]  # one that needs no server
INTERRUPTED = 130  # what shells call a command that Ctrl-C ended
PIPE_CLOSED = 141


@dataclass(frozen=True)
class Surroundings:
    """What a command finds around it; tests bring their own."""

    environment: Mapping[str, str]
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    transport: httpx.BaseTransport | None = None
    clock: Clock = field(default_factory=Clock)
    storage: httpx.BaseTransport | None = None


def main() -> int:
    """Run the command that this process was started with."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name may hold what the terminal's encoding has not
    around = Surroundings(os.environ, sys.stdin, sys.stdout, sys.stderr)
    try:
        return run(sys.argv[1:], around)
    except BrokenPipeError:
        # Nobody reads any more. What is left in the buffer goes nowhere, or the interpreter would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def run(arguments: Sequence[str], around: Surroundings) -> int:
    """Run one command; every expected error is one line on standard error and an exit status."""
    given: Namespace = parser().parse_args(arguments)
    command: Command = given.command
    screen = Screen(stdin=around.stdin, stdout=around.stdout, stderr=around.stderr, asks_json=given.json)
    try:
        local: LocalCommand | None = getattr(given, "local", None)
        if local is not None:
            return local(screen, given)
        settings = read_settings(around.environment)
        tokens = Tokens(fetch_for(settings, around.transport), around.clock.monotonic)
        with Api(settings.url, tokens, around.transport) as api:
            if getattr(given, "may_be_latest", False):
                given.job = chosen_job(api, given.job)
            return command(Session(api, screen, around.clock, around.storage), given)
    except CliError as error:
        screen.note(f"tidemark: {error}")
        return error.exit_status
    except KeyboardInterrupt:
        screen.note("tidemark: stopped watching; a job that was started goes on (tidemark jobs, tidemark cancel JOB)")
        return INTERRUPTED
