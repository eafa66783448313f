"""A report as CSV (RFC 4180), which opening in a spreadsheet cannot turn into a formula.

Pure. A cell that a spreadsheet would take for a formula is preceded by an apostrophe ("CSV injection", OWASP); every
cell is quoted, so a separator or a quote in a name stays in its cell.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.compare.exports.cells import COLUMNS, lines
from shared.compare.rows import Row

FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four are the full-width forms
END = "\r\n"


def safe(cell: str) -> str:
    """Return a cell, quoted, that no spreadsheet evaluates; leading blanks hide nothing."""
    guarded = f"'{cell}" if cell.lstrip().startswith(FORMULA) or cell.startswith(FORMULA) else cell
    return '"' + guarded.replace('"', '""') + '"'


def csv_of(rows: Iterable[Row], *, has_header: bool) -> bytes:
    """Return the lines of `rows`, below the names of the columns when they come first."""
    parts = [",".join(map(safe, COLUMNS)) + END] if has_header else []
    parts += [",".join(map(safe, line)) + END for row in rows for line in lines(row)]
    return "".join(parts).encode()
