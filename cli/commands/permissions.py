"""Say which application permissions Tidemark needs; asks no server, because whoever grants them has none yet.

The file beside this package is written from the catalogue of object types.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from importlib.resources import files

import msgspec

from cli.errors import CliError, Exit
from cli.screen import Screen


class Known(msgspec.Struct, frozen=True):
    """The file: by type what reading takes and writing besides, by use what is of no type, other names of types."""

    types: dict[str, dict[str, tuple[str, ...]]]
    beside: dict[str, tuple[str, ...]]
    names: dict[str, str]


def permissions(screen: Screen, given: Namespace) -> Exit:
    """Print each permission once, with the types, or the use, that it is for."""
    names = [name.strip() for name in given.types.split(",")] if given.types else []
    rows = needed(_known(), given.purpose, names)
    if screen.is_json:
        screen.document([{"permission": name, "types": types} for name, types in rows])
    else:
        table = [(name, ", ".join(types)) for name, types in rows]
        screen.table(f"Application permissions to {given.purpose}", ("permission", "for"), table)
    return Exit.DONE


def needed(known: Known, purpose: str, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the permissions for `names` (none: every type) in alphabetical order, with what each is for.

    A recovery reads what it writes, so writing takes the permissions to read as well; what is of no type is needed with
    every type. A type may be named as the API does, and an agent by its own type. Raises CliError that lists the names
    there are.
    """
    by_type = known.types
    called = {*by_type, *known.names}
    unknown = [name for name in names if name not in called]
    if unknown:
        raise CliError(Exit.USAGE, f"{unknown[0]!r} is no captured type; use one of {', '.join(sorted(called))}")
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(known.names.get(name, name) for name in names) if names else by_type:
        writing = by_type[name]["write"] if purpose == "write" else ()
        for permission in dict.fromkeys((*by_type[name]["read"], *writing)):
            found.setdefault(permission, []).append(name)
    for use, beside in known.beside.items():
        for permission in beside:
            found.setdefault(permission, []).append(use)
    return sorted(found.items())


def _known() -> Known:
    return msgspec.json.decode(files("cli").joinpath("permissions.json").read_bytes(), type=Known)
