"""What a PATCH of the object cannot write: licences, combinations, rules, and roles that are switched on.

Pure. Every request says what shall be, or is refused in words that recover/answers.py understands when it is repeated.
Sources: "user: assignLicense", "authenticationStrengthPolicy: updateAllowedCombinations", "Update
unifiedRoleManagementPolicyRule", "application resource type" (an enabled role or scope cannot be changed or removed).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Call
from shared.compare.values import same, stated
from shared.domain.changes import Json

Asked = tuple[str, str, Json]  # method, path below the object, body
ENTITLEMENTS = "oauth2PermissionScopes"  # where the guarded list is when the guarded property is an object
LEFT_OPEN = frozenset({"isEnabled", "origin"})  # what may differ while an item is enabled


def called(call: Call, name: str, current: Any, target: Any) -> Iterator[Asked]:
    """Yield the requests that make property `name`, now `current`, what `target` says."""
    if call is Call.LICENCES:
        yield "POST", "/assignLicense", _licences(current or [], target or [])
    elif call is Call.COMBINATIONS:
        yield "POST", "/updateAllowedCombinations", {name: target}
    else:
        held = {str(item.get("id")): item for item in current or []}
        for item in target:
            known = str(item.get("id"))
            if known in held and not same(item, held[known], is_set=True):
                yield "PATCH", f"/{name}/{quote(known, safe='')}", stated(item)


def _licences(current: list[Json], target: list[Json]) -> Json:
    held = {item.get("skuId"): item for item in current}
    wanted = {item.get("skuId"): item for item in target}
    added = [item for sku, item in wanted.items() if sku not in held or not same(item, held[sku], is_set=True)]
    return {"addLicenses": stated(added), "removeLicenses": [sku for sku in held if sku not in wanted]}


def switched_off(entry: ObjectType, current: Json, target: Json) -> Json:
    """Return what must be written first: the same roles and scopes, those that are to change or go switched off.

    Empty when nothing that is enabled changes but its being enabled.
    """
    first: Json = {}
    for name, value in target.items():
        known = entry.property(name)
        if known is None or not known.is_guarded:
            continue
        held, wanted = _items(current.get(name)), {str(item.get("id")): item for item in _items(value)}
        off = [_off(item, wanted.get(str(item.get("id")))) for item in held]
        if off != held:
            first[name] = {ENTITLEMENTS: off} if isinstance(value, dict) else off
    return first


def _off(item: Json, wanted: Json | None) -> Json:
    if not item.get("isEnabled") or (wanted is not None and _meaning(wanted) == _meaning(item)):
        return item
    return {**item, "isEnabled": False}


def _meaning(item: Json) -> Json:
    return {name: value for name, value in item.items() if name not in LEFT_OPEN}


def _items(value: Any) -> list[Json]:
    held = value.get(ENTITLEMENTS) if isinstance(value, dict) else value
    return list(held or [])
