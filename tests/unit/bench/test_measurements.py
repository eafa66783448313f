"""Each measurement prints the keys it promises, and figures that belong together; never how fast it was."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench.__main__ import MEASUREMENTS, run

OBJECTS, LINKS = 400, 1_600


KEYS = {
    "snapshot": "objects links pages_to_seal_cpu_s seal_cpu_s verify_cpu_s verify_floor_cpu_s verify_ratio "
    "bytes_per_object bytes_per_link history_cpu_ms history_reads history_versions index_cpu_s "
    "search_cpu_s object_cpu_s peak_rss_mb",
    "compare": "objects changes cpu_s wall_s floor_cpu_s ratio peak_rss_mb",
    "live": "virtual_s requests second_cpu_s second_virtual_s second_requests",
    "capture": "objects links cpu_s wall_s floor_cpu_s ratio peak_rss_mb requests least_requests requests_ratio "
    "virtual_s quota_floor_s stored_bytes alone_floor_cpu_s alone_ratio",
    "recover": "changes writes least_writes virtual_s floor_s ratio throttled_share cpu_s wall_s peak_rss_mb native_s",
    "delta": "requests full_requests share cpu_s",
}


def test_a_snapshot_is_sealed_verified_and_sized() -> None:
    figures = run(["snapshot", "--objects", str(OBJECTS), "--links", str(LINKS)])
    assert list(figures) == KEYS["snapshot"].split()
    assert (figures["objects"], figures["links"]) == (OBJECTS, LINKS)
    assert 0 < figures["seal_cpu_s"] < figures["pages_to_seal_cpu_s"]
    assert 44 < figures["bytes_per_object"] < 1_900, "less than a body, more than its row in the index"
    assert 0 < figures["bytes_per_link"] < 33, "a row, compressed"
    assert figures["peak_rss_mb"] > 10, "no interpreter is smaller"
    assert figures["history_versions"] == 13, "the first state, and one change a month"
    assert 13 * 4 < figures["history_reads"] < 100, "of 365 snapshots"
    assert min(figures[name] for name in ("history_cpu_ms", "search_cpu_s", "object_cpu_s")) > 0


def test_a_comparison_finds_the_share_that_was_changed() -> None:
    figures = run(["compare", "--objects", str(OBJECTS), "--links", str(LINKS), "--changed", "0.1"])
    assert list(figures) == KEYS["compare"].split()
    assert figures["objects"] == OBJECTS
    assert figures["changes"] == int(350 * 0.1) + int(48 * 0.1), "350 live users and 48 groups"
    assert figures["ratio"] == pytest.approx(figures["cpu_s"] / figures["floor_cpu_s"], rel=0.5)


def test_a_live_report_by_delta_is_measured_twice_and_finds_what_was_changed() -> None:
    figures = run(["compare", "--objects", "300", "--changed", "0.1", "--live", "delta"])
    assert list(figures) == [*KEYS["compare"].split(), *KEYS["live"].split()]
    assert 0.05 * figures["objects"] < figures["changes"] < 0.15 * figures["objects"]
    assert figures["virtual_s"] > 0
    assert figures["requests"] == figures["second_requests"] > 10


def test_a_capture_through_the_gateway_counts_its_requests_and_its_virtual_time() -> None:
    figures = run(["capture", "--objects", "300"])
    assert list(figures) == KEYS["capture"].split()
    assert figures["objects"] > 300, "the tenant's users, groups, policies and locations, and all that goes with them"
    assert figures["requests"] >= figures["least_requests"] > 10
    assert figures["virtual_s"] > figures["quota_floor_s"] > 0
    assert figures["stored_bytes"] > 300 * 44
    assert figures["ratio"] == pytest.approx(figures["cpu_s"] / figures["floor_cpu_s"], rel=0.5)
    assert figures["alone_ratio"] == pytest.approx(figures["cpu_s"] / figures["alone_floor_cpu_s"], rel=0.5)


def test_a_recovery_makes_every_counted_change_with_hardly_more_writes_than_the_fewest() -> None:
    figures = run(["recover", "--changes", "200", "--mix", "links=50,properties=40,restores=10"])
    assert list(figures) == KEYS["recover"].split()
    assert figures["changes"] == 200
    assert figures["least_writes"] <= figures["writes"] < figures["least_writes"] + 20, "faults repeat a few"
    assert figures["virtual_s"] > figures["floor_s"] > 0
    assert figures["throttled_share"] < 0.005


def test_a_capture_by_delta_counts_its_requests_beside_those_of_a_whole_one() -> None:
    figures = run(["delta", "--objects", "300", "--changed", "0.1"])
    assert list(figures) == KEYS["delta"].split()
    assert 0 < figures["requests"] < figures["full_requests"]
    assert figures["share"] == pytest.approx(figures["requests"] / figures["full_requests"], abs=0.001)


def test_the_command_prints_one_json_object() -> None:
    command = [sys.executable, "-m", "bench", "snapshot", "--objects", "50"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed.count("\n") == 1
    assert json.loads(printed)["objects"] == 50


def test_an_unknown_measurement_is_refused_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["nothing"])
    said = capsys.readouterr().err
    assert all(name in said for name in MEASUREMENTS)
