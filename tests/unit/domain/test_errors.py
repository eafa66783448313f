"""Errors form one tree, keep their codes, and carry the facts they name."""

from __future__ import annotations

import inspect
import re

from shared.domain import errors
from shared.domain.errors import BatchHeldError, LeaseLostError, TenantBusyError, TidemarkError

CODES = {
    "TidemarkError": "tidemark",
    "InputError": "bad-request",
    "PlanChangedError": "plan-changed",
    "NotFoundError": "not-found",
    "CallerError": "caller",
    "TenantBusyError": "tenant-busy",
    "TransientError": "transient",
    "BatchHeldError": "batch-held",
    "RowConflictError": "row-conflict",
    "StopError": "stop",
    "LeaseLostError": "lease-lost",
    "StaleNoteError": "stale-note",
    "IntegrityError": "integrity",
    "UnrenewedError": "lease-unrenewed",
    "DirectoryError": "directory",
    "IncompleteListingError": "incomplete-listing",
    "LockOutError": "lock-out",
    "StalledError": "gave-up",
    "SealRefusedError": "seal-refused",
    "ClockSkewError": "clock-skew",
    "OutliveError": "outlive",
}


def classes() -> dict[str, type[TidemarkError]]:
    return {
        name: kind
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, TidemarkError) and kind.__module__ == errors.__name__
    }


def test_codes_are_kept_for_ever() -> None:
    assert {name: kind.code for name, kind in classes().items()} == CODES


def test_the_tree_at_the_top_of_the_module_names_every_error_once() -> None:
    drawn = re.findall(r"^ +(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    assert sorted(drawn) == sorted(classes())


def test_an_error_carries_its_facts_as_attributes() -> None:
    lost = LeaseLostError("contoso", ours=3, current=4)
    assert (lost.tenant, lost.ours, lost.current) == ("contoso", 3, 4)
    busy = TenantBusyError("contoso", job_id="job-1", kind="recovery")
    assert (busy.job_id, busy.kind) == ("job-1", "recovery")
    held = BatchHeldError("job-1", 7, age_seconds=1.5)
    assert (held.number, held.age_seconds) == (7, 1.5)
