"""Blobs that are created once, in one request, and never changed.

The vault's role lets a writer add blobs and nothing else, so a blob is one Put Blob with its metadata and its MD5
inside and `If-None-Match: *` on top; there is no staged block, no later property and no deletion in this module
(shared/azure/shelf.py removes what has expired). A creation that finds the name taken compares the bytes: equal bytes
mean that our own reply got lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob.aio import ContainerClient

from shared.azure.failures import service_code, transient, translated
from shared.azure.immutability import UNKNOWN, PolicyReader, protection_of
from shared.azure.reply_times import ReplyTime
from shared.domain.errors import IntegrityError, NotFoundError, TransientError
from shared.domain.protection import Container

# The SDK sends anything larger as staged blocks, which the vault's role refuses.
BLOB_BYTES_MAX = 64 * 1024 * 1024

# What the service answers to a creation over an existing name: plainly, in a container under an immutability policy,
# and to a writer that may add but not overwrite.
ALREADY_THERE = frozenset({"BlobAlreadyExists", "BlobImmutableDueToPolicy", "UnauthorizedBlobOverwrite"})


class AzureBlobs:
    """Blobs of one container, whose client the caller closes.

    A missing container is created only with `creates_container`; never for a vault in Azure, where a container made
    without its immutability policy would protect nothing. `policy` reads the policy back where somebody can.
    """

    def __init__(
        self, container: ContainerClient, *, creates_container: bool = False, policy: PolicyReader | None = None
    ) -> None:
        self._container, self._policy = container, policy
        self._creates_container = creates_container

    async def create(self, name: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Create blob `name`; success when it is there already with the same bytes.

        Raises IntegrityError when it exists with other bytes; nothing is ever overwritten.
        """
        assert len(content) <= BLOB_BYTES_MAX, f"blob {name} has {len(content)} bytes"
        try:
            await self._put(name, content, metadata)
        except AzureError as error:
            if service_code(error) not in ALREADY_THERE:
                raise transient(f"creation of blob {name}", error) from error
            await self._compare(name, content)

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return the bytes of `name` from `offset`, at most `length`; nothing when the blob ends before `offset`.

        Raises NotFoundError when there is no blob and IntegrityError when fewer bytes came than the service announced.
        """
        assert offset >= 0, "a read from before the beginning"
        assert length is None or length >= 0, "a read of less than nothing"
        # The service refuses an empty range, so one byte is asked for and dropped: a missing blob still shows.
        wanted = None if length is None else max(length, 1)
        with translated(f"read of blob {name}"):
            try:
                stream = await self._container.get_blob_client(name).download_blob(offset=offset, length=wanted)
                content = await stream.readall()
            except ResourceNotFoundError as error:
                raise NotFoundError("blob", name) from error
            except HttpResponseError as error:
                if service_code(error) == "InvalidRange":
                    return b""
                raise
        if len(content) != stream.size:
            raise IntegrityError(name, f"{len(content)} bytes came where the service announced {stream.size}")
        return content[:length]

    async def names(self, prefix: str) -> list[str]:
        """Return every blob name that starts with `prefix`, in order."""
        with translated(f"listing of blobs {prefix}"):
            try:
                return sorted([name async for name in self._container.list_blob_names(name_starts_with=prefix)])
            except ResourceNotFoundError:
                return []

    async def container(self) -> Container:
        """Return how the service says it protects the container, and its own time; asked anew at every call."""
        times = ReplyTime()
        try:
            properties = await self._properties(times)
        except ResourceNotFoundError as error:
            if not self._creates_container:
                raise transient(f"properties of container {self._container.container_name}", error) from error
            await self._create_container()
            with translated(f"properties of container {self._container.container_name}"):
                properties = await self._properties(times)
        at = times.at()
        is_immutable = properties.has_immutability_policy is True
        read_back = await self._policy() if is_immutable and self._policy is not None else UNKNOWN
        return Container(protection=protection_of(properties, read_back), at=at)

    async def _properties(self, times: ReplyTime) -> Any:
        try:
            return await self._container.get_container_properties(raw_response_hook=times.note)
        except ResourceNotFoundError:
            raise
        except AzureError as error:
            raise transient(f"properties of container {self._container.container_name}", error) from error

    async def _put(self, name: str, content: bytes, metadata: Mapping[str, str] | None) -> None:
        try:
            await self._put_once(name, content, metadata)
        except ResourceNotFoundError:
            if not self._creates_container:
                raise
            await self._create_container()
            await self._put_once(name, content, metadata)

    async def _put_once(self, name: str, content: bytes, metadata: Mapping[str, str] | None) -> None:
        """Send one Put Blob. The SDK repeats it after a broken connection, which `If-None-Match: *` makes harmless."""
        await self._container.get_blob_client(name).upload_blob(
            content, length=len(content), overwrite=False, metadata=dict(metadata or {}), validate_content=True
        )

    async def _compare(self, name: str, content: bytes) -> None:
        """Return when the blob that is there has these bytes; raise IntegrityError when it has others."""
        try:
            with translated(f"comparison of blob {name}"):
                properties = await self._container.get_blob_client(name).get_blob_properties()
            if properties.size != len(content):
                raise IntegrityError(name, f"exists with {properties.size} bytes, not the {len(content)} to create")
            if await self.read(name) != content:
                raise IntegrityError(name, "exists with other bytes of the same length")
        except NotFoundError as error:
            raise TransientError(f"blob {name} was there and is gone") from error

    async def _create_container(self) -> None:
        with translated(f"creation of container {self._container.container_name}"):
            try:
                await self._container.create_container()
            except ResourceExistsError:
                return  # another worker was faster
