"""Rows in Azure Table storage, under optimistic concurrency; the tenant is the partition key.

Every write is one entity-group transaction, even of one row, and marks its entities with a fresh nonce. When a reply
got lost the rows are read back: our nonce means it had worked, so a lost reply is never taken for a lost race, and
never repeated over what another worker wrote since under a condition. The SDK itself must not repeat a transaction,
because a repetition it hides would turn our own success into a conflict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import RequestTooLargeError, TableEntity, TableTransactionError
from azure.data.tables.aio import TableClient

from shared.azure.entities import NONCE, PREFIX, Operation, checked_key, row, transaction
from shared.azure.failures import is_ambiguous, service_code, transient, translated
from shared.azure.reply_times import ReplyTime
from shared.domain.errors import InputError, RowConflictError, TransientError
from shared.ports import Ids, Put, Row

# How long to wait after each failed attempt; the last entry is not waited for. 3 s in all: longer outages are left
# to the queue, which delivers the message again.
PAUSES_SECONDS = (0.2, 0.4, 0.8, 1.6, 0.0)

# A version that no row ever has again: what a write returns for a row that was stored, and replaced by somebody else
# before a lost reply was settled.
REPLACED_ETAG = "W/\"datetime'1601-01-01T00%3A00%3A00.0000000Z'\""

CONFLICTS = frozenset(
    "EntityAlreadyExists UpdateConditionNotSatisfied ConditionNotMet EntityNotFound ResourceNotFound".split()
)


class AzureRows:
    """Rows of one table. The table is created by the first write that finds it missing."""

    def __init__(self, table: TableClient, ids: Ids) -> None:
        """Use `table`, which the caller closes; `ids` makes the nonces."""
        self._table = table
        self._ids = ids

    async def read(self, partition: str, key: str) -> Row | None:
        """Return the row, or None when there is none."""
        checked_key(partition, member="partition")
        times = ReplyTime()
        entity = await self._entity(partition, checked_key(key), times)
        return None if entity is None else row(entity, times.at())

    async def scan(self, partition: str, prefix: str) -> list[Row]:
        """Return every row whose key starts with `prefix`, in key order, however many pages that takes."""
        checked_key(partition, member="partition")
        checked_key(prefix, member="prefix", grammar=PREFIX)
        # "~" sorts after every character a key may have.
        query = f"PartitionKey eq '{partition}' and RowKey ge '{prefix}' and RowKey lt '{prefix}~'"
        times = ReplyTime()
        rows: list[Row] = []
        with translated(f"scan of {partition}/{prefix}"):
            try:
                async for page in self._table.query_entities(query, raw_response_hook=times.note).by_page():
                    rows.extend([row(entity, times.at()) async for entity in page])
            except ResourceNotFoundError:
                return []
        return sorted(rows, key=lambda found: found.key)

    async def write(self, partition: str, puts: Sequence[Put]) -> list[str]:
        """Store all of `puts` or none; return the new etags in the same order.

        Raises RowConflictError when a condition did not hold and InputError for rows too large to store. After a
        TransientError the rows may or may not be stored.
        """
        nonce = self._ids.new()
        operations = transaction(partition, puts, nonce)
        is_in_doubt = False
        failure: AzureError | None = None
        for pause_seconds in PAUSES_SECONDS:
            try:
                return await self._submit(operations)
            except AzureError as error:
                failure = error
            if await self._table_was_missing(failure):
                continue
            conflict = _conflict(failure, puts)
            if conflict is None and not is_ambiguous(failure):
                raise _refusal(partition, failure) from failure
            is_in_doubt = is_in_doubt or conflict is None
            if is_in_doubt and (etags := await self._stored(partition, puts, nonce)):
                return etags
            if conflict is not None:
                raise RowConflictError(partition, conflict) from failure
            await asyncio.sleep(pause_seconds)
        assert failure is not None, "no attempt was made"
        raise transient(f"write to {partition}", failure) from failure

    async def remove(self, partition: str, key: str) -> None:
        """Remove a row, whatever version it has; one that is not there is success (a lost reply)."""
        checked_key(partition, member="partition")
        with translated(f"removal of {partition}/{key}"):
            try:
                await self._table.delete_entity(partition, checked_key(key))
            except ResourceNotFoundError:
                return

    async def _submit(self, operations: list[Operation]) -> list[str]:
        results = await self._table.submit_transaction(operations, retry_total=0)
        if len(results) != len(operations):
            raise AzureError(f"{len(results)} answers to {len(operations)} operations")
        return [str(result["etag"]) for result in results]

    async def _table_was_missing(self, failure: AzureError) -> bool:
        if service_code(failure) != "TableNotFound":
            return False
        with translated(f"creation of table {self._table.table_name}"):
            try:
                await self._table.create_table()
            except ResourceExistsError:
                return True  # another worker was faster
        return True

    async def _stored(self, partition: str, puts: Sequence[Put], nonce: str) -> list[str] | None:
        """Return the etags when the transaction marked `nonce` was stored, None when no row shows it.

        One row is proof for all of them, as a transaction is atomic; a row without the mark was replaced since.
        """
        found = [await self._entity(partition, put.key, ReplyTime()) for put in puts]
        ours = [entity if entity is not None and entity.get(NONCE) == nonce else None for entity in found]
        if not any(entity is not None for entity in ours):
            return None
        return [REPLACED_ETAG if entity is None else str(entity.metadata["etag"]) for entity in ours]

    async def _entity(self, partition: str, key: str, times: ReplyTime) -> TableEntity | None:
        with translated(f"read of {partition}/{key}"):
            try:
                return await self._table.get_entity(partition, key, raw_response_hook=times.note)
            except ResourceNotFoundError:
                return None


def _conflict(failure: AzureError, puts: Sequence[Put]) -> str | None:
    """Return the key of the row whose condition did not hold, None when the failure is of another kind."""
    if not isinstance(failure, TableTransactionError) or service_code(failure) not in CONFLICTS:
        return None
    return puts[failure.index].key if 0 <= failure.index < len(puts) else puts[0].key


def _refusal(partition: str, failure: AzureError) -> InputError | TransientError:
    if isinstance(failure, RequestTooLargeError) or (
        isinstance(failure, HttpResponseError) and failure.status_code == 413
    ):
        return InputError(f"the rows for {partition} are larger than one transaction can hold", member="rows")
    return transient(f"write to {partition}", failure)
