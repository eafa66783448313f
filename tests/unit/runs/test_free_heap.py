"""Free heap that lies between what is still in use goes back to the kernel, and only when there is much of it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from shared.runs import free_heap

only_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked and told")

PROBE = """
import sys
from shared.azure.process import settle
from shared.runs.free_heap import FREE_KEPT_BYTES, free_bytes, give_back

def resident():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024

settle()
held = [bytearray(300_000) for _ in range(int(sys.argv[1]))]
still_used = held[::20]
before = resident()
del held
kept = resident()
print(free_bytes() > FREE_KEPT_BYTES, give_back(), (before - kept) // 1_000_000, (kept - resident()) // 1_000_000)
"""


def probe(blocks: int) -> list[str]:
    done = subprocess.run([sys.executable, "-c", PROBE, str(blocks)], check=True, capture_output=True, text=True)
    return done.stdout.split()


@only_glibc
def test_much_free_heap_full_of_holes_goes_back_to_the_kernel() -> None:
    is_much, is_given, freed_by_itself, given = probe(600)
    assert (is_much, is_given) == ("True", "True")
    assert int(freed_by_itself) < 20, "nothing to mend: glibc gave it back by itself"
    assert int(given) > 100


@only_glibc
def test_a_little_free_heap_is_kept() -> None:
    is_much, is_given, _freed, given = probe(100)
    assert (is_much, is_given) == ("False", "False")
    assert abs(int(given)) < 5


def test_free_heap_is_given_back_before_a_step_of_another_kind_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    heap = free_heap.FreeHeap()
    monkeypatch.setattr(free_heap, "free_bytes", lambda: 0)
    for step in ("read", "read", "seal", "seal", "read"):
        monkeypatch.setattr(free_heap, "give_back", lambda before=step: given.append(before))
        heap.turn_to(step)
    assert given == ["seal", "read"]


def test_heap_that_stayed_free_through_many_batches_is_given_back_though_the_step_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[int] = []
    heap = free_heap.FreeHeap()
    much, little = free_heap.FREE_KEPT_BYTES + 1, free_heap.FREE_KEPT_BYTES
    most = free_heap.IDLE_BATCHES
    for number, free in enumerate([*[much] * most, little, *[much] * (most + 1), *[much] * most]):
        monkeypatch.setattr(free_heap, "free_bytes", lambda free=free: free)
        monkeypatch.setattr(free_heap, "give_back", lambda number=number: given.append(number))
        heap.turn_to("read")
    assert given == [2 * most + 1], "once, when it was free for one batch more than it may be"
