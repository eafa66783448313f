"""A large scope lies in a file beside its job, and no job acts on more or less than it was asked to."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from shared.domain.errors import InputError, IntegrityError
from shared.domain.ids import object_key
from shared.domain.scope import IDS_IN_ROW_MAX, IDS_MAX, Scope, ScopePart
from shared.formats.records import SCOPE, encode_records
from shared.formats.rows import job_of, job_values
from shared.memory.blobs import MemoryBlobs
from shared.memory.clock import LoopClock
from shared.runs.scopes import Scopes
from tests.support.builders import a_job, an_id

MANY = Scope(
    ids={
        "user": tuple(an_id(f"u{number}") for number in range(IDS_IN_ROW_MAX)),
        "group": (an_id("g1"), an_id("g0")),
    }
)


def test_a_scope_that_fits_the_row_stays_there() -> None:
    async def story() -> None:
        blobs = MemoryBlobs(LoopClock())
        scopes, few = Scopes(blobs), a_job(scope=Scope(ids={"user": MANY.ids["user"]} if MANY.ids else {}))
        for job in (few, a_job(scope=Scope(types=("user",))), a_job()):
            assert await scopes.kept(job) == job
            assert await scopes.whole(job) == job
        assert not blobs.contents

    asyncio.run(story())


def test_a_larger_one_is_read_back_as_it_was_and_the_row_is_small() -> None:
    async def story() -> None:
        blobs, job = MemoryBlobs(LoopClock()), a_job(scope=MANY)
        kept = await Scopes(blobs).kept(job)
        assert await Scopes(blobs).kept(job) == kept  # a start that is repeated finds its own file
        values = job_values(kept)
        assert len(str(values["document"])) < 2_000
        read = job_of(values, key="job")
        assert (await Scopes(blobs).whole(read)).scope == MANY
        assert read.scope_file is not None
        assert read.scope_file.counts == {"user": IDS_IN_ROW_MAX, "group": 2}
        assert list(blobs.contents) == [read.scope_file.name]

    asyncio.run(story())


def test_a_row_whose_file_nobody_reads_is_about_no_object_at_all() -> None:
    async def story() -> None:
        kept = await Scopes(MemoryBlobs(LoopClock())).kept(a_job(scope=MANY))
        assert kept.scope.covers_type("user")
        assert not kept.scope.covers_type("application")
        assert not kept.scope.covers("user", an_id("u1"))
        assert not kept.scope.covers_key("group", object_key(an_id("g1")))

    asyncio.run(story())


@pytest.mark.parametrize("fault", ["missing", "altered", "cut", "of another row"])
def test_a_file_that_is_not_as_it_was_is_refused_by_name(fault: str) -> None:
    async def story() -> None:
        blobs = MemoryBlobs(LoopClock())
        kept = await Scopes(blobs).kept(a_job(scope=MANY))
        assert kept.scope_file is not None
        name, content = kept.scope_file.name, blobs.contents[kept.scope_file.name]
        if fault == "missing":
            del blobs.contents[name]
        elif fault == "of another row":  # its digest is right, and yet it lists something else than the row counts
            other, digest = encode_records(SCOPE, [ScopePart(type="user", ids=(an_id("u1"),))])
            blobs.contents[name] = other
            kept = msgspec.structs.replace(kept, scope_file=msgspec.structs.replace(kept.scope_file, sha256=digest))
        else:
            blobs.contents[name] = content[:-1] if fault == "cut" else content[:-1] + bytes([content[-1] ^ 1])
        with pytest.raises(IntegrityError, match=r"scope\.ndz"):
            await Scopes(blobs).whole(kept)

    asyncio.run(story())


def test_more_ids_than_a_scope_may_name_are_refused_before_anything_is_stored() -> None:
    async def story() -> None:
        blobs = MemoryBlobs(LoopClock())
        with pytest.raises(InputError, match="name types"):
            await Scopes(blobs).kept(a_job(scope=Scope(ids={"user": ("one",) * (IDS_MAX + 1)})))
        assert not blobs.contents

    asyncio.run(story())
