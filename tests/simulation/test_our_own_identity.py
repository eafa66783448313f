"""A recovery leaves the identities it runs as alone, whatever it is allowed to do."""

from __future__ import annotations

import pytest

from shared.domain.ids import wire_snapshot_id
from shared.domain.jobs import Job, Options, State
from shared.domain.scope import Scope
from shared.runs.ourselves import REASON
from simulator.applications import CARELESS_SCRIPT, TIDEMARK
from simulator.service import Simulator
from tests.support import virtual_time
from tests.support.platform import TENANT, Platform

OTHER = "11111111-2222-4333-8444-00000000abcd"
TYPES = Scope(types=("application", "servicePrincipal"))


def recovered(app_id: str, *own_applications: str, is_newer: bool) -> tuple[Platform, Job, list[str]]:
    """Register an application of that id after the capture (or rename it then); recover; return what was registered."""

    async def story() -> tuple[Platform, Job, list[str]]:
        clock = virtual_time.VirtualClock()
        simulator = Simulator(clock=clock.unix_seconds, seed=3, objects=30, tenant_id=TENANT)
        platform = Platform(simulator, seed=3, workers=1)
        platform.own_applications = own_applications
        registered: list[str] = []
        if not is_newer:
            registered += register(simulator, app_id)
        capture = await platform.finish(await platform.operator.scheduling.capture(TENANT, clock.now()))
        if is_newer:
            registered += register(simulator, app_id)
        else:
            for place, known in zip(("applications", "servicePrincipals"), registered, strict=True):
                simulator.act(CARELESS_SCRIPT, "PATCH", f"/{place}/{known}", {"notes": "changed by somebody"})
        job = await platform.finish(
            await platform.operator.starting.recovery(
                TENANT,
                wire_snapshot_id(capture.snapshot_id),
                TYPES,
                Options(soft_delete_newer=True),
                requested_by="operator",
            )
        )
        return platform, job, registered

    return virtual_time.run(story())


def register(simulator: Simulator, app_id: str) -> list[str]:
    """Register an application and its service principal, under an application id that Graph would have given it."""
    application = simulator.act(CARELESS_SCRIPT, "POST", "/applications", {"displayName": "Ours"}).object_id
    stores = simulator.tenant.directory.stores
    made = stores["application"].live[application]["appId"]
    principal = simulator.act(CARELESS_SCRIPT, "POST", "/servicePrincipals", {"appId": made}).object_id
    stores["application"].live[application]["appId"] = app_id
    stores["servicePrincipal"].live[principal]["appId"] = app_id
    return [application, principal]


def live(platform: Platform, known: str) -> bool:
    stores = platform.simulator.tenant.directory.stores
    return any(known in stores[name].live for name in ("application", "servicePrincipal"))


@pytest.mark.parametrize(("app_id", "own"), [(TIDEMARK.app_id, ()), (OTHER, (OTHER.upper(),))])
def test_our_own_application_is_not_soft_deleted_though_it_is_newer(app_id: str, own: tuple[str, ...]) -> None:
    platform, job, registered = recovered(app_id, *own, is_newer=True)
    assert job.state is State.SUCCESSFUL, job.error
    assert all(live(platform, known) for known in registered)
    assert job.counts[f"leftAlone.{REASON}"] == 2


def test_an_application_of_others_that_is_newer_is_soft_deleted() -> None:
    platform, job, registered = recovered(OTHER, is_newer=True)
    assert job.state is State.SUCCESSFUL, job.error
    assert not any(live(platform, known) for known in registered)


def test_our_own_application_is_not_changed_either() -> None:
    platform, job, registered = recovered(TIDEMARK.app_id, is_newer=False)
    assert job.state is State.SUCCESSFUL, job.error
    assert job.counts[f"leftAlone.{REASON}"] == 2
    application = platform.simulator.tenant.directory.stores["application"].live[registered[0]]
    assert application["notes"] == "changed by somebody"
