"""Removal of expired blobs: the only place in the product that sends a DELETE to blob storage.

A container under an immutability policy refuses what is not old enough, so a refusal is an answer here, not an error.
Ages are taken from the service's own clock: its reply's time less the blob's creation time.
"""

from __future__ import annotations

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob.aio import ContainerClient

from shared.azure.failures import service_code, transient, translated
from shared.azure.reply_times import ReplyTime
from shared.domain.errors import TransientError
from shared.ports import Aged

# "Blob service error codes" and "Overview of immutable storage for blob data": protected by a policy or a legal hold,
# leased by somebody, or not this identity's to delete.
REFUSALS = frozenset(
    "BlobImmutableDueToPolicy BlobImmutableDueToLegalHold LeaseIdMissing AuthorizationPermissionMismatch "
    "AuthorizationFailure".split()
)


class AzureShelf:
    """ports.Shelf over one container, whose client the caller closes."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container

    async def aged(self, prefix: str) -> list[Aged]:
        """Return every blob whose name starts with `prefix`, in order of names, with its age."""
        times, found = ReplyTime(), []
        with translated(f"listing of blobs {prefix}"):
            try:
                pages = self._container.list_blobs(name_starts_with=prefix, raw_response_hook=times.note).by_page()
                async for page in pages:
                    async for blob in page:
                        if blob.creation_time is None:
                            raise TransientError(f"blob {blob.name}: the service told no creation time")
                        age = (times.at() - blob.creation_time).total_seconds()
                        found.append(Aged(blob.name, max(0.0, age)))
            except ResourceNotFoundError:
                return []
        return sorted(found, key=lambda blob: blob.name)

    async def remove(self, name: str) -> str:
        """Remove a blob; return "" when it is gone, otherwise the service's code for why it may not go."""
        try:
            await self._container.delete_blob(name)
        except ResourceNotFoundError:
            return ""
        except AzureError as error:
            if (code := service_code(error)) in REFUSALS:
                return code
            raise transient(f"removal of blob {name}", error) from error
        return ""
