"""Secrets are planted in an object of every type, as Graph should never send them; no stored byte holds one."""

from __future__ import annotations

from typing import Any

import pytest

from shared.catalogue.types import TYPES
from shared.domain.jobs import State
from shared.domain.secrets import SECRET
from tests.simulation.days import Days
from tests.simulation.test_every_type import PLANTED, everything_stored
from tests.support import virtual_time

Json = dict[str, Any]
UNASKED = "thisIsNewInGraph"


def a_secretive(thing: Json, number: int) -> None:
    """Put every kind of secret into an object: where Graph has them, and where nobody would look."""
    text = f"{PLANTED}-{number}"
    thing |= dict.fromkeys(SECRET, text)
    thing[UNASKED] = [{"deeper": {"openIdConnectSetting": dict.fromkeys(SECRET, text)}}]
    thing["passwordProfile"] = {"password": text}
    has_credentials = "passwordCredentials" in thing
    unknown = {"newInGraph": text} if has_credentials else {}  # of a credential, what nobody knows is not kept
    thing["passwordCredentials"] = [{"keyId": "1", "secretText": text, **unknown}]
    thing["keyCredentials"] = [{"keyId": "2", "key": text, **unknown}]


@pytest.mark.unjudged("what is planted is nowhere in the description")
def test_no_secret_that_graph_sends_of_any_type_is_in_a_stored_byte() -> None:
    async def story() -> tuple[bytes, int]:
        days = Days(31, objects=120, is_mixed=True)
        stores = days.simulator.tenant.directory.stores
        planted = 0
        for store in stores.values():
            for thing in [*store.live.values(), *store.deleted.values()]:
                a_secretive(thing, planted)
                planted += 1
        job = await days.captured()
        assert job.state is State.SUCCESSFUL, job.error
        assert {entry.name for entry in TYPES} == set(days.manifest(job).types)
        days.move(10)
        point = await days.restore_point()
        assert point.state is State.SUCCESSFUL, point.error
        report = await days.reported(job)
        assert report.state is State.SUCCESSFUL, report.error
        return await everything_stored(days.platform), planted

    stored, planted = virtual_time.run(story())
    assert planted > len(TYPES)
    assert UNASKED.encode() in stored, "a property that nobody knows is kept where Graph sends it"
    place = stored.find(PLANTED.encode())
    assert place < 0, stored[place - 200 : place + 100]


def test_no_secret_is_asked_for_by_name() -> None:
    named = {f"{entry.name}.{name}" for entry in TYPES for name in entry.select if name in SECRET or "secret" in name}
    assert named == set()
    assert not [entry.name for entry in TYPES if "passwordProfile" in entry.select]
