"""What `python -m bench tamper` prints: its keys, that every kind of attack was made, and that none was missed."""

from __future__ import annotations

from bench.__main__ import run


def test_every_attack_on_a_small_snapshot_is_detected_and_nothing_else_is() -> None:
    figures = run(["tamper", "--flips", "300"])
    assert list(figures) == ["flips", "truncations", "swaps", "detected", "missed", "false_alarms"]
    assert figures["flips"] == 300
    assert figures["truncations"] > 3_000
    assert figures["swaps"] > 40
    assert figures["detected"] == figures["flips"] + figures["truncations"] + figures["swaps"]
    assert (figures["missed"], figures["false_alarms"]) == (0, 0)
