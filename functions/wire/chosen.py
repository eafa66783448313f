"""The rows of a report that a recovery is to bring back, from the wire: `tidemark.rows`.

Pure. Strict like everything that starts a job: an unknown member, an empty list or a row named twice is refused,
because a lenient reading could bring back more than was meant.
"""

from __future__ import annotations

from functions.wire.filters import filled_list, object_id, only
from functions.wire.names import Json, captured_type, type_member
from shared.catalogue.types import type_named
from shared.domain.chosen import Chosen, Rows
from shared.domain.errors import InputError
from shared.domain.ids import guid
from shared.domain.scope import Scope

ROWS_MAX = 2_000  # a job's row holds 400,000 characters (Azure Table storage: 1 MiB), and names each row twice
NAME_CHARS_MAX = 120


def read_chosen(value: object, *, member: str) -> tuple[Scope, Chosen]:
    """Return what `tidemark.rows` chooses, and the scope of just those objects; raise InputError naming the member."""
    if not isinstance(value, dict):
        raise InputError(f"{member} must be an object", member=member)
    only(value, {"report", "rows"}, member)
    report = guid(str(value.get("report") or ""), member=f"{member}.report")
    place = f"{member}.rows"
    given = filled_list(value.get("rows"), place)
    if len(given) > ROWS_MAX:
        raise InputError(f"{place} has {len(given)} rows; at most {ROWS_MAX} can be chosen", member=place)
    rows: Rows = {}
    for at, row in enumerate(given):
        name, known_id, names = _row(row, f"{place}[{at}]")
        if known_id in rows.setdefault(name, {}):
            raise InputError(f"{place}[{at}] names {known_id} a second time", member=f"{place}[{at}]")
        rows[name][known_id] = names
    return Scope(ids={name: tuple(some) for name, some in rows.items()}), Chosen(report=report, rows=rows)


def chosen_body(chosen: Chosen | None, *, shows_all: bool) -> Json | None:
    """Return what a job was told to bring back, None for everything in its scope."""
    if chosen is None:
        return None
    rows = [
        {
            "entityType": type_member(type_named(name).wire_name, shows_all=shows_all),
            "id": known_id,
            **({"properties": list(names)} if names else {}),
        }
        for name, some in chosen.rows.items()
        for known_id, names in some.items()
    ]
    return {"report": chosen.report, "rows": rows, "others": chosen.others}


def _row(row: object, place: str) -> tuple[str, str, tuple[str, ...]]:
    if not isinstance(row, dict):
        raise InputError(f"{place} must be an object", member=place)
    only(row, {"entityType", "id", "properties"}, place)
    name = captured_type(row.get("entityType"), member=f"{place}.entityType")
    known_id = object_id(type_named(name), row.get("id"), member=f"{place}.id")
    return name, known_id, _names(row, f"{place}.properties")


def _names(row: Json, place: str) -> tuple[str, ...]:
    if "properties" not in row:
        return ()
    names = filled_list(row["properties"], place)
    for at, name in enumerate(names):
        if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARS_MAX:
            raise InputError(f"{place}[{at}] must be the name of a property or reference", member=f"{place}[{at}]")
    return tuple(dict.fromkeys(names))
