"""The timers, the work queues and the poison queues, called as the host calls them."""

from __future__ import annotations

import logging
from datetime import timedelta

import azure.functions as func
import pytest
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest

from functions import health, poison, queue_workers, restore_point_timer, snapshot_timer, upkeep_timers, watchdog_timer
from shared.domain.errors import InputError
from shared.domain.ids import capture_job_id
from shared.domain.jobs import Kind, Note, State
from shared.domain.times import format_time
from shared.formats.notes import encode_note
from tests.support import virtual_time
from tests.support.platform import TENANT
from tests.unit.functions.worlds import World

WORKERS = {
    "capture": queue_workers.capture_worker,
    "compare": queue_workers.compare_worker,
    "recover": queue_workers.recover_worker,
}
POISON = {"capture": poison.capture_poison, "compare": poison.compare_poison, "recover": poison.recover_poison}


def message(body: bytes) -> QueueMessage:
    return QueueMessage(id="m-1", body=body)  # type: ignore[no-untyped-call]


def test_the_timer_starts_one_capture_however_often_it_fires_for_an_occurrence(world: World) -> None:
    async def story() -> None:
        due_at = world.clock.now()
        timer = TimerRequest(schedule_status={"Next": due_at.isoformat()})
        for _time in range(2):
            await snapshot_timer.daily_snapshot(timer=timer)
        (job,) = await world.product.ledger.jobs(TENANT)
        assert job.job_id == capture_job_id(TENANT, due_at)
        await world.platform.run_until_idle()
        assert len(await world.product.snapshots.listed(TENANT)) == 1

    virtual_time.run(story())


def test_the_hourly_timer_makes_a_restore_point_once_there_is_a_snapshot_to_lie_over(world: World) -> None:
    async def story() -> None:
        timer = TimerRequest(schedule_status={"Next": world.clock.now().isoformat()})
        await restore_point_timer.restore_point(timer=timer)
        assert await world.product.ledger.jobs(TENANT) == []
        await world.captured()
        for _time in range(2):
            await restore_point_timer.restore_point(timer=timer)
        await world.platform.run_until_idle()
        point, base = await world.product.snapshots.listed(TENANT)
        assert (point.base_id, base.base_id) == (base.snapshot_id, "")

    virtual_time.run(story())


def test_a_timer_fired_by_hand_does_not_stand_for_the_next_occurrence(world: World) -> None:
    async def story() -> None:
        next_at = world.clock.now() + timedelta(hours=3)
        await snapshot_timer.daily_snapshot(timer=TimerRequest(schedule_status={"Next": format_time(next_at)}))
        (job,) = await world.product.ledger.jobs(TENANT)
        assert job.job_id == capture_job_id(TENANT, world.clock.now())

    virtual_time.run(story())


def test_the_queue_workers_carry_a_capture_a_report_and_a_recovery_to_their_end(world: World) -> None:
    async def story() -> None:
        wire_id, queue = await world.captured(), world.platform.queue
        for path, name in (("recoveryPreviewJobs", "compare"), ("recoveryJobs", "recover")):
            await world.post(f"/snapshots/{wire_id}/{path}")
            while (received := await queue.receive(name, 60)) is not None:
                await WORKERS[name](message=message(encode_note(received.note)))
                await queue.delete(received)
        await world.post("/tidemark.capture")
        while (received := await queue.receive("capture", 60)) is not None:
            await WORKERS["capture"](message=message(encode_note(received.note)))
            await queue.delete(received)
        jobs = await world.product.ledger.jobs(TENANT)
        assert [job.state for job in jobs] == [State.SUCCESSFUL] * 4

    virtual_time.run(story())


def test_the_daily_upkeep_proves_what_is_stored_and_prunes(world: World) -> None:
    async def story() -> None:
        await world.captured()
        due_at = world.clock.now()
        timer = TimerRequest(schedule_status={"Next": due_at.isoformat()})
        for _time in range(2):
            await upkeep_timers.daily_verification(timer=timer)
        await world.platform.run_until_idle()
        assert [job.kind for job in await world.product.ledger.jobs(TENANT)].count(Kind.VERIFY) == 1
        await upkeep_timers.daily_pruning(timer=timer)
        pruned = await world.product.upkeep.pruning.last(TENANT)
        assert pruned is not None
        assert pruned.kept == {"younger than 35 days": 1}

    virtual_time.run(story())


