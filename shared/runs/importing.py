"""Take a snapshot back that was exported, into a vault that does not have it any more.

An import is named by the SHA-256 of its manifest, so nothing can be brought in under a manifest that it does not fit:
the manifest and its signature are put aside in the work container, each file is created in the vault only when it is
what that manifest says, and the manifest follows when every byte of the snapshot is proven. Until then no reader sees
any of it. Where a signing key is set, what no trusted key has signed is refused before anything enters the vault. A
restore point comes back once the snapshot that it lies over is there.

A crash at any line costs the request: all of them may be repeated, in any number, and create what is missing.
"""

from __future__ import annotations

import re

from shared.domain.errors import InputError, IntegrityError, NotFoundError
from shared.domain.ids import SNAPSHOT_ID
from shared.domain.jobs import SnapshotSummary
from shared.formats.digests import checked
from shared.formats.manifests import MANIFEST_BYTES_MAX, MANIFEST_NAME, Manifest, manifest_name, unseal
from shared.formats.signatures import DOCUMENT_BYTES_MAX, SIGNATURE_NAME, signature_name
from shared.ports import Blobs, Clock
from shared.runs.exporting import last_of
from shared.runs.proving import prove_shards
from shared.runs.snapshot_reader import SnapshotReader
from shared.runs.snapshots import Snapshots, summary_of

DIGEST = re.compile(r"[0-9a-f]{64}\Z")
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


class Importing:
    """Imports snapshots into one vault."""

    def __init__(self, snapshots: Snapshots, work: Blobs, clock: Clock) -> None:
        self._snapshots, self._work, self._clock = snapshots, work, clock

    async def put(self, tenant: str, digest: str, name: str, content: bytes) -> None:
        """Take one file: the manifest first, then its signature, then the files it lists.

        Raises InputError for what is not what the manifest says, NotFoundError for an import that was not begun or a
        file that it does not list, and IntegrityError when the vault has other bytes under the name.
        """
        if not DIGEST.match(digest):
            raise NotFoundError("import", digest[:80])
        staged = _staged(tenant, digest)
        if name == MANIFEST_NAME:
            _manifest_of(content, tenant, digest)
            await self._work.create(staged, content)
        elif name == SIGNATURE_NAME:
            await self._manifest(tenant, digest)
            await self._sign(staged, digest, content)
        else:
            manifest = await self._manifest(tenant, digest)
            await self._check_signature(staged, digest)
            await self._check_base(manifest)
            await self._listed(manifest, digest)
            await self._file(manifest, name, content)

    async def finish(self, tenant: str, digest: str) -> tuple[SnapshotSummary, bool]:
        """Prove every byte of the snapshot, then write its manifest and list it; tell also whether it is signed.

        Raises InputError when a file is still missing, or when another snapshot has its place in the sequence.
        """
        if not DIGEST.match(digest):
            raise NotFoundError("import", digest[:80])
        manifest, staged = await self._manifest(tenant, digest), _staged(tenant, digest)
        is_signed = await self._check_signature(staged, digest)
        await self._check_base(manifest)
        listed = await self._listed(manifest, digest)
        if listed is not None:
            return listed, is_signed
        try:
            await prove_shards(
                self._snapshots.vault,
                SnapshotReader(self._snapshots.vault, manifest),
                range(manifest.shard_count),
            )
        except IntegrityError as error:
            raise InputError(f"the import is not whole: {error}", member="file") from error
        name = manifest_name(f"{tenant}/{manifest.snapshot_id}")
        await self._snapshots.vault.create(name, await self._work.read(staged))
        try:
            await self._snapshots.vault.create(signature_name(name), await self._work.read(signature_name(staged)))
        except NotFoundError:
            assert not is_signed, "a signature that was checked is there"
        return await self._list(manifest, name, digest), is_signed

    async def _listed(self, manifest: Manifest, digest: str) -> SnapshotSummary | None:
        """Return the snapshot when it is listed already; raise InputError when another one has its place."""
        for known in await self._snapshots.listed(manifest.tenant):
            if known.manifest_sha256 == digest:
                return known
            if known.snapshot_id == manifest.snapshot_id or known.sequence == manifest.sequence:
                fact = f"snapshot {known.snapshot_id} has its place (sequence {known.sequence})"
                raise InputError(f"{manifest.snapshot_id} cannot be imported: {fact}", member="sequence")
        return None

    async def _check_base(self, manifest: Manifest) -> None:
        """Raise InputError for a restore point whose snapshot is not here: without it, it says nothing."""
        if manifest.base_id:
            try:
                await self._snapshots.base_of(manifest)
            except IntegrityError as error:
                fact = f"{manifest.snapshot_id} is a restore point over {manifest.base_id}: {error.fact}"
                raise InputError(f"{fact}; import that snapshot first", member="base_id") from error

    async def _list(self, manifest: Manifest, name: str, digest: str) -> SnapshotSummary:
        known = summary_of(manifest, name=name, sha256=digest, sealed_at=self._clock.now())
        await self._snapshots.list_again(known)
        return known

    async def _manifest(self, tenant: str, digest: str) -> Manifest:
        try:
            content = await self._work.read(_staged(tenant, digest))
        except NotFoundError:
            raise NotFoundError("import", digest) from None
        return _manifest_of(content, tenant, digest)

    async def _sign(self, staged: str, digest: str, content: bytes) -> None:
        """Put the signature aside once it is proven, so that a wrong one never takes the place of the right one."""
        if len(content) > DOCUMENT_BYTES_MAX:
            raise InputError(f"a signature of {len(content)} bytes is absurd", member=SIGNATURE_NAME)
        try:
            await self._snapshots.signing.prove(content, digest, name=SIGNATURE_NAME)
        except IntegrityError as error:
            raise InputError(str(error), member=SIGNATURE_NAME) from error
        await self._work.create(signature_name(staged), content)

    async def _check_signature(self, staged: str, digest: str) -> bool:
        try:
            return await self._snapshots.signing.check(self._work, staged, digest)
        except IntegrityError as error:
            raise InputError(f"{SIGNATURE_NAME}: {error.fact}", member=SIGNATURE_NAME) from error

    async def _file(self, manifest: Manifest, name: str, content: bytes) -> None:
        for file in manifest.files:
            if last_of(file.name) == name:
                try:
                    checked(content, name=name, length=file.length, expected=file.sha256)
                except IntegrityError as error:
                    raise InputError(str(error), member="file") from error
                await self._snapshots.vault.create(file.name, content, {"sha256": file.sha256, "rows": str(file.rows)})
                return
        raise NotFoundError("file", name[:80])


