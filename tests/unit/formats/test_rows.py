"""Rows are kept as tagged documents under keys that sort as people expect."""

from __future__ import annotations

import pytest

from shared.domain.errors import IntegrityError
from shared.domain.jobs import BatchState, Kind, Options, State
from shared.domain.scope import Scope
from shared.formats.rows import (
    BATCHES_MAX,
    batch_key,
    batch_of,
    batch_prefix,
    batch_values,
    job_key,
    job_of,
    job_values,
    snapshot_key,
    snapshot_of,
    snapshot_values,
)
from tests.support.builders import AT, a_batch, a_job, a_summary, an_id


def test_a_job_is_read_back_as_it_was() -> None:
    job = a_job(
        scope=Scope(ids={"user": (an_id("u"),)}),
        options=Options(soft_delete_newer=True),
        started_at=AT,
        counts={"done": 3},
    )
    assert job_of(job_values(job), key="k") == job


def test_a_batch_is_read_back_as_it_was() -> None:
    batch = a_batch(argument={"shards": 4}, cursor={"next": "x"}, outputs=[{"name": "n"}], attempt=2)
    assert batch_of(batch_values(batch), key="k") == batch


def test_a_snapshot_is_read_back_as_it_was() -> None:
    summary = a_summary(counts={"objects": 5})
    assert snapshot_of(snapshot_values(summary), key="k") == summary


def test_the_columns_a_person_looks_for_stand_beside_the_document() -> None:
    job = job_values(a_job(kind=Kind.REPORT, state=State.RUNNING))
    assert (job["kind"], job["state"], job["format"]) == ("report", "running", "job/1")
    batch = batch_values(a_batch(state=BatchState.DONE))
    assert (batch["step"], batch["state"], batch["format"]) == ("read", "done", "batch/1")


def test_batch_keys_sort_as_their_numbers_do() -> None:
    numbers = [0, 9, 10, 99, 100, 20_000, BATCHES_MAX]
    keys = [batch_key("job", number) for number in numbers]
    assert keys == sorted(keys)
    assert all(key.startswith(batch_prefix("job")) for key in keys)


def test_a_batch_number_that_would_break_the_order_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        batch_key("job", BATCHES_MAX + 1)


def test_the_batches_of_one_job_are_not_listed_with_those_of_another() -> None:
    assert not batch_key(an_id("job-2"), 1).startswith(batch_prefix(an_id("job-1")))


def test_the_kinds_of_rows_are_told_apart_by_the_start_of_their_keys() -> None:
    keys = [job_key("x"), batch_key("x", 1), snapshot_key("x")]
    assert len({key.split("-")[0] for key in keys}) == 3


def test_snapshot_keys_sort_by_time() -> None:
    assert snapshot_key("20261120T220000Z-ffffffff") < snapshot_key("20261121T220000Z-00000000")


def test_a_row_of_another_kind_or_of_a_newer_version_is_refused_by_its_tag() -> None:
    with pytest.raises(IntegrityError, match="job-1: format 'batch/1'; 'job/1' was expected"):
        job_of(batch_values(a_batch()), key="job-1")
    with pytest.raises(IntegrityError, match="format 'job/2'"):
        job_of({**job_values(a_job()), "format": "job/2"}, key="job-1")
    with pytest.raises(IntegrityError, match="format None"):
        job_of({}, key="job-1")


@pytest.mark.parametrize("document", ["", "{}", "[]", '{"tenant":1}'])
def test_a_row_whose_document_is_not_one_is_refused(document: str) -> None:
    with pytest.raises(IntegrityError, match="not a row of job/1"):
        job_of({"format": "job/1", "document": document}, key="job-1")


def test_members_that_a_later_release_adds_within_a_version_are_passed_over() -> None:
    values = job_values(a_job())
    document = str(values["document"]).replace("{", '{"later":1,', 1)
    assert job_of({**values, "document": document}, key="k") == a_job()
