"""Narrow the differences that a recovery may act on to the rows, properties and references that were chosen.

Pure. Choosing never allows more than everything would: a row that is left alone as a whole stays left alone.

Promises (tests/properties/test_chosen.py checks each by name):
  H1  the plan of chosen rows is the filter of the full plan: the same actions, values and links, of what was chosen
  H2  everything that was chosen and does not exist is named, and nothing is planned then
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from shared.catalogue.types import type_named
from shared.compare.judge import READ_ONLY, writable
from shared.domain.changes import Action, Difference, LinkDifference
from shared.domain.chosen import Chosen
from shared.domain.errors import InputError
from shared.recover.lockout.unseen import unseen

MEMBER = "tidemark.rows"
NOT_CHOSEN = "not among the rows that were chosen"
PARTLY = "properties and references of a chosen row that were not chosen"
DELETED = "deletedDateTime"  # what a restore brings back whatever else is chosen of the row
NAMED_MAX = 10  # unknown rows that an error names; the rest is counted


def narrowed(row: Difference, chosen: Chosen) -> Difference | None:
    """Return what of a row was chosen, None when nothing is left of it to bring back."""
    names = chosen.names_of(row.type, row.object_id)
    if names is None:
        return None
    if not names or row.action not in {Action.UPDATE, Action.RESTORE}:
        return row
    kept = {*names, DELETED} if row.action is Action.RESTORE else set(names)
    target = {name: value for name, value in row.target.items() if name in kept}
    links = tuple(link for link in row.links if link.reference in kept)
    if row.action is Action.UPDATE and not target and not links:
        return None
    refusal = row.refusal or unseen(row) or _unwritable(row, target, is_linked=bool(links))
    current = {name: row.current.get(name) for name in target}
    return msgspec.structs.replace(row, target=target, current=current, links=links, refusal=refusal)


def picked(rows: Iterable[Difference], chosen: Chosen) -> tuple[list[Difference], int]:
    """Return what was chosen of `rows`, and of how many chosen rows something was not."""
    kept: list[Difference] = []
    partly = 0
    for row in rows:
        left = narrowed(row, chosen)
        is_whole = left is not None and len(left.target) + len(left.links) == len(row.target) + len(row.links)
        partly += not is_whole and chosen.names_of(row.type, row.object_id) is not None
        if left is not None:
            kept.append(left)
    return kept, partly


def chosen_links(
    links: Mapping[str, list[LinkDifference]], type_name: str, chosen: Chosen
) -> dict[str, list[LinkDifference]]:
    """Return those of the links of a type's objects, by object id, whose references were chosen."""
    kept = {
        object_id: [link for link in some if chosen.has_reference(type_name, object_id, link.reference)]
        for object_id, some in links.items()
    }
    return {object_id: some for object_id, some in kept.items() if some}


def check(chosen: Chosen, found: Iterable[Difference]) -> None:
    """Return when every chosen row is among `found`, rows of the report, and has what was chosen of it.

    Raises InputError naming the rows that the report does not have, or what a row does not have.
    """
    missing = {(kind, object_id) for kind, some in chosen.rows.items() for object_id in some}
    for row in found:
        missing.discard((row.type, row.object_id))
        _check_names(row, chosen.names_of(row.type, row.object_id) or ())
    if missing:
        named = [f"{type_named(kind).wire_name} {object_id}" for kind, object_id in sorted(missing)]
        more = f" and {len(named) - NAMED_MAX} more" if len(named) > NAMED_MAX else ""
        fact = f"report {chosen.report} has no row of {', '.join(named[:NAMED_MAX])}{more}"
        raise InputError(fact, member=MEMBER)


def _check_names(row: Difference, names: tuple[str, ...]) -> None:
    if not names:
        return
    shown = f"{type_named(row.type).wire_name} {row.object_id}"
    if row.action not in {Action.UPDATE, Action.RESTORE}:
        raise InputError(f"{shown} is to be {row.action}d as a whole: name no properties of it", member=MEMBER)
    known = {*row.target, *(link.reference for link in row.links)}
    if row.action is Action.RESTORE:
        known |= {reference.name for reference in type_named(row.type).references}
    unknown = sorted(set(names) - known)
    if unknown:
        has = ", ".join(sorted(known)) or "nothing that could be chosen"
        raise InputError(f"{shown} does not differ in {unknown[0]!r}; it has {has}", member=MEMBER)


def _unwritable(row: Difference, target: dict[str, object], *, is_linked: bool) -> str:
    if row.action is not Action.UPDATE or is_linked or writable(type_named(row.type), target):
        return ""
    return f"{READ_ONLY}: {', '.join(sorted(target))}"