def _staged(tenant: str, digest: str) -> str:
    return manifest_name(f"{tenant}/imports/{digest}")


def _manifest_of(content: bytes, tenant: str, digest: str) -> Manifest:
    """Return a manifest that may be imported: this tenant's, whole, and naming nothing outside its own folder."""
    if len(content) > MANIFEST_BYTES_MAX:
        raise InputError(f"a manifest of {len(content)} bytes is absurd", member=MANIFEST_NAME)
    try:
        manifest = unseal(content, name=MANIFEST_NAME, expected=digest)
    except IntegrityError as error:
        raise InputError(str(error), member=MANIFEST_NAME) from error
    if manifest.tenant != tenant:
        raise InputError(f"the snapshot is that of tenant {manifest.tenant[:80]!r}", member="tenant")
    if not SNAPSHOT_ID.match(manifest.snapshot_id):
        raise InputError(f"{manifest.snapshot_id[:80]!r} is no snapshot id", member="snapshot_id")
    names = [file.name for file in manifest.files]
    for name in names:
        folder, _, last = name.rpartition("/")
        is_own = folder == f"{tenant}/{manifest.snapshot_id}" and FILE_NAME.match(last)
        if not is_own or last in {MANIFEST_NAME, SIGNATURE_NAME}:
            raise InputError(f"{name[:200]!r} is no file of the snapshot", member=MANIFEST_NAME)
    if len(set(names)) != len(names):
        raise InputError("the manifest lists a file twice", member=MANIFEST_NAME)
    return manifest
