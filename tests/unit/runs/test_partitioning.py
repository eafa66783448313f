"""Large collections are laid out as one batch a range; whatever goes wrong with ranges never costs an object."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from bench.directory import RuleDirectory
from bench.population import Population
from shared.catalogue.entry import ObjectType
from shared.catalogue.group import GROUP
from shared.catalogue.listing import Listing
from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.user import USER
from shared.domain.errors import DirectoryError
from shared.domain.jobs import Batch, Kind, Options, State, Step
from shared.memory.blobs import MemoryBlobs
from shared.memory.clock import LoopClock, SequentialIds
from shared.memory.rows import MemoryRows
from shared.ports import Page
from shared.runs.choosing import CaptureSettings, Choosing
from shared.runs.ledger import Ledger
from shared.runs.partitioning import filters_of
from shared.runs.preparing import Preparing
from shared.runs.reading import Reading
from shared.runs.snapshots import Snapshots
from tests.support.builders import TENANT, a_batch, a_job, a_note

PREPARED_MAX = 2_000


class Ranged(RuleDirectory):
    """A tenant whose names are spread evenly over the first characters; refuses to count with `status`."""

    def __init__(self, objects: int, *, status: int = 0) -> None:
        super().__init__(Population(objects, 0))
        self.status, self.asked = status, 0
        self.read: list[Listing] = []

    async def counts(self, object_type: ObjectType, within: Sequence[str]) -> list[int]:
        self.asked += len(within)
        if self.status:
            raise DirectoryError("refused", status=self.status)
        firsts = "abcdefghij"
        total = await self.count(object_type) or 0
        cuts = [each.partition("'")[2][0] for each in within]
        return [total * sum(first >= cut for first in firsts) // len(firsts) for cut in cuts]

    async def page(self, listing: Listing, cursor: str) -> Page:
        self.read.append(listing)
        return Page(cursor=None)


def filters(directory: Ranged, entry: ObjectType, most: int) -> list[str]:
    async def story() -> list[str]:
        return await filters_of(directory, entry, await directory.count(entry), most)

    return asyncio.run(story())


def test_a_small_collection_is_not_even_asked_about() -> None:
    directory = Ranged(1_000)
    assert filters(directory, USER, 1_000) == [""]
    assert filters(directory, NAMED_LOCATION, 1) == [""]
    assert directory.asked == 0


@pytest.mark.parametrize("status", [400, 501])
def test_a_tenant_that_cannot_count_ranges_is_read_whole(status: int) -> None:
    assert filters(Ranged(1_000, status=status), USER, 100) == [""]


def test_any_other_refusal_is_told() -> None:
    with pytest.raises(DirectoryError):
        filters(Ranged(1_000, status=403), USER, 100)


async def laid_out(directory: Ranged) -> tuple[Ledger, list[Batch], int]:
    ledger = Ledger(MemoryRows(LoopClock()), LoopClock(), SequentialIds(1))
    job = a_job(kind=Kind.REPORT, state=State.LOADING_DATA, options=Options(reads_whole=True))
    lease = await ledger.begin(job, [a_batch(0, wave=0, step=Step.PREPARE)])
    assert lease is not None
    tenure = await ledger.enter(a_note(batch=0, fencing_token=lease.fencing_token))
    no_vault = cast(Snapshots, None)  # a whole reading goes on from nothing
    choosing = Choosing(ledger, no_vault, directory, LoopClock(), CaptureSettings())
    await Preparing(directory, choosing, LoopClock(), range_objects_max=PREPARED_MAX).prepare(tenure)
    return ledger, await ledger.batches(TENANT, job.job_id), lease.fencing_token


def test_every_listing_of_live_objects_has_a_batch_for_each_range_and_the_recycle_bin_one() -> None:
    async def story() -> None:
        _ledger, batches, _token = await laid_out(Ranged(10_000))
        by_listing: dict[str, list[Any]] = {}
        for batch in batches:
            for name in batch.argument.get("listings", ()) if batch.step is Step.READ else ():
                by_listing.setdefault(name, []).append(batch.argument.get("within"))
        assert len(by_listing["user"]) >= 5
        assert by_listing["user-deleted"] == by_listing["group-deleted"] == [None]
        assert by_listing["group"] == by_listing["group-members"] == [None], "1,200 groups are few"
        assert len(set(by_listing["user"])) == len(by_listing["user"])
        assert all(each.startswith(f"{USER.split_by} ") for each in by_listing["user"])
        assert GROUP.split_by == "displayName"

    asyncio.run(story())


def test_a_batch_reads_its_own_range_and_no_other() -> None:
    async def story() -> None:
        directory = Ranged(10_000)
        ledger, batches, token = await laid_out(directory)
        chosen = [batch for batch in batches if batch.argument.get("listings") == ["user"]][1]
        tenure = await ledger.enter(a_note(batch=chosen.number, fencing_token=token))
        await Reading(directory, MemoryBlobs()).read(tenure)
        assert [listing.within for listing in directory.read] == [chosen.argument["within"]]

    asyncio.run(story())
