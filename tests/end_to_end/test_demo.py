"""The main job through real processes: genuine worker library, Azurite, HTTP, queues, and a SIGKILL in the middle."""

from __future__ import annotations

from pathlib import Path

from tests.support.demo_runs import demo

KEYS = "objects links changes seconds requests redeliveries kills left_alone differences_remaining".split()


def test_a_damaged_tenant_is_brought_back_although_a_worker_is_killed(tmp_path: Path) -> None:
    status, output, figures = demo(tmp_path, "--objects", "600")
    assert status == 0, output
    assert sorted(figures) == sorted(KEYS)
    assert figures["kills"] == 1
    assert figures["redeliveries"] >= 1
    assert figures["differences_remaining"] == 0
    assert set(figures["changes"]) >= {"restore", "update", "link"}
    assert all(count > 0 for count in figures["changes"].values())
    assert sum(figures["left_alone"].values()) > 0
    assert "killed with SIGKILL" in output
    assert "Everything was brought back" in output
