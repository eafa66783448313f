"""Child processes do not outlive those who started them."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from local import processes
from local.processes import Child
from tests.contract.local_host.conftest import eventually

SLEEPER = [sys.executable, "-c", "print('listening on http://nowhere', flush=True); import time; time.sleep(60)"]
PARENT = f"""
import asyncio, time
from pathlib import Path
from local import processes
child = processes.start("child", {SLEEPER!r}, log_file=Path("child.log"))
asyncio.run(child.listening())
print("child is", child.pid, flush=True)
time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills a child with its parent")
def test_a_child_dies_when_its_parent_is_killed(tmp_path: Path) -> None:
    root = str(Path(__file__).resolve().parents[3])
    parent = processes.start(
        "parent",
        [sys.executable, "-c", PARENT],
        log_file=tmp_path / "parent.log",
        environment={"PYTHONPATH": root},
        workdir=tmp_path,
    )

    async def story() -> None:
        (line,) = await parent.matched(re.compile(r"child is (\d+)"))
        pid = int(line[1])
        await eventually(lambda: is_alive(pid), "a child")
        os.kill(parent.pid, signal.SIGKILL)
        await eventually(lambda: not is_alive(pid), "the child's end", seconds=5)

    asyncio.run(story())
    parent.kill()


def test_a_child_is_told_listening_running_and_stopped(tmp_path: Path) -> None:
    child: Child = processes.start("sleeper", SLEEPER, log_file=tmp_path / "sleeper.log")
    assert asyncio.run(child.listening()) == "http://nowhere"
    assert child.is_running
    assert child.stop() == -signal.SIGTERM
    assert not child.is_running


def test_a_log_file_used_again_shows_only_the_newest_child(tmp_path: Path) -> None:
    log_file = tmp_path / "echo.log"
    for word in ("first", "second"):
        child = processes.start(word, [sys.executable, "-c", f"print({word!r})"], log_file=log_file)
        assert asyncio.run(child.ended()) == 0
        assert child.output() == f"{word}\n"
    assert log_file.read_text() == "first\nsecond\n"
