"""A tenant from which things are deleted for good, and what the tenant is like up to the ids that are new.

The purge goes through the simulated Graph's own addresses. What the tenant is like is read from the simulator's stores
and shares no code with the product: every object and link as text, with new ids put for old ones by plain replacement.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shared.ports import Clock
from simulator.applications import TIDEMARK
from simulator.http import Request
from simulator.service import Simulator

PAUSE_SECONDS = 2.0  # Conditional Access takes one request a second
GRAPH = "https://graph.microsoft.com"
BIN = "/directory/deletedItems"
PLACES = {
    "user": ("/users", BIN),
    "group": ("/groups", BIN),
    "servicePrincipal": ("/servicePrincipals", BIN),
    "application": ("/applications", BIN),
    "conditionalAccessPolicy": (
        "/identity/conditionalAccess/policies",
        "/identity/conditionalAccess/deletedItems/policies",
    ),
    "namedLocation": (
        "/identity/conditionalAccess/namedLocations",
        "/identity/conditionalAccess/deletedItems/namedLocations",
    ),
    "authenticationStrengthPolicy": ("/policies/authenticationStrengthPolicies", ""),
    "claimsMappingPolicy": ("/policies/claimsMappingPolicies", ""),
    "tokenLifetimePolicy": ("/policies/tokenLifetimePolicies", ""),
}
# What Graph stamps or makes up anew for every object; a secret cannot come back, and says so in the outcome.
STAMPS = frozenset(
    "createdDateTime modifiedDateTime renewedDateTime lastPasswordChangeDateTime securityIdentifier deletedDateTime "
    "passwordCredentials keyCredentials tokenEncryptionKeyId preferredTokenSigningKeyThumbprint publisherDomain "
    "lastModifiedDateTime licenseAssignmentStates createdByAppId requirementsSatisfied identities".split()
)
ALL_THERE_IS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Purger:
    """Deletes for good as an administrator would, through the API."""

    def __init__(self, simulator: Simulator, clock: Clock) -> None:
        self._simulator, self._clock = simulator, clock
        self._token = simulator.issue_token(TIDEMARK, GRAPH, base_url="https://login.microsoftonline.com")
        self.purged: dict[str, str] = {}

    def send(self, method: str, path: str, body: Any = None, *, version: str = "v1.0") -> Any:
        """Send one request that has to succeed; return what it answers."""
        content = b"" if body is None else msgspec.json.encode(body)
        headers = {"host": "graph.microsoft.com", "authorization": f"Bearer {self._token}"}
        headers |= {"content-type": "application/json"} if content else {}
        response = self._simulator.handle(Request(method, f"/{version}{path}", headers, content, "https"))
        assert response.status < 300, (method, path, response.status, response.body)
        return msgspec.json.decode(response.body) if response.body else None

    async def purge(self, type_name: str, object_id: str) -> None:
        """Delete one object, and take it out of the recycle bin where it went into one."""
        place, bin_place = PLACES[type_name]
        store = self._simulator.tenant.directory.stores[type_name]
        if object_id in store.live:
            self.send("DELETE", f"{place}/{object_id}")
            await self._clock.sleep(PAUSE_SECONDS)
        if bin_place and object_id in store.deleted:
            version = "v1.0" if bin_place == BIN else "beta"
            self.send("DELETE", f"{bin_place}/{object_id}", version=version)
            await self._clock.sleep(PAUSE_SECONDS)
        self.purged[object_id] = type_name

    async def purge_some(self, seed: int, counts: Mapping[str, int], *, spared: frozenset[str] = frozenset()) -> None:
        """Purge that many objects of each type that Graph can create, chosen by the seed."""
        chance = random.Random(f"purges of {seed}")
        for type_name, count in counts.items():
            live = self._simulator.tenant.directory.stores[type_name].live
            fit = [known for known in live if known not in spared and is_creatable(type_name, live[known])]
            for object_id in chance.sample(fit, min(count, len(fit))):
                await self.purge(type_name, object_id)


def is_creatable(type_name: str, thing: Mapping[str, Any]) -> bool:
    """Tell whether Graph can create an object like this one."""
    if thing.get("onPremisesSyncEnabled") or thing.get("policyType") == "builtIn":
        return False
    if type_name == "group":
        return not thing.get("mailEnabled") or "Unified" in thing.get("groupTypes", ())
    if type_name == "user":
        return "#EXT#" not in thing["userPrincipalName"] and "@odata.type" not in thing
    if type_name == "servicePrincipal":
        return thing.get("servicePrincipalType") == "Application" and "@odata.type" not in thing
    return type_name != "namedLocation" or "compliant" not in str(thing.get("@odata.type"))


def census(simulator: Simulator, types: Sequence[str] = ()) -> list[str]:
    """Return every live object of the types and its links as lines of JSON; what nobody may write is left out.

    Those of a group mastered on premises are the connector's; Graph hides those to an object in the recycle bin.
    """
    directory = simulator.tenant.directory
    lines: list[str] = []
    for type_name, store in directory.stores.items():
        for key, thing in store.live.items() if not types or type_name in types else ():
            if directory.is_hidden(store.schema, thing):
                continue
            shown = {name: value for name, value in thing.items() if name not in STAMPS and value not in (None, [], {})}
            if store.schema.hangs_on:  # known by what it says, whatever id Graph gave it
                shown.pop("id", None)
            lines.append(_text([type_name, shown]))
            for relation in () if thing.get("onPremisesSyncEnabled") else store.schema.relations:
                there = (each for each in directory.links.targets(key, relation) if directory.live(each))
                lines += [_text([type_name, key, relation, each]) for each in there]
    return lines


def counted(lines: Sequence[str], ids: Mapping[str, str]) -> Counter[str]:
    """Return how often each line is there with present ids for old ones, whatever order its lists have."""
    return Counter(_text(_sorted(msgspec.json.decode(renamed(line, ids)))) for line in lines)


def renamed(text: str, ids: Mapping[str, str]) -> str:
    """Return a text with present ids for old ones."""
    return ALL_THERE_IS.sub(lambda found: ids.get(found[0].lower(), found[0]), text)


def _text(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted(map(_sorted, value), key=_text)
    return value
