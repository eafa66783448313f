"""Drift from the command line, against the real functions."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.support.platform import TENANT
from tests.unit.cli.worlds import Deployment

RULES = {"isOn": True, "rules": [{"name": "titles", "properties": ["jobTitle"]}]}


def test_rules_are_set_items_listed_and_decided(deployment: Deployment, tmp_path: Path) -> None:
    world, file = deployment.world, tmp_path / "drift.json"
    file.write_bytes(msgspec.json.encode(RULES))
    deployment.do(world.captured())
    assert deployment.run("drift").json["isOn"] is False
    shown = deployment.run("drift", "--set", str(file))
    assert (shown.status, shown.json["rules"][0]["name"]) == (0, "titles")
    world.change(world.users()[0], jobTitle="harmed")
    deployment.do(world.clock.sleep(3600.0))
    deployment.do(world.captured())
    for _look in range(3):
        deployment.do(world.product.drifting.look(TENANT))
        deployment.do(world.platform.run_until_idle())
    (item,) = deployment.run("drift-items", "--state", "new").json["value"]
    accepted = deployment.run("drift-accept", item["itemId"], "--note", "agreed")
    assert (accepted.status, accepted.json["state"], accepted.json["note"]) == (0, "accepted", "agreed")
    assert deployment.run("drift-items", "--state", "new").json["value"] == []
    assert deployment.run("drift-deny", item["itemId"]).json["state"] == "denied"
    assert "titles" in deployment.run("drift-items", is_terminal=True).out
    assert deployment.run("drift-deny", "nothing").status == 3


def test_a_file_of_rules_that_is_wrong_changes_nothing(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "drift.json"
    assert deployment.run("drift", "--set", str(file)).status == 2
    file.write_text("{")
    assert deployment.run("drift", "--set", str(file)).status == 2
    file.write_text('{"isOn": true, "rules": [{}]}')
    assert deployment.run("drift", "--set", str(file)).status == 2
    assert deployment.run("drift").json["isOn"] is False
