"""What a command shows: tables for a person at a terminal, one JSON document for everything else.

Results go to standard output, and only they; progress, questions and errors go to standard error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.text import json_text, visible

# Ids are copied from the screen, so they are never cut into lines; nor are dates. Where room is short, rich takes from
# the widest columns, so what stands in columns with ids is folded here, and they keep their width.
WHOLE = frozenset({"id", "kind", "status", "count"})
LETTERS_MIN = {"started": 10, "of": 10, "sealed": 10, "ids": 40}
FOLDED_AT = {"object": 36, "item": 32, "job": 12}


class Screen:
    """Where one command writes. `is_json` when nobody reads along or JSON was asked for."""

    def __init__(self, *, stdin: TextIO, stdout: TextIO, stderr: TextIO, asks_json: bool) -> None:
        self._stdin, self._stdout, self._stderr = stdin, stdout, stderr
        self.is_json = asks_json or not stdout.isatty()
        self.errors = Console(file=stderr, markup=False, highlight=False, emoji=False)
        self._console = Console(file=stdout, markup=False, highlight=False, emoji=False)

    @property
    def can_ask(self) -> bool:
        """Whether a person can be asked."""
        return self._stdin.isatty() and self._stderr.isatty()

    @property
    def shows_progress(self) -> bool:
        """Whether a person sees standard error as it is written."""
        return self._stderr.isatty()

    def document(self, document: Any) -> None:
        """Write one JSON document on a line of its own."""
        self._stdout.write(json_text(document) + "\n")
        self._stdout.flush()

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write a table; cells are shown as they are, never as markup."""
        table = Table(header_style="bold", box=None, padding=(0, 2, 0, 0), pad_edge=False)
        for column in columns:
            least, is_kept = LETTERS_MIN.get(column), column in WHOLE or column in FOLDED_AT
            table.add_column(Text(column), overflow="fold", no_wrap=is_kept, min_width=least)
        for row in rows:
            table.add_row(*(self._text(column, _cell(value)) for column, value in zip(columns, row, strict=True)))
        self._console.print(Text(title, style="bold"))  # a table's own title wraps at the width of the table
        self._console.print(table)

    def _text(self, column: str, cell: str) -> Text:
        text, width = Text(cell), FOLDED_AT.get(column)
        return text if width is None else Text("\n").join(text.wrap(self._console, width, overflow="fold"))

    def line(self, text: str) -> None:
        """Write one line of a result."""
        self._console.print(Text(visible(text)), soft_wrap=True)

    def note(self, text: str) -> None:
        """Write one line beside the result."""
        self._stderr.write(visible(text) + "\n")
        self._stderr.flush()

    def progress(self, document: Any) -> None:
        """Write one JSON line of progress."""
        self._stderr.write(json_text(document) + "\n")
        self._stderr.flush()

    def typed(self) -> TextIO:
        """Return standard input, line by line."""
        return self._stdin

    def confirmed(self, question: str) -> bool:
        """Ask a person; only the whole word yes confirms."""
        self._stderr.write(f"{visible(question)} Type yes to go on: ")
        self._stderr.flush()
        return self._stdin.readline().strip().lower() == "yes"


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return "\n".join(_cell(line) for line in value)
    return "" if value is None else visible(str(value))
