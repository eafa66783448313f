"""The folder that a snapshot is exported to: which file an object goes into, and what an export may touch.

    manifest.json, manifest.sig       the manifest as it is stored, written last, and its signature
    sealed/NAME                       every stored file as it is: what an import needs
    objects/TYPE/ID.json              one object with its links, or
    TYPE.ndjson                       one object a line

Names come from ids and types alone: a GUID in lower case, or `key-` and 32 hexadecimal digits for any other id, so no
name can leave the folder, mean two objects on a disk that ignores case, or show what an object is called. A file whose
content has not changed is not touched. Only folders that are empty or were exported to before are written into.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from cli.errors import CliError, Exit

MARK, MARK_CONTENT = "tidemark-export.json", b'{"format":"tidemark-export/1"}\n'
MANIFEST, SIGNATURE, SEALED, OBJECTS = "manifest.json", "manifest.sig", "sealed", "objects"
GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z")
TYPE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}\Z")
STORED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
OBJECT = re.compile(r"(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|key-[0-9a-f]{32})\.json(?:\.part)?\Z")


def object_name(object_id: object) -> str:
    """Return the name of an object's file, without its folder."""
    text = str(object_id)
    if GUID.match(text.lower()):
        return f"{text.lower()}.json"
    return f"key-{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def readable(document: dict[str, Any]) -> bytes:
    """Return one object as people and version control read it: members sorted, one a line."""
    kept = {name: value for name, value in document.items() if name != "key"}
    return msgspec.json.format(msgspec.json.encode(kept, order="sorted"), indent=2) + b"\n"


class Folder:
    """One export folder; `written` and `removed` count files that an export has changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.written = self.removed = 0
        self._kept: set[Path] = set()

    def begin(self) -> None:
        """Make the folder ready; raise CliError when it holds anything but an earlier export."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if any(self.root.iterdir()) and not (self.root / MARK).is_file():
                raise CliError(Exit.USAGE, f"{self.root} is not empty and holds no earlier export")
            (self.root / MANIFEST).unlink(missing_ok=True)  # what is half written is not to be taken for whole
        except OSError as error:
            raise CliError(Exit.USAGE, f"{self.root} cannot be written to: {error.strerror}") from error
        self.write(MARK_CONTENT, MARK)

    def write(self, content: bytes, *parts: str) -> None:
        """Give the file at `parts` this content, unless it has it already."""
        path = self._place(parts)
        if not path.is_file() or path.read_bytes() != content:
            part = path.with_name(f"{path.name}.part")
            part.write_bytes(content)
            part.replace(path)
            self.written += 1

    def write_object(self, document: dict[str, Any]) -> None:
        """Write one object into its own file; raise CliError when another object has it."""
        path = (OBJECTS, checked_type(document.get("type")), object_name(document.get("id")))
        if self.root.joinpath(*path) in self._kept:
            raise CliError(Exit.TROUBLE, f"two objects have the id {str(document.get('id'))[:80]!r}")
        self.write(readable(document), *path)

    @contextlib.contextmanager
    def lines(self) -> Iterator[Lines]:
        """Give where lines go, for as long as the block runs; the files appear when it ends well."""
        made = Lines(self)
        with contextlib.ExitStack() as undone:
            undone.callback(made.drop)
            yield made
            undone.pop_all()
        made.keep()

    def part_of(self, name: str) -> Path:
        """Return where the file `name` is put together before it replaces what is there."""
        path = self._place((name,))
        return path.with_name(f"{path.name}.part")

    def replace(self, part: Path) -> None:
        """Let what was put together take its place, unless it is what is there."""
        path = part.with_name(part.name.removesuffix(".part"))
        if path.is_file() and _digest(path) == _digest(part):
            part.unlink()
            return
        part.replace(path)
        self.written += 1

    def sweep(self) -> None:
        """Remove what earlier exports wrote and this one did not; files by other names are left alone."""
        for path, pattern in ((self.root / SEALED, STORED), *((each, OBJECT) for each in _folders(self.root))):
            for file in sorted(path.iterdir()) if path.is_dir() else []:
                if file not in self._kept and pattern.match(file.name):
                    file.unlink()
                    self.removed += 1
        for file in sorted(self.root.glob("*.ndjson")):
            if file not in self._kept and TYPE.match(file.stem):
                file.unlink()
                self.removed += 1
        signature = self.root / SIGNATURE
        if signature not in self._kept:
            signature.unlink(missing_ok=True)

    def _place(self, parts: tuple[str, ...]) -> Path:
        """Return the path of a file, its folder made; raise CliError when a link leads out of the export."""
        path = self.root.joinpath(*parts)
        if not path.parent.resolve().is_relative_to(self.root.resolve()):
            raise CliError(Exit.USAGE, f"{path.parent} leads out of {self.root}")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._kept.add(path)
        return path


class Lines:
    """Files of lines by type, being put together."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._open: dict[str, tuple[BinaryIO, Path]] = {}

    def add(self, type_name: str, line: bytes) -> None:
        """Append a line to the file of its type."""
        if type_name not in self._open:
            part = self._folder.part_of(f"{checked_type(type_name)}.ndjson")
            self._open[type_name] = part.open("wb"), part
        self._open[type_name][0].write(line + b"\n")

    def keep(self) -> None:
        """Let every file take its place."""
        for file, part in self._open.values():
            file.close()
            self._folder.replace(part)

    def drop(self) -> None:
        """Leave everything as it was."""
        for file, part in self._open.values():
            file.close()
            part.unlink(missing_ok=True)


def checked_type(name: object) -> str:
    """Return the name of a type when it may be the name of a folder; raise CliError otherwise."""
    if not isinstance(name, str) or not TYPE.match(name):
        raise CliError(Exit.TROUBLE, f"{str(name)[:80]!r} is no type of object")
    return name


def checked_stored(name: object) -> str:
    """Return the last part of a stored file's name when it may be the name of a file; raise CliError otherwise."""
    last = str(name).rpartition("/")[2]
    if not STORED.match(last) or last in {MANIFEST, SIGNATURE}:
        raise CliError(Exit.TROUBLE, f"{str(name)[:80]!r} is no name of a stored file")
    return last


def _folders(root: Path) -> list[Path]:
    """Return the folders of types below an export."""
    objects = root / OBJECTS
    return (
        sorted(Path(each.path) for each in os.scandir(objects) if each.is_dir(follow_symlinks=False))
        if (objects.is_dir())
        else []
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
