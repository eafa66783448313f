"""Searching, showing and telling the history of objects from the command line."""

from __future__ import annotations

from collections import Counter

from tests.unit.cli.worlds import Deployment

NOBODY = "11111111-aaaa-4bbb-8ccc-0000000000ff"


def somebody(deployment: Deployment) -> dict[str, str]:
    user = deployment.world.users()[0]
    body = deployment.world.simulator.tenant.directory.stores["user"].live
    found = next(values for one, values in body.items() if str(one) == user)
    return {name: str(found[name]) for name in ("id", "displayName", "userPrincipalName")}


def test_an_object_is_found_by_the_beginning_of_its_name_shown_and_its_history_told(deployment: Deployment) -> None:
    deployment.do(deployment.world.captured())
    user = somebody(deployment)
    deployment.world.change(user["id"], jobTitle="\x1b[31mharmed")
    deployment.do(deployment.world.captured())
    found = deployment.run("search", "latest", user["userPrincipalName"][:9].upper(), "--type", "user")
    assert user["id"] in [row["id"] for row in found.json["value"]]
    assert found.json["isMore"] is False
    shown = deployment.run("object", "latest", user["id"])
    assert shown.json["object"]["jobTitle"] == "\x1b[31mharmed"
    assert deployment.run("object", "latest", user["id"], "--outgoing").json["incomingLinks"] is None
    told = deployment.run("history", user["id"])
    assert [one["what"] for one in told.json["versions"]] == ["firstSeen", "changed"]


def test_a_person_sees_tables_in_which_no_name_steers_the_terminal(deployment: Deployment) -> None:
    deployment.do(deployment.world.captured())
    user = somebody(deployment)
    deployment.world.change(user["id"], jobTitle="\x1b[31mharmed")
    deployment.do(deployment.world.captured())
    for arguments in (("history", user["id"]), ("object", "latest", user["id"]), ("search", "latest", user["id"])):
        ran = deployment.run(*arguments, is_terminal=True)
        assert ran.status == 0
        assert user["id"] in ran.out
        assert "\x1b[31mharmed" not in ran.out
    assert "jobTitle: null ->" in deployment.run("history", user["id"], is_terminal=True).out.replace("\n", "")


def test_a_search_reads_on_until_there_are_enough(deployment: Deployment) -> None:
    deployment.do(deployment.world.captured())
    users = deployment.world.simulator.tenant.directory.stores["user"].live.values()
    ((letter, _count),) = Counter(str(body["displayName"])[0] for body in users).most_common(1)
    one = deployment.run("search", "latest", letter, "--top", "1")
    assert (len(one.json["value"]), one.json["isMore"]) == (1, True)
    every = deployment.run("search", "latest", letter, "--top", "500")
    assert one.json["value"][0] in every.json["value"]
    assert len(every.json["value"]) > 1
    assert every.json["isMore"] is False


def test_an_object_that_is_not_there_has_the_exit_status_of_what_is_not_found(deployment: Deployment) -> None:
    deployment.do(deployment.world.captured())
    for arguments in (("history", NOBODY), ("object", "latest", NOBODY), ("object", "latest", "a b/../c")):
        ran = deployment.run(*arguments)
        assert (ran.status, ran.out) == (3, "")
        assert arguments[-1] in ran.err
    assert deployment.run("search", "latest", NOBODY).json == {"value": [], "isMore": False}
