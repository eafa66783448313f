"""A settled worker process keeps its heap, so that a file read anew does not cost new pages, and collects seldom."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PROBE = """
import gc, resource, sys
from shared.azure.process import settle
if sys.argv[1] == "settled":
    settle()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[0] > 10_000

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

held = [b"x" * 4_000_000 for _ in range(3)]
del held
before = faults()
for _ in range(20):
    held = [b"x" * 4_000_000 for _ in range(3)]
    del held
print(faults() - before)
"""


def faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", PROBE, how], check=True, capture_output=True, text=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the habit it mends is glibc's")
def test_a_settled_process_takes_no_new_pages_for_what_it_reads_again() -> None:
    pages_of_one_round = 3 * 4_000_000 // 4096
    assert faults("settled") < pages_of_one_round
    assert faults("as it is") > 2 * pages_of_one_round, "nothing to mend: this test would pass without the cure"
