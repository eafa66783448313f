"""Loads configuration files exported from a real tenant: one JSON object per file, folders of any depth.

What the service would not send is taken off (annotations of plain types, links, actions); everything else stays as
it came, unknown properties and ids of objects that are not there included. A file of no known type is reported.
"""

import codecs
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from simulator.tenant import Tenant
from simulator.types import group
from simulator.types.conditional_access import COMPLIANT_NETWORK, LOCATION, LOCATION_TYPES, POLICY
from simulator.types.schema import JsonObject, Written

MEMBERS_RANGE = (2, 6)
_BY_TYPE = {
    "#microsoft.graph.conditionalaccesspolicy": POLICY,
    "#microsoft.graph.group": "group",
    "#microsoft.graph.user": "user",
    COMPLIANT_NETWORK.lower(): LOCATION,
    **{kind.lower(): LOCATION for kind in LOCATION_TYPES},
}
_BY_CONTEXT = {
    "conditionalaccess/policies": POLICY,
    "conditionalaccess/namedlocations": LOCATION,
    "$metadata#groups": "group",
    "$metadata#users": "user",
}
_BY_FOLDER = {"conditionalaccess": POLICY, "namedlocations": LOCATION, "groups": "group", "users": "user"}
# Types that say more than the property they stand in: only these travel with an object.
_DERIVED = frozenset(
    {
        *LOCATION_TYPES,
        COMPLIANT_NETWORK,
        "#microsoft.graph.iPv4CidrRange",
        "#microsoft.graph.iPv6CidrRange",
        "#microsoft.graph.iPv4Range",
        "#microsoft.graph.iPv6Range",
        "#microsoft.graph.conditionalAccessAllExternalTenants",
        "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
    }
)
_DROPPED = frozenset({"@odata.context", "@odata.id", "@odata.editLink", "@odata.etag"})
_DROPPED_SUFFIXES = (
    "@odata.type",
    "@odata.context",
    "@odata.associationLink",
    "@odata.navigationLink",
    "@odata.bind",
)


def load_exported(tenant: Tenant, folder: Path, *, report: Callable[[str], None]) -> None:
    """Add every object found below `folder`; tell `report` about each file that was skipped, and why."""
    draw = Random(f"exported {tenant.seed}")
    user_ids = sorted(tenant.directory.stores["user"].live)
    for path in sorted(folder.rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        try:
            read = msgspec.json.decode(decoded(path.read_bytes()))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            report(f"skipped {name}: not JSON ({error})")
            continue
        kind = type_of(read, path.relative_to(folder))
        if kind is None:
            report(f"skipped {name}: no type this tenant knows")
            continue
        thing = stripped(read)
        object_id = str(thing["id"]).lower()
        if any(store.find(object_id) for store in tenant.directory.stores.values()):
            report(f"skipped {name}: there is an object {object_id} already")
            continue
        _add(tenant, kind, {**thing, "id": object_id}, draw, user_ids)


def _add(tenant: Tenant, kind: str, thing: JsonObject, draw: Random, user_ids: list[str]) -> None:
    store = tenant.directory.stores[kind]
    # A policy exported from beta has parts v1.0 lacks; whoever read them may write them back.
    store.schema.learn(thing, Written.ALWAYS if store.schema.is_open else Written.NEVER)
    tenant.directory.add(kind, thing, 0.0)
    tenant.loaded_ids.append(thing["id"])
    if kind == "group" and group.is_dynamic(thing):
        tenant.dynamic.watch(thing["id"], 0.0)
    elif kind == "group" and user_ids:
        for user_id in draw.sample(user_ids, min(len(user_ids), draw.randint(*MEMBERS_RANGE))):
            tenant.directory.link(thing["id"], "members", user_id, 0.0)


def decoded(raw: bytes) -> str:
    """Return a file's text: UTF-8, or whatever its byte order mark says."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16")
    return raw.decode("utf-8-sig")


def type_of(read: Any, path: Path) -> str | None:
    """Return the type of an exported object, from itself or from where it lies; None when nothing says."""
    if not isinstance(read, dict) or not isinstance(read.get("id"), str):
        return None
    by_type = _BY_TYPE.get(str(read.get("@odata.type", "")).lower())
    if by_type:
        return by_type
    context = str(read.get("@odata.context", "")).lower()
    for part, kind in _BY_CONTEXT.items():
        if part in context:
            return kind
    return next((_BY_FOLDER[part.lower()] for part in reversed(path.parts[:-1]) if part.lower() in _BY_FOLDER), None)


def stripped(value: Any) -> Any:
    """Return `value` without what only an export adds, at every depth."""
    if isinstance(value, list):
        return [stripped(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: stripped(each) for name, each in value.items() if _is_sent(name, each)}


def _is_sent(name: str, value: Any) -> bool:
    if name == "@odata.type":
        return value in _DERIVED
    if name in _DROPPED or name.startswith("#microsoft.graph."):
        return False
    return not ("@" in name and name.endswith(_DROPPED_SUFFIXES))
