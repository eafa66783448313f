"""Other applications at work: by seed and rate, on the tenant's clock, under their own name."""

import pytest

from simulator.applications import BUSY_OFFICE
from simulator.background.actors import ACTORS
from simulator.switches import Background, Switches
from tests.unit.simulator.client import Client, a_client


def a_busy(seed: int = 1, per_hour: float = 720.0, objects: int = 120) -> Client:
    """Return a client of a tenant where somebody else works."""
    background = Background(changes_per_hour=per_hour, seed=seed)
    return a_client(objects=objects, switches=Switches(background=background))


def test_changes_come_with_time_at_the_rate_asked_for() -> None:
    client = a_busy(per_hour=720.0)
    client.get("/users?$top=1")
    assert client.sim("GET", "/writes") == []
    client.clock.seconds += 100.0
    client.get("/users?$top=1")
    counts = client.sim("GET", "/counters")["behaviours"]
    assert sum(count for name, count in counts.items() if name.startswith("background_")) == 20
    writes = client.sim("GET", f"/writes?app={BUSY_OFFICE.app_id}")
    assert 0 < len(writes) <= 20
    assert len(client.sim("GET", "/writes")) == len(writes)


def test_the_same_seed_makes_the_same_changes() -> None:
    def fingerprint(seed: int) -> str:
        client = a_busy(seed)
        for _ in range(5):
            client.clock.seconds += 60.0
            client.get("/users?$top=1")
        return client.simulator.fingerprint()

    assert fingerprint(1) == fingerprint(1)
    assert fingerprint(1) != fingerprint(2)


def test_switched_on_later_it_does_not_catch_up_on_the_past() -> None:
    client = a_client(objects=60)
    client.clock.seconds += 86_400.0
    client.sim("POST", "/switches", {"background": {"changes_per_hour": 60.0}})
    client.get("/users?$top=1")
    assert client.sim("GET", "/writes") == []


def test_an_empty_tenant_gives_it_little_to_do_and_breaks_nothing() -> None:
    client = a_busy(objects=0)
    client.clock.seconds += 600.0
    assert client.get("/users").status == 200


@pytest.mark.parametrize("actor", sorted(ACTORS))
def test_every_actor_makes_each_of_its_changes_under_its_own_name(actor: str) -> None:
    client = a_client(objects=400, switches=Switches())
    client.sim("POST", "/switches", {"background": {"changes_per_hour": 3600.0, "actors": [actor], "seed": 4}})
    client.clock.seconds += 199.0
    client.get("/users?$top=1")
    counts = client.sim("GET", "/counters")["behaviours"]
    made = {name.removeprefix("background_") for name in counts if name.startswith("background_")}
    assert made - {"refused"} == {each.__name__ for each in ACTORS[actor].changes}
    assert counts.get("background_refused", 0) < 100
    writes = client.sim("GET", "/writes")
    assert {each["app_id"] for each in writes} == {ACTORS[actor].app.app_id}
    deleted = {each["object_id"] for each in writes if each["method"] == "DELETE" and not each["links"]}
    assert deleted
    assert deleted <= {each["object_id"] for each in writes if each["method"] == "POST"}


def test_several_actors_share_the_rate_and_an_unknown_one_is_refused() -> None:
    client = a_client(objects=200)
    wish = {"changes_per_hour": 3600.0, "actors": ["office", "pipeline", "policies", "personnel"]}
    client.sim("POST", "/switches", {"background": wish})
    client.clock.seconds += 100.0
    client.get("/users?$top=1")
    counts = client.sim("GET", "/counters")["behaviours"]
    assert sum(count for name, count in counts.items() if name.startswith("background_")) == 100
    assert {each["app_id"] for each in client.sim("GET", "/writes")} == {each.app.app_id for each in ACTORS.values()}
    with pytest.raises(AssertionError, match="actors"):
        client.sim("POST", "/switches", {"background": {"actors": ["nobody"]}})
