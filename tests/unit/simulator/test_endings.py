"""What an incident says the tenant should look like afterwards, and what the tenant says still differs."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.applications import TIDEMARK
from simulator.http import Request
from simulator.incidents import ending
from tests.unit.simulator.client import Client, a_client

BIN = "/directory/deletedItems"


def a_damaged(name: str = "careless-script", objects: int = 120) -> Client:
    """Return a client of a tenant in which an incident has played."""
    client = a_client(objects=objects)
    client.sim("POST", f"/incidents/{name}", {"seed": 4})
    return client


def differences(client: Client, name: str = "careless-script") -> dict[str, Any]:
    """Return what differs from the ending."""
    found: dict[str, Any] = client.sim("GET", f"/incidents/{name}/differences")
    return found


def repair(client: Client, name: str) -> None:
    """Put back what the ending says, object by object and link by link, as its reader would."""
    told = client.sim("GET", f"/incidents/{name}/expected")
    directory, now = client.directory, client.clock()
    for row in told["objects"]:
        store = directory.stores[row["type"]]
        if row["place"] == "live" and row["id"] in store.deleted:
            directory.restore(row["type"], row["id"], now)
        if row["place"] == "live" and row["id"] in store.live:
            nothing = dict.fromkeys(store.live[row["id"]])
            directory.update(row["type"], row["id"], {**nothing, **row["properties"]}, now)
    for link in told["links"]:
        act = directory.link if link["is_there"] else directory.unlink
        act(link["source"], link["relation"], link["target"], now)


@pytest.mark.parametrize("name", ["careless-script", "mass-group-emptying"])
def test_whoever_puts_back_what_the_ending_says_has_nothing_unexpected_left(name: str) -> None:
    client = a_damaged(name)
    assert differences(client, name)["unexpected"] > 0
    repair(client, name)
    after = differences(client, name)
    assert (after["unexpected"], after["is_whole"]) == (0, True)
    assert {row["because"] for row in after["differences"]} <= {ending.LEFT}


def test_one_link_and_one_property_that_stay_behind_are_told() -> None:
    client = a_damaged()
    repair(client, "careless-script")
    told = client.sim("GET", "/incidents/careless-script/expected")
    link = next(each for each in told["links"] if each["is_there"])
    user = next(each["id"] for each in told["objects"] if each["type"] == "user" and each["place"] == "live")
    client.directory.unlink(link["source"], link["relation"], link["target"], client.clock())
    client.patch(f"/users/{user}", {"officeLocation": "Nowhere"})
    found = [row for row in differences(client)["differences"] if not row["because"]]
    assert [row["is"] for row in found] == ["changed", "unlinked"]
    assert (found[0]["id"], found[0]["properties"]) == (user, ["officeLocation"])


def test_an_object_somebody_else_touched_made_or_purged_is_unexpected() -> None:
    client = a_damaged("mass-group-emptying")
    repair(client, "mass-group-emptying")
    made, purged = client.a_user(), client.directory.stores["group"].order
    victim = next(each for each in purged if client.simulator.act(TIDEMARK, "GET", f"/groups/{each}").status == 200)
    client.delete(f"/groups/{victim}")
    client.delete(f"{BIN}/{victim}")
    found = differences(client, "mass-group-emptying")
    by_id = {row["id"]: (row["is"], row["because"]) for row in found["differences"] if "id" in row}
    assert by_id[made] == ("extra", "")
    assert by_id[victim] == ("missing", "")


def test_what_is_gone_for_good_may_be_made_anew() -> None:
    client = a_damaged("departed-admin", objects=300)
    gone = next(
        row
        for row in differences(client, "departed-admin")["differences"]
        if row.get("type") == "group" and row["because"] == ending.GONE
    )
    anew = client.a_group(displayName=gone["displayName"])
    other = client.a_group(displayName="Something else")
    found = {row.get("id"): row["because"] for row in differences(client, "departed-admin")["differences"]}
    assert (found[anew], found[other]) == (ending.ANEW, "")


def test_an_ending_is_counted_from_the_play_that_was_asked_for() -> None:
    client = a_client(objects=200)
    for days in ({"first_day": 1, "last_day": 8}, {"first_day": 9, "last_day": 16}):
        client.sim("POST", "/incidents/slow-burn", {"seed": 2, **days})
    counts = [
        len(client.sim("GET", f"/incidents/slow-burn/expected?play={play}")["links"])
        + len(client.sim("GET", f"/incidents/slow-burn/expected?play={play}")["objects"])
        for play in (1, 2)
    ]
    assert counts[0] > counts[1] > 0


@pytest.mark.parametrize(
    "path",
    ["careless-script/expected", "careless-script/differences?play=0", "careless-script/wishes", "nothing/expected"],
)
def test_an_ending_that_is_not_there_is_not_found(path: str) -> None:
    client = a_client(objects=10)
    assert client.simulator.handle(Request("GET", f"/_sim/incidents/{path}")).status == 404


def test_every_reason_is_explained_in_the_ending() -> None:
    told = a_damaged(objects=20).sim("GET", "/incidents/careless-script/expected")
    assert told["remainders"].keys() == {ending.GONE, ending.LEFT, ending.SYNCED, ending.RULED, ending.ANEW}
