"""The ledger of a recovery: what became of every change, when, in which batch, and how it stood at the second look.

Pure values. `SealedLedger` is kept in the job's row; an `Entry` is put together when somebody asks.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.domain.changes import Action, Json, Outcome, Result
from shared.domain.confirmations import Overwriter, Standing


class SealedLedger(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger of an ended recovery as it lies in the vault: where, and the SHA-256 of its one file."""

    name: str
    sha256: str
    sealed_at: datetime
    records: int
    is_signed: bool = False


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One change: its outcome, the batch, when that was recorded, how the second look found it, who overwrote it.

    `at` is None in ledgers of a version that kept no times; `standing` is None for what failed or was not looked at.
    """

    outcome: Outcome
    batch: int
    at: datetime | None = None
    standing: Standing | None = None
    overwriter: Overwriter | None = None

    @property
    def after(self) -> Json:
        """What the change left, as far as it is known: what was wanted, or what was there before when it failed."""
        one = self.outcome
        if one.result is Result.FAILED:
            return one.before
        if one.action in {Action.UPDATE, Action.RECREATE}:
            return one.target
        if one.action in {Action.LINK, Action.UNLINK}:
            return {one.reference: one.action is Action.LINK}
        return {"isDeleted": one.action in {Action.SOFT_DELETE, Action.REMOVE}}
