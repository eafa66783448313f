"""The ids of a large scope: in a file of their own, because a job's row is small and written often.

The file is created before the job's row, once, under the job's id; the row names it with its digest. A crash between
the two leaves a file that no job names, which the pruner removes. In the row the scope's types have no ids, so that a
job whose file cannot be read acts on nothing; it fails by the name of the file instead.
"""

from __future__ import annotations

import msgspec

from shared.catalogue.types import BY_NAME
from shared.domain.errors import InputError, IntegrityError, NotFoundError
from shared.domain.jobs import Job
from shared.domain.scope import IDS_IN_ROW_MAX, IDS_MAX, Scope, ScopeFile, ScopePart
from shared.formats.records import SCOPE, decode_records, encode_records
from shared.ports import Blobs

SCOPE_PLACE = "scope.ndz"
PART_IDS_MAX = 1_000  # of one line of the file


class Scopes:
    """Large scopes of one deployment's jobs."""

    def __init__(self, work: Blobs) -> None:
        self._work = work
        self._last: tuple[str, Scope] | None = None  # by digest: each batch of a job asks for the same one

    async def kept(self, job: Job) -> Job:
        """Return the job as its row shall hold it, a large scope stored beside it; raise InputError beyond IDS_MAX."""
        ids, size = job.scope.ids, job.scope.size
        if ids is None or size <= IDS_IN_ROW_MAX:
            return job
        if size > IDS_MAX:
            raise InputError(f"{size} objects are named; at most {IDS_MAX} can be: name types", member="scope")
        content, digest = encode_records(SCOPE, parts_of(ids))
        name = f"{job.tenant}/{job.job_id}/{SCOPE_PLACE}"
        await self._work.create(name, content)
        counts = {type_name: len(found) for type_name, found in ids.items()}
        return msgspec.structs.replace(
            job,
            scope=Scope(ids=dict.fromkeys(ids, ())),
            scope_file=ScopeFile(name=name, sha256=digest, counts=counts),
        )

    async def whole(self, job: Job) -> Job:
        """Return the job with every id of its scope; raise IntegrityError naming a file that is not as it was."""
        file = job.scope_file
        if file is None:
            return job
        if self._last is None or self._last[0] != file.sha256:
            self._last = (file.sha256, await self._read(file))
        return msgspec.structs.replace(job, scope=self._last[1])

    async def _read(self, file: ScopeFile) -> Scope:
        try:
            content = await self._work.read(file.name)
        except NotFoundError:
            raise IntegrityError(file.name, "the ids of the job's scope are missing") from None
        found: dict[str, tuple[str, ...]] = dict.fromkeys(file.counts, ())
        listed: dict[str, list[str]] = {}
        for part in decode_records(content, ScopePart, SCOPE, name=file.name, expected=file.sha256):
            listed.setdefault(part.type, []).extend(part.ids)
        found |= {type_name: tuple(ids) for type_name, ids in listed.items()}
        if {
            type_name: len(ids) for type_name, ids in found.items()
        } != file.counts or not found.keys() <= BY_NAME.keys():
            raise IntegrityError(file.name, "it does not list as many ids of each type as the job's row says")
        return Scope(ids=found)


def parts_of(ids: dict[str, tuple[str, ...]]) -> list[ScopePart]:
    """Return the lines of a scope's file: the ids in the order in which they were named."""
    return [
        ScopePart(type=type_name, ids=named[start : start + PART_IDS_MAX])
        for type_name, named in ids.items()
        for start in range(0, len(named), PART_IDS_MAX)
    ]
