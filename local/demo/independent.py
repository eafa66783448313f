"""Read the tenant without Tidemark: plain HTTP, its own application, its own paging, no shared code.

What this reads before the incident and after the recovery is what the demo's verdict rests on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from simulator.applications import AUDITOR, GRAPH

USER = (
    "id,accountEnabled,businessPhones,city,companyName,country,department,displayName,employeeId,employeeType,faxNumber,"
    "givenName,jobTitle,mail,mailNickname,mobilePhone,officeLocation,otherMails,postalCode,preferredLanguage,state,"
    "streetAddress,surname,usageLocation,userPrincipalName,userType"
)
GROUP = (
    "id,classification,description,displayName,groupTypes,mailEnabled,mailNickname,membershipRule,securityEnabled,"
    "visibility"
)
CONDITIONAL_ACCESS = "/identity/conditionalAccess"
PACE_SECONDS = 1.05  # Conditional Access takes one request a second from all applications together
VOLATILE = frozenset({"modifiedDateTime", "deletedDateTime"})
EXPANDED_MAX = 20
EMERGENCY_GROUP = "CA Exclusion - Emergency Access"


@dataclass
class Reading:
    """Everything live: objects by type and id, links by reference and group."""

    objects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    links: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)

    def object_count(self) -> int:
        """Return how many objects are live."""
        return sum(len(found) for found in self.objects.values())

    def link_count(self) -> int:
        """Return how many members and owners there are."""
        return sum(len(targets) for by_group in self.links.values() for targets in by_group.values())


async def emergency_accounts(simulator_url: str, tenant: str) -> list[str]:
    """Return the object ids of the tenant's break-glass accounts: the members of the group that policies exclude."""
    async with httpx.AsyncClient(base_url=f"{simulator_url}/v1.0", timeout=60) as client:
        client.headers["Authorization"] = f"Bearer {await _token(client, simulator_url, tenant)}"
        wanted = f"$filter=displayName eq '{EMERGENCY_GROUP}'&$select=id,displayName"
        groups = await _collection(client, f"/groups?{wanted}")
        if len(groups) != 1:
            return []
        members = await _collection(client, f"/groups/{groups[0]['id']}/members?$select=id")
        return sorted(member["id"] for member in members)


async def read_tenant(simulator_url: str, tenant: str) -> Reading:
    """Return what is live now."""
    async with httpx.AsyncClient(base_url=f"{simulator_url}/v1.0", timeout=60) as client:
        client.headers["Authorization"] = f"Bearer {await _token(client, simulator_url, tenant)}"
        reading = Reading()
        for name, select in (("users", USER), ("groups", GROUP)):
            found = await _collection(client, f"/{name}?$select={select}&$top=999")
            reading.objects[name] = {thing["id"]: thing for thing in found}
        for reference in ("members", "owners"):
            reading.links[reference] = await _links(client, reference)
        for name in ("policies", "namedLocations"):
            await asyncio.sleep(PACE_SECONDS)
            found = await _collection(client, f"{CONDITIONAL_ACCESS}/{name}")
            reading.objects[name] = {thing["id"]: _settled(thing) for thing in found}
        return reading


async def _token(client: httpx.AsyncClient, simulator_url: str, tenant: str) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": AUDITOR.app_id,
        "client_secret": AUDITOR.secret,
        "scope": f"{GRAPH}/.default",
    }
    answer = await client.post(f"{simulator_url}/{tenant}/oauth2/v2.0/token", data=form)
    answer.raise_for_status()
    return str(msgspec.json.decode(answer.content)["access_token"])


async def _collection(client: httpx.AsyncClient, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while url:
        page = await _get(client, url)
        found += page["value"]
        url = page.get("@odata.nextLink", "")
    return found


async def _get(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    while True:
        answer = await client.get(url)
        if answer.status_code != 429:
            answer.raise_for_status()
            page: dict[str, Any] = msgspec.json.decode(answer.content)
            return page
        await asyncio.sleep(float(answer.headers.get("Retry-After", PACE_SECONDS)))


async def _links(client: httpx.AsyncClient, reference: str) -> dict[str, frozenset[str]]:
    groups = await _collection(client, f"/groups?$select=id&$expand={reference}($select=id)&$top=999")
    links: dict[str, frozenset[str]] = {}
    for group in groups:
        targets = group.get(reference, [])
        if len(targets) >= EXPANDED_MAX:
            targets = await _collection(client, f"/groups/{group['id']}/{reference}?$select=id&$top=999")
        links[group["id"]] = frozenset(target["id"] for target in targets)
    return links


def _settled(thing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name not in VOLATILE}
