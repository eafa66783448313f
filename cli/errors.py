"""How a command ends: the exit statuses that scripts rely on, and the one error that carries them.

The numbers are documented in docs/cli.md and in `--help`; they are kept for ever.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the exit status of a command means."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    BUSY = 5
    TROUBLE = 6


MEANING = {
    Exit.DONE: "done",
    Exit.FAILED: "the job failed or was cancelled, changes failed, or a snapshot is damaged",
    Exit.USAGE: "wrong usage, settings or input",
    Exit.NOT_FOUND: "no such snapshot, job or object",
    Exit.NOT_ALLOWED: "not signed in, or the app role is missing",
    Exit.BUSY: "another job has the tenant",
    Exit.TROUBLE: "the server or the network is in trouble",
}


class CliError(Exception):
    """A command cannot go on; the message is one line for a person."""

    def __init__(self, exit_status: Exit, message: str) -> None:
        super().__init__(message)
        self.exit_status = exit_status
