"""How fast one simulated tenant is in process: pages of users, and writes in batches. For `--measure`."""

import gc
import resource
import time
from typing import Any

import msgspec

from simulator.applications import GRAPH, TIDEMARK
from simulator.http import Request
from simulator.service import Simulator
from simulator.throttle import Limits

PAGES_SECONDS = 3.0
BATCHES_MAX = 500
_WIDE = (
    "id,accountEnabled,assignedLicenses,businessPhones,city,companyName,country,createdDateTime,department,displayName,"
    "employeeId,employeeType,givenName,jobTitle,mail,mailNickname,mobilePhone,officeLocation,onPremisesSyncEnabled,"
    "otherMails,postalCode,preferredLanguage,proxyAddresses,state,streetAddress,surname,usageLocation,userPrincipalName,"
    "userType,identities"
)
UNLIMITED = Limits(read_units_max=1e12, writes_max=1e12, tenant_writes_max=1e12)


def measure(simulator: Simulator, *, made_seconds: float) -> dict[str, Any]:
    """Return the figures of one tenant made with `UNLIMITED` quotas; writes to it."""
    headers = {"Host": "localhost", "Authorization": f"Bearer {simulator.issue_token(TIDEMARK, GRAPH)}"}
    gc.collect()
    objects_per_second = _pages(simulator, headers)
    parts_per_second = _batches(simulator, headers)
    directory = simulator.tenant.directory
    return {
        "objects": sum(len(store.live) for store in directory.stores.values()),
        "links": sum(len(order) for _, _, order in directory.links.everything()),
        "made_s": round(made_seconds, 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "page_objects_per_s": round(objects_per_second),
        "batch_parts_per_s": round(parts_per_second),
    }


def _pages(simulator: Simulator, headers: dict[str, str]) -> float:
    first = f"/v1.0/users?$top=999&$select={_WIDE}"
    target, objects, began = first, 0, time.perf_counter()
    while time.perf_counter() - began < PAGES_SECONDS:
        response = simulator.handle(Request("GET", target, headers))
        body = msgspec.json.decode(response.body)
        objects += len(body["value"])
        target = body.get("@odata.nextLink", first).removeprefix("http://localhost")
    return objects / (time.perf_counter() - began)


def _batches(simulator: Simulator, headers: dict[str, str]) -> float:
    users = [
        object_id
        for object_id, thing in simulator.tenant.directory.stores["user"].live.items()
        if not thing.get("onPremisesSyncEnabled")
    ][: BATCHES_MAX * 20]
    bodies = [_batch(users[at : at + 20], at) for at in range(0, len(users), 20)]
    parts, began = 0, time.perf_counter()
    for body in bodies:
        response = simulator.handle(Request("POST", "/v1.0/$batch", headers, body))
        answers = msgspec.json.decode(response.body)["responses"]
        refused = [answer["status"] for answer in answers if answer["status"] != 204]
        if refused:
            raise AssertionError(f"a measured write was refused: {refused[0]}")
        parts += len(answers)
    return parts / max(time.perf_counter() - began, 1e-9)


def _batch(users: list[str], number: int) -> bytes:
    typed = {"Content-Type": "application/json"}
    parts = [
        {
            "id": str(at),
            "method": "PATCH",
            "url": f"/users/{user}",
            "headers": typed,
            "body": {"city": f"Town {number}"},
        }
        for at, user in enumerate(users)
    ]
    return msgspec.json.encode({"requests": parts})
