"""Quick, part by part, or every byte: each mode proves what it says and names what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from bench.small_vault import SHARDS, SmallVault
from shared.domain.errors import InputError, IntegrityError
from shared.domain.jobs import SnapshotSummary
from shared.domain.verification import Mode
from shared.formats.digests import sha256
from shared.formats.manifests import Manifest, seal, unseal
from shared.formats.merkle import type_root
from shared.formats.rows import snapshot_key, snapshot_values
from shared.memory.signing import MemorySigning
from shared.ports import ANY, Put
from shared.runs.signing import Signing
from shared.runs.snapshots import Snapshots
from shared.runs.verifying import Verifying

TENANT = "7d1de5a0-0000-4000-8000-00000000c0de"
FIRST, SECOND = "20261119T220000Z-0a1b2c3d", "20261120T220000Z-0a1b2c3d"
Story = Callable[[SmallVault, SnapshotSummary, SnapshotSummary], Awaitable[None]]


def tell(story: Story) -> None:
    """Tell a story about two snapshots of one tenant."""

    async def told() -> None:
        vault = SmallVault()
        first = await vault.seal(TENANT, FIRST, "Oslo")
        await story(vault, first, await vault.seal(TENANT, SECOND, "Rome"))

    asyncio.run(told())


async def forged(vault: SmallVault, known: SnapshotSummary, manifest: Manifest) -> None:
    """Put another manifest in place, signed with the trusted key and listed: the writer itself was wrong."""
    content, digest = seal(manifest)
    vault.blobs.contents[known.manifest_name] = content
    vault.blobs.contents.pop(known.manifest_name.replace(".json", ".sig"))
    await vault.snapshots.signing.sign(vault.blobs, known.manifest_name, digest)
    await vault.list_as(msgspec.structs.replace(known, manifest_sha256=digest))


def manifest_of(vault: SmallVault, known: SnapshotSummary) -> Manifest:
    return unseal(vault.blobs.contents[known.manifest_name], name="m", expected=known.manifest_sha256)


def unsigned(vault: SmallVault) -> Verifying:
    return Verifying(Snapshots(vault.rows, vault.blobs, Signing()))


def test_full_proves_everything_of_one_snapshot() -> None:
    async def story(vault: SmallVault, _first: SnapshotSummary, second: SnapshotSummary) -> None:
        proven = await vault.verifying.verify(TENANT, SECOND)
        assert (proven.mode, proven.snapshots, proven.shards, proven.files) == (Mode.FULL, 1, SHARDS, 4)
        assert proven.objects == second.counts["objects"] + second.counts["softDeleted"]
        assert (proven.links, proven.is_chained, proven.is_signed) == (second.counts["links"], True, True)

    tell(story)


def test_the_parts_together_are_the_whole() -> None:
    async def story(vault: SmallVault, _first: SnapshotSummary, _second: SnapshotSummary) -> None:
        whole = await vault.verifying.verify(TENANT, SECOND)
        for count in (1, 2, 3):
            parts = [
                await vault.verifying.verify(TENANT, SECOND, Mode.SUBSET, (number, count))
                for number in range(1, count + 1)
            ]
            assert sum(part.shards for part in parts) == whole.shards
            assert sum(part.objects for part in parts) == whole.objects
            assert sum(part.links for part in parts) == whole.links

    tell(story)


def test_quick_proves_every_manifest_and_reads_nothing_else() -> None:
    async def story(vault: SmallVault, first: SnapshotSummary, second: SnapshotSummary) -> None:
        for name in [*vault.files(first), *vault.files(second)]:
            if "manifest" not in name:
                del vault.blobs.contents[name]
        proven = await vault.verifying.verify(TENANT, SECOND, Mode.QUICK)
        assert (proven.snapshots, proven.files, proven.is_chained, proven.is_signed) == (2, 0, True, True)
        with pytest.raises(IntegrityError, match="not there"):
            await vault.verifying.verify(TENANT, SECOND, Mode.SUBSET, (1, 1))

    tell(story)


def test_quick_names_another_snapshot_that_is_damaged() -> None:
    async def story(vault: SmallVault, first: SnapshotSummary, _second: SnapshotSummary) -> None:
        for name in (first.manifest_name, first.manifest_name.replace(".json", ".sig")):
            content = vault.blobs.contents.pop(name)
            with pytest.raises(IntegrityError) as refused:
                await vault.verifying.verify(TENANT, SECOND, Mode.QUICK)
            assert refused.value.name == name
            vault.blobs.contents[name] = content

    tell(story)


def test_without_a_key_a_snapshot_is_read_and_said_to_be_unsigned() -> None:
    async def story(vault: SmallVault, _first: SnapshotSummary, _second: SnapshotSummary) -> None:
        for mode in Mode:
            assert not (await unsigned(vault).verify(TENANT, SECOND, mode)).is_signed

    tell(story)


def test_every_read_of_a_snapshot_that_another_key_signed_is_refused() -> None:
    async def story(vault: SmallVault, _first: SnapshotSummary, _second: SnapshotSummary) -> None:
        other = MemorySigning(2)
        snapshots = Snapshots(vault.rows, vault.blobs, Signing(other, other))
        with pytest.raises(IntegrityError, match="not one that is trusted"):
            await snapshots.open(TENANT, SECOND)

    tell(story)


def test_a_broken_chain_is_named() -> None:
    async def story(vault: SmallVault, _first: SnapshotSummary, second: SnapshotSummary) -> None:
        manifest = msgspec.structs.replace(manifest_of(vault, second), previous_sha256=sha256(b"another"))
        await forged(vault, second, manifest)
        for mode in Mode:
            with pytest.raises(IntegrityError, match="the chain is broken"):
                await vault.verifying.verify(TENANT, SECOND, mode)

    tell(story)


def test_a_chain_whose_beginning_is_not_listed_is_said_to_be_open() -> None:
    async def story(vault: SmallVault, _first: SnapshotSummary, second: SnapshotSummary) -> None:
        manifest = msgspec.structs.replace(manifest_of(vault, second), sequence=4)
        await forged(vault, msgspec.structs.replace(second, sequence=4), manifest)
        for mode in Mode:
            assert not (await vault.verifying.verify(TENANT, SECOND, mode)).is_chained

    tell(story)


def test_two_snapshots_with_one_sequence_are_named() -> None:
    async def story(vault: SmallVault, first: SnapshotSummary, second: SnapshotSummary) -> None:
        manifest = msgspec.structs.replace(manifest_of(vault, second), sequence=first.sequence, previous_sha256="")
        await forged(vault, msgspec.structs.replace(second, sequence=first.sequence), manifest)
        with pytest.raises(IntegrityError, match="2 snapshots have sequence 1"):
            await vault.verifying.verify(TENANT, SECOND, Mode.QUICK)

    tell(story)


def test_a_merkle_root_that_the_objects_do_not_give_is_named() -> None:
    async def story(vault: SmallVault, _first: SnapshotSummary, second: SnapshotSummary) -> None:
        manifest = manifest_of(vault, second)
        roots = (sha256(b"another"), *manifest.types["user"].shard_roots[1:])
        facts = msgspec.structs.replace(manifest.types["user"], shard_roots=roots, root=type_root(roots))
        await forged(vault, second, msgspec.structs.replace(manifest, types={**manifest.types, "user": facts}))
        with pytest.raises(IntegrityError, match="shard 0: the Merkle root of user differs"):
            await vault.verifying.verify(TENANT, SECOND)
        with pytest.raises(IntegrityError, match="the Merkle root of user"):
            await vault.verifying.verify(TENANT, SECOND, Mode.SUBSET, (1, SHARDS))
        assert (await vault.verifying.verify(TENANT, SECOND, Mode.SUBSET, (2, SHARDS))).shards == 1

    tell(story)


def test_an_older_snapshot_listed_in_place_of_a_newer_one_is_refused() -> None:
    async def story(vault: SmallVault, first: SnapshotSummary, second: SnapshotSummary) -> None:
        replayed = msgspec.structs.replace(
            second, manifest_name=first.manifest_name, manifest_sha256=first.manifest_sha256
        )
        await vault.list_as(replayed)
        with pytest.raises(IntegrityError, match="another tenant or snapshot than it is listed for"):
            await vault.snapshots.open(TENANT, SECOND)

    tell(story)


def test_a_row_of_the_list_under_anothers_name_is_refused() -> None:
    async def story(vault: SmallVault, first: SnapshotSummary, _second: SnapshotSummary) -> None:
        await vault.rows.write(TENANT, [Put(snapshot_key(SECOND), snapshot_values(first), ANY)])
        with pytest.raises(IntegrityError, match="the row is that of another"):
            await vault.snapshots.open(TENANT, SECOND)

    tell(story)


@pytest.mark.parametrize("part", [(0, 1), (2, 1), (-1, 3), (1, 5000)])
def test_a_part_that_cannot_be_is_refused(part: tuple[int, int]) -> None:
    async def story(vault: SmallVault, _first: SnapshotSummary, _second: SnapshotSummary) -> None:
        with pytest.raises(InputError, match="it must be n/t"):
            await vault.verifying.verify(TENANT, SECOND, Mode.SUBSET, part)

    tell(story)
