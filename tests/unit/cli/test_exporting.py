"""Exports and filtered changes from the command line, against the real functions."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import msgspec
import pytest

from functions.handlers import exports
from tests.unit.cli.worlds import Deployment


def reported(deployment: Deployment, count: int = 3) -> tuple[str, list[str]]:
    """Return a report's job id and the ids of the users that somebody harmed, one of them deleted."""
    deployment.do(deployment.world.captured())
    users = deployment.world.users()[:count]
    for user in users[1:]:
        deployment.world.change(user, jobTitle="harmed")
    deployment.world.delete(users[0])
    deployment.do(deployment.world.clock.sleep(120.0))
    return deployment.run("report", "latest", "--wait").json["id"], users


@pytest.mark.parametrize("chosen", ["ndjson", "csv", "html", "markdown", "siem"])
def test_every_format_is_written_the_same_to_a_file_each_time(
    deployment: Deployment, tmp_path: Path, chosen: str
) -> None:
    job, users = reported(deployment)
    for name in ("a", "b"):
        assert deployment.run("export-report", job, "--format", chosen, "--output", str(tmp_path / name)).status == 0
    content = (tmp_path / "a").read_bytes()
    assert content == (tmp_path / "b").read_bytes()
    known = users if chosen != "markdown" else ["restore", "update"]
    assert all(one.encode() in content for one in known)
    refused = deployment.run("export-report", job, "--output", str(tmp_path / "a"))
    assert (refused.status, (tmp_path / "a").read_bytes()) == (2, content)


def test_an_export_in_parts_is_the_export(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _users = reported(deployment, 5)
    for chosen in ("ndjson", "csv", "siem"):
        whole, parts = tmp_path / f"whole-{chosen}", tmp_path / f"parts-{chosen}"
        deployment.run("export-report", job, "--format", chosen, "--output", str(whole))
        with monkeypatch.context() as patched:
            patched.setattr(exports, "PART_ROWS", 2)
            deployment.run("export-report", job, "--format", chosen, "--output", str(parts))
        assert parts.read_bytes() == whole.read_bytes()
    assert sum("%24skip=" in request for request in deployment.requests if "export" in request) == 6


def test_rows_are_chosen_by_options_in_lists_and_exports(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, users = reported(deployment)
    restored = deployment.run("changes", job, "--action", "restore,recreate", "--type", "user").json["value"]
    assert [row["id"] for row in restored] == users[:1]
    harmed = deployment.run("changes", job, "--text", "harmed", "--property", "jobTitle", "--actor", "script")
    assert sorted(row["id"] for row in harmed.json["value"]) == sorted(users[1:])
    assert deployment.run("changes", job, "--risk", "federation").json["value"] == []
    assert deployment.run("changes", job, "--text", "it's").json["value"] == []
    downwards = deployment.run("changes", job, "--sort", "displayName", "--descending").json["value"]
    by_name = [row["displayName"] for row in downwards]
    assert by_name == sorted(by_name, key=str.casefold, reverse=True)
    deployment.run("export-report", job, "--action", "restore", "--output", str(tmp_path / "a"))
    lines = (tmp_path / "a").read_bytes().splitlines()
    assert [msgspec.json.decode(line)["id"] for line in lines] == users[:1]
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", type("Out", (), {"buffer": written})())
    assert deployment.run("export-report", job, "--action", "restore").status == 0
    assert written.getvalue() == (tmp_path / "a").read_bytes()


def test_what_cannot_be_exported_filtered_or_sorted_is_refused(deployment: Deployment) -> None:
    deployment.do(deployment.world.captured())
    capture = deployment.run("jobs").json["value"][0]["id"]
    assert deployment.run("export-report", capture).status == 2
    recovery = deployment.run("recover", "latest", "--apply", "--wait", "--yes").json["id"]
    assert deployment.run("changes", recovery, "--type", "user").status == 2
    report = deployment.run("report", "latest", "--wait").json
    assert deployment.run("changes", report["id"], "--sort", "password").status == 2
    path = f"/snapshots/{report['tidemark.wireSnapshotId']}/recoveryPreviewJobs/{report['id']}/tidemark.export"
    for query in ("format=exe", "format=html&$skip=5", "$filter=password%20eq%20'x'", "$top=5"):
        assert deployment.do(deployment.world.get(f"{path}?{query}")).status == 400
    page = deployment.do(deployment.world.get(f"{path}?format=html"))
    assert (page.status, page.headers["x-content-type-options"]) == (200, "nosniff")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["content-disposition"].startswith("attachment")
