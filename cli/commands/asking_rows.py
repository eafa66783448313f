"""Which rows of a report a command is about, from its options to the API's `$filter` and `$orderby`.

Pure. Values are quoted as OData wants them, so a quote in a name stays a part of it.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

EQUAL = {
    "type": "entityTypeName",
    "action": "tidemark.action",
    "property": "tidemark.property",
    "risk": "tidemark.risk",
}
HOLDS = {"actor": ("tidemark.changedBy", "tidemark.changedByApp"), "text": ("tidemark.text",)}


def row_options() -> ArgumentParser:
    """Return the options that choose rows."""
    made = ArgumentParser(add_help=False)
    made.add_argument("--type", metavar="TYPE,...", help="only objects of these types")
    made.add_argument("--action", metavar="ACTION,...", help="only these: update, restore, softDelete, recreate")
    made.add_argument("--property", metavar="NAME,...", help="only where one of these properties or references differs")
    made.add_argument("--risk", metavar="RISK,...", help="only these classes of risk, such as privilege,credential")
    made.add_argument("--actor", metavar="TEXT", help="only what somebody or some application of this name changed")
    made.add_argument("--text", metavar="TEXT", help="only rows in which this text occurs anywhere")
    return made


def row_filter(given: Namespace) -> dict[str, str]:
    """Return the query option that asks for the chosen rows, nothing when all of them are."""
    parts = []
    for option, name in EQUAL.items():
        text = getattr(given, option)
        if text is not None:
            values = ",".join(_quoted(value.strip()) for value in text.split(","))
            parts.append(f"{name} in ({values})")
    for option, names in HOLDS.items():
        text = getattr(given, option)
        if text is not None:
            parts.append("(" + " or ".join(f"contains({name},{_quoted(text)})" for name in names) + ")")
    return {"$filter": " and ".join(parts)} if parts else {}


def row_order(given: Namespace) -> dict[str, str]:
    """Return the query option for `--sort NAME`, downwards with `--descending`; nothing for the report's own order."""
    if given.sort is None:
        return {}
    return {"$orderby": f"{given.sort} desc" if given.descending else given.sort}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
