"""Who may act on a tenant (promises L1 to L3 of shared/jobs/lease.py)."""

from __future__ import annotations

import msgspec
import pytest

from shared.domain.errors import LeaseLostError, StaleNoteError, TenantBusyError
from shared.domain.jobs import Kind
from shared.jobs.lease import (
    MARGIN_SECONDS,
    LeaseRow,
    check_holder,
    check_note,
    freed,
    handed_over,
    is_expired,
    lease_row,
    renewed_by_watchdog,
    row_values,
    taken,
    wanted,
)
from tests.support.builders import a_note, an_id


def a_lease(kind: Kind = Kind.CAPTURE, **members: object) -> LeaseRow:
    """Return a lease held by job-1 under token 5."""
    row = LeaseRow(job_id=an_id("job-1"), kind=kind, fencing_token=5, is_held=True, ttl_seconds=60)
    return msgspec.structs.replace(row, **members)


def take(row: LeaseRow | None, label: str = "job-2") -> LeaseRow:
    return taken(row, "contoso", job_id=an_id(label), kind=Kind.RECOVERY, ttl_seconds=60)


def test_l1_the_token_grows_with_every_holder() -> None:
    rows = [take(None)]
    rows.append(take(freed(rows[-1]), "job-3"))
    rows.append(renewed_by_watchdog(rows[-1]))
    rows.append(handed_over(msgspec.structs.replace(rows[-1], wanted_by=an_id("job-4"))))
    rows.append(take(freed(rows[-1]), "job-5"))
    assert [row.fencing_token for row in rows] == [1, 2, 3, 4, 5]


def test_l1_freeing_keeps_the_token_so_that_it_never_repeats() -> None:
    assert freed(a_lease()).fencing_token == 5
    assert take(freed(a_lease())).fencing_token == 6


def test_l2_a_held_lease_is_not_taken() -> None:
    with pytest.raises(TenantBusyError) as busy:
        take(a_lease())
    assert (busy.value.job_id, busy.value.kind) == (an_id("job-1"), Kind.CAPTURE)


@pytest.mark.parametrize("kind", [Kind.CAPTURE, Kind.REPORT])
def test_l2_a_recovery_asks_a_report_or_a_capture_to_make_way(kind: Kind) -> None:
    asked = wanted(a_lease(kind), "contoso", job_id=an_id("job-2"))
    assert (asked.job_id, asked.fencing_token, asked.wanted_by) == (an_id("job-1"), 5, an_id("job-2"))
    given = handed_over(asked)
    assert (given.job_id, given.kind, given.wanted_by) == (an_id("job-2"), Kind.RECOVERY, "")
    assert given.is_held


def test_l2_a_recovery_makes_way_for_nobody() -> None:
    with pytest.raises(TenantBusyError) as busy:
        wanted(a_lease(Kind.RECOVERY), "contoso", job_id=an_id("job-2"))
    assert busy.value.job_id == an_id("job-1")


def test_l2_a_second_recovery_is_told_about_the_one_that_waits_already() -> None:
    asked = wanted(a_lease(), "contoso", job_id=an_id("job-2"))
    with pytest.raises(TenantBusyError) as busy:
        wanted(asked, "contoso", job_id=an_id("job-3"))
    assert (busy.value.job_id, busy.value.kind) == (an_id("job-2"), Kind.RECOVERY)


def test_l3_what_an_old_token_wants_to_record_is_refused() -> None:
    with pytest.raises(LeaseLostError) as lost:
        check_holder(a_lease(), "contoso", job_id=an_id("job-1"), fencing_token=4)
    assert (lost.value.ours, lost.value.current) == (4, 5)


@pytest.mark.parametrize("row", [None, freed(a_lease()), a_lease(job_id=an_id("job-2"))])
def test_l3_who_is_not_the_holder_records_nothing(row: LeaseRow | None) -> None:
    with pytest.raises(LeaseLostError):
        check_holder(row, "contoso", job_id=an_id("job-1"), fencing_token=5)


def test_l3_the_watchdog_fences_a_silent_worker_off() -> None:
    revived = renewed_by_watchdog(a_lease())
    assert revived.job_id == an_id("job-1")
    with pytest.raises(LeaseLostError):
        check_holder(revived, "contoso", job_id=an_id("job-1"), fencing_token=5)


def test_the_holder_is_let_through() -> None:
    assert check_holder(a_lease(), "contoso", job_id=an_id("job-1"), fencing_token=5) == a_lease()
    assert check_note(a_lease(), a_note(fencing_token=5)) == a_lease()


@pytest.mark.parametrize("row", [None, freed(a_lease()), renewed_by_watchdog(a_lease()), a_lease(job_id=an_id("x"))])
def test_a_note_of_a_past_holder_is_stale(row: LeaseRow | None) -> None:
    with pytest.raises(StaleNoteError):
        check_note(row, a_note(fencing_token=5))


def test_a_holder_is_silent_only_after_its_time_and_the_margin_of_the_clock() -> None:
    assert not is_expired(a_lease(), 60 + MARGIN_SECONDS)
    assert is_expired(a_lease(), 60 + MARGIN_SECONDS + 0.1)
    assert not is_expired(freed(a_lease()), 3600)


def test_a_lease_is_kept_in_columns_and_read_again() -> None:
    row = a_lease(wanted_by=an_id("job-2"))
    assert lease_row(row_values(row)) == row
