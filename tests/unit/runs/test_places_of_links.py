"""A link row stands in the shard of its source, or the shard is not what was sealed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from shared.domain.errors import IntegrityError
from shared.domain.ids import object_key
from shared.formats.links import encode_links
from shared.formats.manifests import Manifest
from shared.formats.segments import FileWriter, shard_of
from shared.memory.blobs import MemoryBlobs
from shared.runs.proving import prove_shards
from shared.runs.snapshot_reader import SnapshotReader
from tests.support.builders import TENANT, an_id

MEMBERS = 1


@pytest.mark.parametrize("is_at_home", [True, False])
def test_a_link_in_another_shard_than_its_sources_is_found_by_verification(is_at_home: bool) -> None:
    source = object_key(an_id("group"))
    home = shard_of(source, 2)
    writer = FileWriter("links")
    writer.add(home if is_at_home else 1 - home, encode_links([bytes([MEMBERS]) + source + source]), 1)
    file = writer.file("links.zst")
    now = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
    manifest = Manifest(
        tenant=TENANT,
        snapshot_id="20261120T060000Z-00000000",
        job_id=an_id("job"),
        sequence=1,
        previous_sha256="",
        created_at=now,
        rolled_forward_at=now,
        shard_count=2,
        types={},
        files=(file,),
        tool="test",
    )

    async def story() -> int:
        blobs = MemoryBlobs()
        await blobs.create(file.name, bytes(writer.content))
        return (await prove_shards(blobs, SnapshotReader(blobs, manifest), [0, 1])).links

    if is_at_home:
        assert asyncio.run(story()) == 1
        return
    with pytest.raises(IntegrityError, match=r"links\.zst"):
        asyncio.run(story())
