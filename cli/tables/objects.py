"""How single objects look as a table: found in a snapshot, their links, their versions."""

from __future__ import annotations

from collections.abc import Iterator

from cli.api import Json
from cli.tables.cells import lines, members, short
from cli.text import moment

MATCHES = ("type", "id", "name", "state")
LINKS = ("direction", "reference", "other")
VERSIONS = ("snapshot of", "what", "changed")


def match_row(match: Json) -> tuple[object, ...]:
    """Return the line of one object that a search found."""
    names = lines(*(match.get(name) for name in ("displayName", "userPrincipalName", "appId")))
    state = "soft-deleted" if match.get("tidemark.isSoftDeleted") else "live"
    return (match.get("entityTypeName"), match.get("id"), names, state)


def link_rows(whole: Json) -> Iterator[tuple[object, ...]]:
    """Return the lines of an object's links, its own first."""
    for direction, name in (("to", "outgoingLinks"), ("from", "incomingLinks")):
        for link in whole.get(name) or []:
            yield direction, link.get("reference"), link.get("otherId")


def version_row(version: Json) -> tuple[object, ...]:
    """Return the line of one version: every property with its old and new value, every link."""
    is_whole = version.get("what") in {"firstSeen", "appeared", "disappeared"}
    changed = () if is_whole else tuple(_values(version))
    links = tuple(
        f"{'+' if link.get('action') == 'added' else '-'} {link.get('reference')} "
        f"{'of' if link.get('isIncoming') else 'to'} {link.get('otherId')}"
        for link in version.get("links") or []
    )
    return (moment(version.get("createdDateTime")), version.get("what"), (*changed, *links))


def _values(version: Json) -> Iterator[str]:
    for name, sides in members(version, "properties").items():
        yield f"{name}: {short(sides.get('before'))} -> {short(sides.get('after'))}"
