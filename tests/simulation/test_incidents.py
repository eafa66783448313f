"""The product against every incident: capture, incident, recovery, and the tenant compared with the stated ending."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from shared.catalogue.types import TYPES
from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Options, State
from shared.domain.scope import EVERYTHING
from simulator.http import Request
from simulator.incidents import ending, slow_burn
from simulator.incidents.library import INCIDENTS
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform

EMERGENCY = "Emergency Access"


def control(simulator: Simulator, method: str, path: str, body: Any = None) -> Any:
    """Return the answer of a control request."""
    content = b"" if body is None else msgspec.json.encode(body)
    response = simulator.handle(Request(method, f"/_sim{path}", {"host": "localhost"}, content, "http"))
    assert response.status == 200, response.body
    return msgspec.json.decode(response.body)


def recovered(name: str, *plays: dict[str, Any], objects: int = 150) -> tuple[Simulator, State]:
    """Capture a tenant, play an incident, recover; return the tenant and how the recovery ended."""

    async def story() -> tuple[Simulator, State]:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(clock=clock.unix_seconds, seed=6, objects=objects, tenant_id=TENANT)
        platform = Platform(simulator, seed=6)
        users = simulator.tenant.directory.stores["user"].live
        platform.emergency_accounts = tuple(key for key, user in users.items() if EMERGENCY in user["displayName"])
        wires = []
        for play in plays:
            capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, platform.clock.now()))
            assert capture.state is State.SUCCESSFUL
            wires.append(wire_snapshot_id(capture.snapshot_id))
            control(simulator, "POST", f"/incidents/{name}", {"seed": 6, **play})
            # An incident of many days moved the tenant's clock; here the product's workers live by the same one.
            seconds, simulator.world.offset_seconds = simulator.world.offset_seconds, 0.0
            await clock.sleep(seconds)
        started = await platform.operator.starting.recovery(
            TENANT, wires[-1], EVERYTHING, Options(), requested_by="operator"
        )
        return simulator, (await platform.finish(started)).state

    return virtual_time.run(story())


def unexpected(simulator: Simulator, name: str, play: int = 1) -> list[dict[str, Any]]:
    """Return what differs from the stated ending without a reason, in the types and links the product captures."""
    told = control(simulator, "GET", f"/incidents/{name}/differences?play={play}")
    assert told["is_whole"]
    captured = {each.name for each in TYPES}
    links = {reference.name for each in TYPES for reference in each.references}
    return [
        row
        for row in told["differences"]
        if not row["because"]
        and (row["type"] in captured if "type" in row else row["relation"] in links and is_captured(simulator, row))
    ]


def is_captured(simulator: Simulator, row: dict[str, Any]) -> bool:
    """Tell whether a link begins at an object of a captured type."""
    return simulator.tenant.directory.type_of(row["source"]) in {each.name for each in TYPES}


def reasons(simulator: Simulator, name: str) -> Counter[str]:
    """Return how many differences are left, by reason."""
    rows = control(simulator, "GET", f"/incidents/{name}/differences")["differences"]
    return Counter(row["because"] for row in rows)


@pytest.mark.parametrize("name", ["careless-script", "mass-group-emptying", "bad-sync"])
def test_after_an_incident_within_the_products_types_the_tenant_is_exactly_at_the_stated_end(name: str) -> None:
    simulator, state = recovered(name, {})
    assert state is State.SUCCESSFUL
    told = control(simulator, "GET", f"/incidents/{name}/differences")
    assert [row for row in told["differences"] if not row["because"]] == []
    assert (told["unexpected"], told["is_whole"]) == (0, True)
    assert len(control(simulator, "GET", f"/incidents/{name}/expected")["objects"]) + len(told) > 3
    allowed = {
        "careless-script": {ending.LEFT},
        "mass-group-emptying": set(),
        "bad-sync": {ending.SYNCED, ending.RULED},
    }
    assert reasons(simulator, name).keys() <= allowed[name]


@pytest.mark.parametrize("name", ["departed-admin", "hard-deletes", "ransomware"])
def test_after_an_incident_beyond_the_products_types_what_it_captures_is_at_the_stated_end(name: str) -> None:
    simulator, state = recovered(name, {})
    assert state is State.SUCCESSFUL
    assert unexpected(simulator, name) == []
    assert reasons(simulator, name)[ending.GONE] > 0


def test_a_slow_burn_of_thirty_days_goes_back_to_any_day_a_snapshot_was_taken() -> None:
    days = [{"first_day": 1, "last_day": 15}, {"first_day": 16, "last_day": 30}]
    simulator, state = recovered("slow-burn", *days)
    assert state is State.SUCCESSFUL
    days_told = {write.at // 86_400 for write in simulator.tenant.history.of(slow_burn.APP_ID)}
    assert max(days_told) - min(days_told) > 25
    # Added secrets are the one thing the product does not take away yet: it reports them.
    left = unexpected(simulator, "slow-burn", play=2)
    assert {(row.get("type"), *row.get("properties", ())) for row in left} <= {("application", "passwordCredentials")}
    assert unexpected(simulator, "slow-burn", play=1) != []


def test_every_incident_is_recovered_from_in_this_suite() -> None:
    told = {"careless-script", "mass-group-emptying", "bad-sync", "departed-admin", "hard-deletes", "ransomware"}
    assert told | {"slow-burn"} == set(INCIDENTS)
