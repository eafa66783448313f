"""Print the catalogue as the Markdown tables that docs/object-types.md carries.

Pure. `python -m shared.catalogue.table` prints them; a test compares them with the page, so the page cannot lag.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from shared.catalogue.entry import ObjectType, plain
from shared.catalogue.left_out import ELSEWHERE, LEFT_OUT, NATIVE_ALONE
from shared.catalogue.members import Property, Reference, Rule
from shared.catalogue.types import TYPES
from shared.catalogue.waves import Wave

TYPE_COLUMNS = ("type", "code", "collection", "recycle bin", "wire name", "changes told by", "references")
CREATION_COLUMNS = ("type", "created anew", "found again by", "holds ids of others in")
PROPERTY_COLUMNS = (
    "type",
    "set back",
    "shown, fixed at creation",
    "shown, never written",
    "captured, not compared",
    "recovered by Microsoft's own feature too",
)
WAVE_COLUMNS = (
    "type",
    "restore",
    "create anew, make again",
    "update",
    "enable",
    "soft-delete",
    "remove",
    "read permissions",
    "write permissions",
)


LEFT_OUT_COLUMNS = ("type", "left out", "why")
ELSEWHERE_COLUMNS = ("collections and settings of Graph that are no type here", "why")
NATIVE_COLUMNS = ("type", "recovered by Microsoft's own feature alone")


def table() -> str:
    """Return the tables: types, what becomes of each property, waves and permissions, creation anew, what is not."""
    return "\n\n".join(
        (
            _markdown(TYPE_COLUMNS, map(_type_row, TYPES)),
            _markdown(PROPERTY_COLUMNS, map(_property_row, TYPES)),
            _markdown(WAVE_COLUMNS, map(_wave_row, TYPES)),
            _markdown(CREATION_COLUMNS, map(_creation_row, TYPES)),
            _markdown(LEFT_OUT_COLUMNS, _left_out_rows()),
            _markdown(ELSEWHERE_COLUMNS, ((_listed(paths, "`"), why) for why, paths in ELSEWHERE.items())),
            _markdown(NATIVE_COLUMNS, NATIVE_ALONE.items()),
        )
    )


def _type_row(entry: ObjectType) -> Sequence[str]:
    told = "delta query" if entry.has_delta else "reading again"
    kinds = "".join(f", {kind.rpartition('.')[2]}" for kind in entry.kinds)
    gone = f"`{entry.deleted_list_path}`" if entry.has_bin else "made again" if entry.is_remade else "-"
    references = ", ".join(map(_reference, entry.references)) or "-"
    return (
        entry.name + kinds,
        str(entry.code),
        f"`{entry.path}`",
        gone,
        f"`{entry.wire_name}`",
        told,
        references,
    )


def _reference(reference: Reference) -> str:
    beyond = "" if reference.is_native else ", beyond Microsoft's own feature"
    computed = f", not where `{reference.dynamic_marker}`" if reference.dynamic_marker else ""
    kinds = f", of {' and '.join(map(plain, reference.of_kinds))} only" if reference.of_kinds else ""
    return f"{reference.name} (code {reference.code}{kinds}{computed}{beyond})"


def _property_row(entry: ObjectType) -> Sequence[str]:
    shown = [known for known in entry.properties if known.is_compared and known.rule is not Rule.IDENTITY]
    return (
        entry.name,
        _names(known for known in shown if known.rule is Rule.WRITABLE),
        _names(known for known in shown if known.rule is Rule.CREATE_ONLY),
        _names(known for known in shown if known.rule is Rule.COMPUTED),
        _names(known for known in entry.properties if not known.is_compared),
        {(): "-", ("*",): "all"}.get(entry.native, ", ".join(sorted(entry.native))),
    )


def _wave_row(entry: ObjectType) -> Sequence[str]:
    actions = ("restore", "recreate", "update", "enable", "softDelete", "remove")
    planned = [entry.waves.get(action) for action in actions]
    waves = ["-" if wave is None else _place(wave) for wave in planned]
    return (entry.name, *waves, ", ".join(entry.read_permissions), ", ".join(entry.write_permissions))


def _creation_row(entry: ObjectType) -> Sequence[str]:
    made = "under another id, when asked" if entry.creation else "the same again" if entry.is_remade else "-"
    found = ", ".join(dict.fromkeys((*entry.creation.upsert_by, *entry.creation.named_by))) if entry.creation else "-"
    holding = (f"{name} ({', '.join(entry.names.get(name, ()))})" for name in sorted({*entry.names, *entry.ends}))
    return (entry.name, made, found, ", ".join(holding) or "-")


def _left_out_rows() -> Iterator[Sequence[str]]:
    for name, reasons in LEFT_OUT.items():
        for why, members in reasons.items():
            yield (name, _listed(members), why)


def _listed(words: str, mark: str = "") -> str:
    return ", ".join(f"{mark}{word}{mark}" for word in sorted(words.split()))


def _place(wave: Wave) -> str:
    later = {
        Wave.RECREATE: ", after restores",
        Wave.SOFT_DELETE: ", after policies",
        Wave.APPLICATION_DELETE: ", after all others",
    }
    return f"{wave.place}{later.get(wave, '')}"


def _names(properties: Iterable[Property]) -> str:
    return ", ".join(sorted(known.name for known in properties)) or "-"


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
