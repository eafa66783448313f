"""Write the golden files anew: `python -m tests.golden.write`.

Run it after a deliberate change of a format and read the diff: every line of it is a promise to old readers that is
being changed. A file of a version that is no longer written is never regenerated and never removed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from shared.formats.frames import decompress
from tests.golden import documents

FOLDER = Path(__file__).parent


def shown(name: str, content: bytes) -> bytes:
    """Return what a zstd file holds as text: lines of JSON as they are, binary rows one a line in hexadecimal."""
    held = decompress(content, name=name)
    width = documents.ROW_BYTES.get(name)
    if width is None:
        return held
    return b"".join(held[start : start + width].hex().encode() + b"\n" for start in range(0, len(held), width))


def main() -> None:
    """Write every golden file; a zstd file that already holds the same content is left as it is."""
    for name, content in documents.exact().items():
        _write(FOLDER / name, content)
    for name, content in documents.framed().items():
        path = FOLDER / name
        if not path.exists() or decompress(path.read_bytes(), name=name) != decompress(content, name=name):
            _write(path, content)
        _write(FOLDER / f"{name}.txt", shown(name, content))
    if not (FOLDER / "ledger.ndz").exists():
        _write(FOLDER / "ledger.ndz", documents.ledger())


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
