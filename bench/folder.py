"""Blobs in a folder: the bytes stay out of the measured process's memory, as they do with a storage account."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shared.azure.clock import SystemClock
from shared.domain.errors import IntegrityError, NotFoundError
from shared.domain.protection import UNPROTECTED, Container
from shared.ports import Clock


class FolderBlobs:
    """ports.Blobs over the files below `root`; metadata is not kept, because nothing measured reads it."""

    def __init__(self, root: Path, clock: Clock | None = None) -> None:
        self.root = root
        self._clock = clock or SystemClock()

    async def create(self, name: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Create blob `name`; raise IntegrityError when it exists with other bytes."""
        del metadata
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            if path.read_bytes() != content:
                raise IntegrityError(name, "exists with other bytes") from None

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return the bytes of `name` from `offset`, at most `length`; raise NotFoundError when there is no blob."""
        try:
            with (self.root / name).open("rb") as file:
                file.seek(offset)
                return file.read(-1 if length is None else length)
        except FileNotFoundError:
            raise NotFoundError("blob", name) from None

    async def names(self, prefix: str) -> list[str]:
        """Return every blob name that starts with `prefix`, in order."""
        found = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        return sorted(name for name in found if name.startswith(prefix))

    async def container(self) -> Container:
        """Return that a folder protects nothing, and the measured world's time."""
        return Container(protection=UNPROTECTED, at=self._clock.now())
