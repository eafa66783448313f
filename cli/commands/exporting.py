"""The command export: a whole report into a file or onto standard output, part by part."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import BinaryIO

from cli.commands.asking_rows import row_filter
from cli.errors import CliError, Exit
from cli.session import Session

FORMATS = ("ndjson", "csv", "html", "markdown", "siem")
KIND = "report"


def export(session: Session, given: Namespace) -> Exit:
    """Write a report in one of the formats; bytes are written as they came, and the same report gives the same ones."""
    found = session.api.get("jobs", given.job)
    if found.get("tidemark.kind") != KIND:
        raise CliError(Exit.USAGE, f"job {given.job} is no report")
    path = ("snapshots", str(found.get("tidemark.wireSnapshotId")), "recoveryPreviewJobs", given.job, "tidemark.export")
    params = {"format": given.format} | row_filter(given)
    return written(session, given.output, path, params)


def written(session: Session, output: str | None, path: tuple[str, ...], params: dict[str, str]) -> Exit:
    """Write every part of a file into the new file `output`, or onto standard output."""
    if output is None:
        _write(session, sys.stdout.buffer, path, params)
        return Exit.DONE
    try:
        with Path(output).open("xb") as file:
            _write(session, file, path, params)
    except OSError as error:
        raise CliError(Exit.USAGE, f"--output {output}: {error.strerror or error}") from error
    return Exit.DONE


def _write(session: Session, file: BinaryIO, path: tuple[str, ...], params: dict[str, str]) -> None:
    skip: str | None = "0"
    while skip is not None:
        content, skip = session.api.part(*path, **(params | ({"$skip": skip} if skip != "0" else {})))
        file.write(content)
    file.flush()
