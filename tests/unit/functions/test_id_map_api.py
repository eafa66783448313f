"""The id map over HTTP, and re-creation on the wire."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from functions.handlers.renewals import renewal_body
from functions.wire.body import read_start
from functions.wire.change import change_body, outcome_body
from shared.domain.changes import Action, Outcome, Result
from shared.domain.errors import InputError, IntegrityError
from shared.domain.jobs import Kind
from shared.domain.renewals import Renewal
from shared.formats.records import ID_MAP, encode_records
from shared.memory.blobs import MemoryBlobs
from shared.memory.clock import LoopClock
from shared.memory.rows import MemoryRows
from shared.runs.pairing import Pairing
from shared.runs.signing import Signing
from shared.runs.snapshots import Snapshots
from tests.support.builders import AT, TENANT, a_difference, an_id

JSON = {"content-type": "application/json"}
RENEWAL = Renewal(
    type="group", old_id=an_id("old"), new_id=an_id("new"), job_id=an_id("job-1"), at=AT, display_name="G"
)


@pytest.mark.parametrize(("kind", "more"), [(Kind.RECOVERY, ""), (Kind.REPORT, ', "plan": true')])
def test_removing_newer_grants_is_asked_for_by_name_and_neither_default_nor_implied(kind: Kind, more: str) -> None:
    asked = f'{{"tidemark.options": {{"removeNewerGrants": true{more}}}}}'.encode()
    assert read_start(JSON, asked, kind)[1].remove_newer_grants is True
    newer = f'{{"tidemark.options": {{"softDeleteNewer": true{more}}}}}'.encode()
    assert read_start(JSON, newer, kind)[1].remove_newer_grants is False
    with pytest.raises(InputError, match=r"removeNewerGrants is for a report that makes a plan"):
        read_start(JSON, b'{"tidemark.options": {"removeNewerGrants": true}}', Kind.REPORT)


@pytest.mark.parametrize(("kind", "more"), [(Kind.RECOVERY, ""), (Kind.REPORT, ', "plan": true')])
def test_creating_anew_is_asked_for_by_name_and_off_otherwise(kind: Kind, more: str) -> None:
    asked = f'{{"tidemark.options": {{"recreateHardDeleted": true{more}}}}}'.encode()
    assert read_start(JSON, asked, kind)[1].recreate_deleted is True
    assert read_start(JSON, b"{}", kind)[1].recreate_deleted is False


def test_a_report_that_makes_no_plan_refuses_the_option_by_name() -> None:
    with pytest.raises(InputError, match=r"recreateHardDeleted is for a report that makes a plan"):
        read_start(JSON, b'{"tidemark.options": {"recreateHardDeleted": true}}', Kind.REPORT)


@pytest.mark.parametrize("value", ['"yes"', "1", "null"])
def test_anything_but_true_or_false_is_refused(value: str) -> None:
    with pytest.raises(InputError, match=r"recreateHardDeleted must be true or false"):
        read_start(JSON, f'{{"tidemark.options": {{"recreateHardDeleted": {value}}}}}'.encode(), Kind.RECOVERY)


def test_only_clients_that_ask_for_later_members_see_recreate() -> None:
    row = a_difference(action=Action.RECREATE)
    for shows_all, said in ((True, "recreate"), (False, "unknownFutureValue")):
        assert change_body(row, target_at=AT, shows_all=shows_all)["recoveryAction"] == said
        assert change_body(row, target_at=AT, shows_all=shows_all)["tidemark.action"] == "recreate"


def test_an_outcome_tells_the_new_id_and_what_is_left_to_do() -> None:
    body = outcome_body(an_outcome_anew(), shows_all=True)
    assert (body["newId"], body["newAppId"], body["nextSteps"]) == (an_id("new"), None, ["give out a new password"])


def an_outcome_anew() -> Outcome:
    return Outcome(
        change_id="c",
        type="user",
        object_id=an_id("old"),
        display_name="Ann",
        action=Action.RECREATE,
        result=Result.APPLIED,
        new_id=an_id("new"),
        next_steps=("give out a new password",),
    )


def test_a_renewal_is_shown_with_both_ids() -> None:
    body = renewal_body(RENEWAL, shows_all=True)
    assert (body["entityTypeName"], body["oldId"], body["newId"], body["oldAppId"]) == (
        "group",
        an_id("old"),
        an_id("new"),
        None,
    )


def a_vault(*files: bytes) -> Pairing:
    vault = MemoryBlobs(LoopClock())
    for number, content in enumerate(files):
        vault.contents[f"{TENANT}/id-map/{number}.ndz"] = content
    return Pairing(Snapshots(MemoryRows(LoopClock()), vault, Signing(None, None)))


def test_what_two_attempts_wrote_is_told_once_and_the_earlier_time_counts() -> None:
    later = msgspec.structs.replace(RENEWAL, at=AT.replace(year=2030))
    files = [encode_records(ID_MAP, [one])[0] for one in (later, RENEWAL)]
    assert asyncio.run(a_vault(*files).renewals(TENANT)) == [RENEWAL]


def test_a_file_that_is_no_id_map_fails_by_its_name() -> None:
    with pytest.raises(IntegrityError, match=r"id-map/0\.ndz"):
        asyncio.run(a_vault(b"not a frame").renewals(TENANT))
