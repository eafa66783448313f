"""Run the demo as a user would, in a process of its own, and hand back what it wrote."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent.parent
EXPORT = ROOT.parent / "shared" / "data" / "conditional-access-baseline"
DEMO_SECONDS_MAX = 240


def demo(folder: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    """Return the demo's exit status, its output and its figures."""
    figures = folder / "figures.json"
    ran = subprocess.run(
        [sys.executable, "-m", "local.demo", "--json", str(figures), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS_MAX,
        check=False,
    )
    known: dict[str, Any] = msgspec.json.decode(figures.read_bytes()) if figures.exists() else {}
    return ran.returncode, ran.stdout + ran.stderr, known
