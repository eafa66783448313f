"""Plant one fault in a copy of the tree and run the tests that have to notice.

A mutation is a text of one file and what takes its place. A text that is no longer found once, and only once, is an
error of the list: it would plant nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"
)
SECONDS_MAX = 900
RED = 1  # pytest: tests ran and some failed; anything else, a test that could not be collected too, proves nothing


class MissingTextError(Exception):
    """The text that a mutation replaces is not there once and only once."""


@dataclass(frozen=True)
class Mutation:
    """One fault: what is wrong in words, where, the text and its replacement, and the tests that have to fail."""

    name: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]

    def planted(self, root: Path = ROOT) -> str:
        """Return the file's content with the fault in it; raise MissingTextError when the text is not there once."""
        content = (root / self.file).read_text()
        if content.count(self.text) != 1:
            raise MissingTextError(f"{self.name}: {self.file} has the text {content.count(self.text)} times")
        return content.replace(self.text, self.instead)


@contextmanager
def copied() -> Iterator[Path]:
    """Yield a copy of the tree that goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        tree = Path(folder) / "work" / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT, symlinks=True)
        yield tree


def survives(mutation: Mutation, tree: Path) -> str:
    """Plant the mutation in `tree` and run its tests; return why it was not caught, empty when it was."""
    content = mutation.planted(tree)
    place = tree / mutation.file
    before = place.read_text()
    place.write_text(content)
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-B",
                "-m",
                "pytest",
                "-x",
                "-q",
                "--no-header",
                "-p",
                "no:cacheprovider",
                *mutation.tests,
            ],
            cwd=tree,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    finally:
        place.write_text(before)
    if done.returncode == RED:
        return ""
    return "every test passed" if done.returncode == 0 else f"pytest ended with {done.returncode}: {done.stdout[-400:]}"