@pytest.mark.parametrize("name", WORKERS)
@pytest.mark.parametrize("body", [b"", b"{}", b"hello", b"\xff\xfe", b"[]", b"{" * 900, b"x" * 5000])
def test_a_message_that_is_no_note_fails_its_call_so_that_it_is_set_aside(name: str, body: bytes) -> None:
    async def story() -> None:
        with pytest.raises(InputError):
            await WORKERS[name](message=message(body))

    virtual_time.run(story())


@pytest.mark.parametrize("name", POISON)
def test_poison_that_is_no_note_is_logged_by_name_and_dropped(
    world: World, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        await POISON[name](message=message(b"\xff not a note"))
        assert await world.product.ledger.jobs(TENANT) == []

    with caplog.at_level(logging.ERROR):
        virtual_time.run(story())
    (record,) = [record for record in caplog.records if record.name == "functions.poison"]
    assert record.getMessage() == "poison message dropped"
    assert vars(record)["queue"] == f"{name}-poison"
    assert vars(record)["message_id"] == "m-1"


def test_a_poisoned_note_is_sent_anew_and_the_sixth_in_a_row_fails_its_job_visibly(world: World) -> None:
    async def story() -> None:
        await world.post("/tidemark.capture")
        for given_up in range(1, 7):
            received = await world.platform.queue.receive("capture", 60)
            assert received is not None, f"nothing was sent after {given_up - 1} messages"
            await world.platform.queue.delete(received)
            (row,) = (await world.get("/jobs")).rows
            assert row["status"] != "failed", f"failed after {given_up - 1} messages"
            await poison.capture_poison(message=message(encode_note(received.note)))
            await world.clock.sleep(120)  # the handler is silent for long enough to count as dead
        (row,) = (await world.get("/jobs")).rows
        assert (row["status"], row["tidemark.error"]["code"]) == ("failed", "gave-up")
        assert await world.platform.queue.receive("capture", 60) is None

    virtual_time.run(story())


def test_a_poisoned_note_leaves_a_batch_alone_that_a_living_worker_has(world: World) -> None:
    async def story() -> None:
        await world.post("/tidemark.capture")
        received = await world.platform.queue.receive("capture", 60)
        assert received is not None
        tenure = await world.product.ledger.enter(received.note)
        await poison.capture_poison(message=message(encode_note(received.note)))
        await tenure.renew()  # which a worker whose batch was taken could not
        (batch,) = await world.product.ledger.batches(TENANT, received.note.job_id)
        assert (batch.attempt, batch.stalls) == (tenure.batch.attempt, 1)

    virtual_time.run(story())


def test_poison_of_a_past_holder_changes_nothing(world: World) -> None:
    async def story() -> None:
        await world.captured()
        (job,) = await world.product.ledger.jobs(TENANT)
        stale = Note(tenant=TENANT, job_id=job.job_id, batch=0, fencing_token=1)
        await poison.capture_poison(message=message(encode_note(stale)))
        assert await world.product.ledger.jobs(TENANT) == [job]

    virtual_time.run(story())


def test_the_watchdog_revives_a_job_whose_message_was_lost(world: World) -> None:
    async def story() -> None:
        await world.post("/tidemark.capture")
        lost = await world.platform.queue.receive("capture", 60)
        assert lost is not None
        await world.platform.queue.delete(lost)
        await world.clock.sleep(60)
        await watchdog_timer.watchdog(timer=TimerRequest())
        again = await world.platform.queue.receive("capture", 60)
        assert again is not None
        assert again.note.fencing_token > lost.note.fencing_token

    virtual_time.run(story())


def test_the_live_probe_needs_no_token_and_says_nothing_else(world: World) -> None:
    async def story() -> None:
        request = func.HttpRequest("GET", "https://h/livez", body=b"")
        reply = await health.livez(req=request)
        assert (reply.status_code, reply.get_body()) == (200, b'{"status":"alive"}')

    virtual_time.run(story())
    assert world.platform.transport.log == []
