"""The command ledger: a page to read, lines to keep, the sealed file."""

from __future__ import annotations

from pathlib import Path

from shared.formats.ledgers import decode_ledger
from tests.unit.cli.test_commands import harmed
from tests.unit.cli.worlds import Deployment


def test_a_ledger_is_read_chosen_and_written_in_every_form(deployment: Deployment, tmp_path: Path) -> None:
    first, second = harmed(deployment, 2)
    done = deployment.run("recover", "latest", "--apply", "--yes", "--wait")
    job, named = done.json["id"], deployment.run("job", done.json["id"]).json["tidemark.ledger"]
    assert {row["id"] for row in deployment.run("ledger", job).json["value"]} == {first, second}
    assert [row["id"] for row in deployment.run("ledger", job, "--object", first).json["value"]] == [first]
    assert deployment.run("ledger", job, "--result", "failed").json["value"] == []
    shown = deployment.run("ledger", job, is_terminal=True)
    assert "applied" in shown.out
    for form, holds in (("csv", f'"{second}"'), ("ndjson", f'"id":"{second}"')):
        path = tmp_path / form
        assert deployment.run("ledger", job, "--format", form, "--output", str(path)).status == 0
        assert holds in path.read_text()
    sealed = tmp_path / "sealed"
    assert deployment.run("ledger", job, "--format", "sealed", "--output", str(sealed)).status == 0
    assert decode_ledger(sealed.read_bytes(), name="sealed", expected=named["sha256"])[0].job_id == job
    assert named["sha256"][:32] in deployment.run("job", job, is_terminal=True).out


def test_what_does_not_go_together_is_said(deployment: Deployment) -> None:
    harmed(deployment)
    job = deployment.run("recover", "latest", "--apply", "--yes", "--wait").json["id"]
    assert deployment.run("ledger", job, "--output", "x").status == 2
    assert deployment.run("ledger", job, "--format", "sealed", "--result", "failed").status == 2
    assert deployment.run("ledger", job, "--result", "perhaps").status == 2


def test_a_runbook_is_shown_and_written(deployment: Deployment, tmp_path: Path) -> None:
    harmed(deployment)
    world = deployment.world
    directory = world.simulator.tenant.directory
    synced = next(one for one, body in directory.stores["user"].live.items() if body.get("onPremisesSyncEnabled"))
    directory.update("user", synced, {"city": "Elsewhere"}, world.clock.unix_seconds())
    plan = deployment.run("recover", "latest", "--wait").json
    assert plan["tidemark.manualSteps"] == 1
    (step,) = deployment.run("runbook", plan["id"]).json["value"]
    assert step["id"] == synced
    shown = deployment.run("runbook", plan["id"], is_terminal=True).out
    assert "city" in shown
    path = tmp_path / "runbook.md"
    assert deployment.run("runbook", plan["id"], "--format", "markdown", "--output", str(path)).status == 0
    assert "| city |" in path.read_text()
    assert deployment.run("runbook", plan["id"], "--output", "x").status == 2
