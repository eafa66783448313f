"""A blob container as the place of an export, beside a folder: one address with a shared access signature.

    https://ACCOUNT.blob.core.windows.net/CONTAINER[/PREFIX]?SAS

Blobs have the names that files have in a folder (cli/folder.py). The manifest goes last and is taken away first, so
what is half there is never taken for whole; nothing else is ever removed. The address's signature is never shown.
Source: "Put Blob", "Get Blob" and "Delete Blob" of the Blob service REST API.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from cli.errors import CliError, Exit
from cli.folder import MANIFEST

VERSION = "2023-11-03"
TIMEOUT = httpx.Timeout(300.0, connect=10.0)  # one file of an export is at most 48 MiB
TRIES = 4  # a storage account that is busy says so and means a moment
PASSING = frozenset({408, 429, 500, 502, 503, 504})


def is_address(text: str) -> bool:
    """Tell whether the place of an export is an address and not a folder."""
    return text.startswith(("https://", "http://"))


class Account:
    """One container, or a prefix in it; raises CliError for an address that is none, or that the account refuses."""

    def __init__(self, address: str, transport: httpx.BaseTransport | None = None) -> None:
        parts = urlsplit(address)
        path = parts.path.strip("/")
        is_local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if not path or (parts.scheme != "https" and not is_local):
            raise CliError(Exit.USAGE, f"{_shown(address)} is no https address of a container")
        self._root, self._signature = urlunsplit((parts.scheme, parts.netloc, f"/{path}", "", "")), parts.query
        self.shown = _shown(address)
        self._client = httpx.Client(timeout=TIMEOUT, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def send_all(self, folder: Path) -> int:
        """Write every file below `folder` as a blob, the manifest last; return how many there were."""
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
        self._ask("DELETE", MANIFEST, accepts=frozenset({202, 404}))
        for path in [*files, folder / MANIFEST]:
            self._ask("PUT", path.relative_to(folder).as_posix(), path.read_bytes(), accepts=frozenset({201}))
        return len(files) + 1

    def fetch(self, name: str) -> bytes:
        """Return the bytes of a blob; raise CliError naming it when it is not there."""
        return self._ask("GET", name, accepts=frozenset({200})).content

    def has(self, name: str) -> bool:
        """Tell whether there is a blob of that name."""
        return self._ask("HEAD", name, accepts=frozenset({200, 404})).status_code == 200

    def _ask(self, method: str, name: str, content: bytes = b"", *, accepts: frozenset[int]) -> httpx.Response:
        url = f"{self._root}/{quote(name)}" + (f"?{self._signature}" if self._signature else "")
        headers = {"x-ms-version": VERSION} | ({"x-ms-blob-type": "BlockBlob"} if method == "PUT" else {})
        reason = ""
        for _try in range(TRIES):
            try:
                answer = self._client.request(method, url, content=content, headers=headers)
            except httpx.HTTPError as error:
                reason = type(error).__name__
                continue
            if answer.status_code in accepts:
                return answer
            reason = answer.headers.get("x-ms-error-code") or f"status {answer.status_code}"
            if answer.status_code not in PASSING:
                break
        raise CliError(Exit.TROUBLE, f"{name} in {self.shown}: {reason}")


def _shown(address: str) -> str:
    """Return the address without its signature, as it may be shown."""
    return address.partition("?")[0][:300]
