"""Start the processes of a local system, wait until they listen, end them, and leave none behind.

A child writes everything into its log file. It is killed when the thread that started it ends, even by SIGKILL (Linux;
elsewhere an ordinary end of this program stops it), so start children from a thread that lives as long as they should,
normally the main one.
"""

import asyncio
import atexit
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parent.parent
_POLL_SECONDS = 0.02
_LISTENING = re.compile(r"^listening on (\S+)$", re.MULTILINE)
_LAST_LINES = 5
_STOP_SECONDS_MAX = 35.0
# Asks Linux to kill this process with its parent, then becomes the real command. A preexec_fn would do without the
# second start, but forking Python code is unsafe, and warned about, once the parent has threads.
_BOUND_TO_PARENT = """
import ctypes, os, signal, sys
with __import__("contextlib").suppress(AttributeError, OSError):
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent has gone")
os.execvp(sys.argv[2], sys.argv[2:])
"""
_running: set["Child"] = set()


class ChildEndedError(Exception):
    """A child ended, or said nothing, where it should have been listening; the message carries its last lines."""


@dataclass(eq=False)
class Child:
    """One started process; `log_file` has its standard output and error."""

    name: str
    log_file: Path
    process: subprocess.Popen[bytes]
    _log_start: int = field(repr=False, default=0)

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process still runs."""
        is_running = self.process.poll() is None
        if not is_running:
            _running.discard(self)
        return is_running

    @property
    def exit_status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self.process.poll()

    def output(self) -> str:
        """Return what this process has written so far."""
        with self.log_file.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    async def matched(self, pattern: re.Pattern[str], *, count: int = 1, timeout: float = 30.0) -> list[re.Match[str]]:
        """Return the matches of `pattern` in the output as soon as there are `count`.

        ChildEndedError when the process ends first, or `timeout` seconds pass.
        """
        deadline = time.monotonic() + timeout
        while True:
            is_running = self.is_running  # asked before reading, so that last words are not missed
            found = list(pattern.finditer(self.output()))
            if len(found) >= count:
                return found
            if not is_running:
                raise ChildEndedError(f"{self.name} ended with status {self.exit_status}: {self._last_words()}")
            if time.monotonic() > deadline:
                raise ChildEndedError(f"{self.name} is silent after {timeout:g} s: {self._last_words()}")
            await asyncio.sleep(_POLL_SECONDS)

    async def listening(self, *, timeout: float = 30.0) -> str:
        """Return the URL of the child's `listening on URL` line."""
        return (await self.matched(_LISTENING, timeout=timeout))[0][1]

    async def ended(self, *, timeout: float = 30.0) -> int:
        """Return the exit status once the process has ended; TimeoutError when it does not."""
        try:
            status = await asyncio.to_thread(self.process.wait, timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} still runs after {timeout:g} s") from None
        _running.discard(self)
        return status

    def terminate(self) -> None:
        """Send SIGTERM: stop taking work, finish what runs."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to the process and whatever it started, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # it leads its own process group
        self.process.wait()
        _running.discard(self)

    def stop(self, *, timeout: float = _STOP_SECONDS_MAX) -> int:
        """Send SIGTERM, after `timeout` seconds SIGKILL; return the exit status."""
        self.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout)
        self.kill()
        return self.process.wait()

    def _signal(self, kind: signal.Signals) -> None:
        if self.is_running:
            self.process.send_signal(kind)

    def _last_words(self) -> str:
        return " | ".join(self.output().strip().splitlines()[-_LAST_LINES:]) or "no output"


def start(
    name: str,
    command: Sequence[str],
    *,
    log_file: Path,
    environment: Mapping[str, str] | None = None,
    workdir: Path | None = None,
) -> Child:
    """Start `command` and return at once; `environment` is added to ours. The log file is appended to."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        log_start = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _BOUND_TO_PARENT, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=workdir,
            start_new_session=True,  # Ctrl-C reaches us alone; we say who stops when
        )
    child = Child(name, log_file, process, log_start)
    _running.add(child)
    return child


def start_host(name: str, *, app_root: Path, log_file: Path, environment: Mapping[str, str], port: int = 0) -> Child:
    """Start one instance of a function app in the local Functions host; wait for it with `listening`."""
    command = [sys.executable, "-m", "local.host", "--app-root", str(app_root.resolve()), "--port", str(port)]
    return start(name, [*command, "--name", name], log_file=log_file, environment=environment, workdir=_REPOSITORY)


@atexit.register
def _kill_all() -> None:
    for child in list(_running):
        child.kill()
