"""An import brings back what was exported and nothing else, whatever it is offered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from shared.domain.errors import InputError, NotFoundError
from shared.domain.jobs import SnapshotSummary
from shared.formats.digests import sha256
from shared.formats.manifests import Manifest, seal, unseal
from shared.memory.blobs import MemoryBlobs
from shared.memory.rows import MemoryRows
from shared.memory.signing import MemorySigning
from shared.runs.exporting import Exporting
from shared.runs.importing import Importing
from shared.runs.signing import Signing
from shared.runs.snapshots import Snapshots
from shared.runs.verifying import Verifying
from tests.support.builders import TENANT, a_user_body, an_id
from tests.support.deaths import Deaths, Instance, Killed, Mortal
from tests.support.states import States, StoppedClock

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"


async def exported(days: int = 1) -> tuple[States, list[dict[str, bytes]]]:
    """Return a vault and the files of each of its snapshots, by their last names."""
    states = States()
    for day in range(days):
        await states.seal([a_user_body(day=day)], {an_id("group-1"): [an_id("user-1")]})
    exporting, exports = Exporting(states.snapshots), list[dict[str, bytes]]()
    for known in states.listed:
        names = [file.name for file in (await exporting.listed(known)).files]
        exports.append({name: await exporting.file(known, name) for name in (MANIFEST, SIGNATURE, *names)})
    return states, exports


def a_new_account(work: MemoryBlobs | None = None) -> tuple[States, Importing]:
    states = States()
    return states, Importing(states.snapshots, work or MemoryBlobs(), StoppedClock())


async def brought(importing: Importing, files: dict[str, bytes], tenant: str = TENANT) -> SnapshotSummary:
    """Import all files, the manifest and its signature first."""
    digest = sha256(files[MANIFEST])
    for name, content in files.items():
        await importing.put(tenant, digest, name, content)
    return (await importing.finish(tenant, digest))[0]


def test_every_file_comes_back_as_it_was_and_the_snapshot_is_listed_as_before() -> None:
    async def story() -> None:
        old, exports = await exported(days=2)
        new, importing = a_new_account()
        for files, known in zip(exports, old.listed, strict=True):
            again = await brought(importing, files)
            sealing = {name: getattr(known, name) for name in ("sealed_at", "protection", "alerts")}
            assert msgspec.structs.replace(again, **sealing) == known
        assert new.vault.contents == {
            name: content for name, content in old.vault.contents.items() if "/history/" not in name
        }

    asyncio.run(story())


def altered(**members: Any) -> Callable[[Manifest], Manifest]:
    return lambda manifest: msgspec.structs.replace(manifest, **members)


def renamed(name: str) -> Callable[[Manifest], Manifest]:
    def act(manifest: Manifest) -> Manifest:
        first = msgspec.structs.replace(manifest.files[0], name=name)
        return msgspec.structs.replace(manifest, files=(first, *manifest.files[1:]))

    return act


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (altered(tenant=an_id("stranger")), an_id("stranger")),
        (altered(snapshot_id="../other"), "../other"),
        (renamed(f"{TENANT}/20000101T000000Z-00000000/00000.objects.ndz"), "no file of the snapshot"),
        (renamed(f"{TENANT}/20261120T220000Z-00000000/../x"), "no file of the snapshot"),
        (renamed(f"{TENANT}/20261120T220000Z-00000000/manifest.json"), "no file of the snapshot"),
        (lambda manifest: msgspec.structs.replace(manifest, files=manifest.files * 2), "twice"),
    ],
)
def test_a_manifest_that_may_not_be_imported_is_refused_by_name(
    change: Callable[[Manifest], Manifest], said: str
) -> None:
    async def story() -> None:
        _old, (files,) = await exported()
        content, digest = seal(change(unseal(files[MANIFEST], name=MANIFEST, expected=None)))
        _new, importing = a_new_account()
        with pytest.raises(InputError, match=said):
            await importing.put(TENANT, digest, MANIFEST, content)

    asyncio.run(story())


def test_what_no_trusted_key_has_signed_never_enters_the_vault() -> None:
    async def story() -> None:
        old, (files,) = await exported()
        content, digest = seal(msgspec.structs.replace(unseal(files[MANIFEST], name="", expected=None), tool="forged"))
        new, importing = a_new_account()
        await importing.put(TENANT, digest, MANIFEST, content)
        with pytest.raises(InputError, match="not over this manifest"):
            await importing.put(TENANT, digest, SIGNATURE, files[SIGNATURE])
        for name in (name for name in files if name not in {MANIFEST, SIGNATURE}):
            with pytest.raises(InputError, match="unsigned"):
                await importing.put(TENANT, digest, name, files[name])
        with pytest.raises(InputError, match="unsigned"):
            await importing.finish(TENANT, digest)
        assert new.vault.contents == {}
        assert old.vault.contents

    asyncio.run(story())


def test_without_a_key_an_import_is_taken_and_said_to_be_unsigned() -> None:
    async def story() -> None:
        _old, (files,) = await exported()
        snapshots = Snapshots(States().rows, MemoryBlobs(), Signing())
        importing = Importing(snapshots, MemoryBlobs(), StoppedClock())
        digest = sha256(files[MANIFEST])
        for name, content in files.items():
            if name != SIGNATURE:
                await importing.put(TENANT, digest, name, content)
        assert (await importing.finish(TENANT, digest))[1] is False

    asyncio.run(story())


def test_files_that_are_not_what_the_manifest_says_are_refused() -> None:
    async def story() -> None:
        _old, (files,) = await exported()
        new, importing = a_new_account()
        digest = sha256(files[MANIFEST])
        with pytest.raises(NotFoundError, match=digest):
            await importing.put(TENANT, digest, "00000.objects.ndz", b"")
        with pytest.raises(InputError, match="SHA-256"):
            await importing.put(TENANT, digest, MANIFEST, files[MANIFEST] + b" ")
        with pytest.raises(NotFoundError, match=r"\.\./x"):
            await importing.put(TENANT, "../x", MANIFEST, files[MANIFEST])
        await importing.put(TENANT, digest, MANIFEST, files[MANIFEST])
        await importing.put(TENANT, digest, SIGNATURE, files[SIGNATURE])
        name = next(name for name in files if name.endswith(".objects.ndz"))
        for wrong in (b"", files[name][:-1], files[name] + b"\0", bytes(len(files[name]))):
            with pytest.raises(InputError, match=name):
                await importing.put(TENANT, digest, name, wrong)
        for unlisted in ("x.ndz", "../manifest.json", f"{TENANT}/x"):
            with pytest.raises(NotFoundError):
                await importing.put(TENANT, digest, unlisted, files[name])
        with pytest.raises(InputError, match="not whole"):
            await importing.finish(TENANT, digest)
        assert new.vault.contents == {}
        assert await new.snapshots.listed(TENANT) == []

    asyncio.run(story())


def test_a_place_in_the_sequence_that_is_taken_is_not_taken_twice() -> None:
    async def story() -> None:
        _old, (files,) = await exported()
        new, importing = a_new_account()
        await new.seal([a_user_body("user-9")])
        before = dict(new.vault.contents)
        with pytest.raises(InputError, match="sequence 1"):
            await brought(importing, files)
        assert new.vault.contents == before
        assert [known.manifest_sha256 for known in await new.snapshots.listed(TENANT)] == [
            new.listed[0].manifest_sha256
        ]

    asyncio.run(story())


def test_the_readable_form_of_an_object_has_one_spelling_whatever_the_snapshot() -> None:
    async def story() -> None:
        states = States()
        members = [an_id(f"user-{number}") for number in range(40)]
        users = [a_user_body(f"user-{number}") for number in range(40)]
        await states.seal(users, {an_id("group-1"): members}, shards=1)
        turned = [dict(reversed(user.items())) for user in reversed(users)]
        await states.seal(turned, {an_id("group-1"): members[::-1]}, shards=1)
        exporting = Exporting(states.snapshots)
        lines = [await exporting.objects(known, 0) for known in states.listed]
        assert lines[0] == lines[1]
        (group,) = [msgspec.json.decode(line) for line in lines[0].splitlines() if b'"type":"group"' in line]
        assert group["links"] == {"members": sorted(members)}
        with pytest.raises(NotFoundError):
            await exporting.objects(states.listed[0], 1)

    asyncio.run(story())


def test_an_import_may_die_at_any_call_and_the_same_requests_again_finish_it() -> None:
    async def made() -> dict[str, bytes]:
        return (await exported())[1][0]

    files = asyncio.run(made())

    async def story(deaths: Deaths) -> tuple[bool, Deaths]:
        """Import under `deaths`, then again with nobody dying; tell whether nothing half done was ever to be seen."""
        rows, vault, work = MemoryRows(StoppedClock()), MemoryBlobs(StoppedClock()), MemoryBlobs(StoppedClock())
        signing, is_well = MemorySigning(), True
        for run in range(2):
            ports = [Mortal(port, deaths if run == 0 else Deaths(), Instance()) for port in (rows, vault, work)]
            snapshots = Snapshots(ports[0], ports[1], Signing(signing, signing))
            with contextlib.suppress(Killed):
                await brought(Importing(snapshots, ports[2], StoppedClock()), files)
            whole = Snapshots(rows, vault, Signing(signing, signing))
            for known in await whole.listed(TENANT):
                is_well = is_well and (await Verifying(whole).verify(TENANT, known.snapshot_id)).is_signed
        stored = {name.rpartition("/")[2]: content for name, content in vault.contents.items()}
        return is_well and stored == files and len(await whole.listed(TENANT)) == 1, deaths

    is_well, undisturbed = asyncio.run(story(Deaths()))
    assert is_well
    assert undisturbed.calls > 30
    for when in ("before", "after"):
        ends = {call: asyncio.run(story(Deaths({call: when}))) for call in range(1, undisturbed.calls + 1)}
        assert not {call for call, (is_well, deaths) in ends.items() if not is_well or deaths.fired != 1}
