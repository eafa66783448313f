"""What a capture takes over from the sealed state before it: which files, of which types, and what its manifest says.

Reads only. The state before is proven by its manifest and signature before anything of it is copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from shared.catalogue.types import BY_NAME, reference_of_code
from shared.domain.changes import Json
from shared.domain.ids import KEY_BYTES
from shared.domain.jobs import Batch, Step
from shared.domain.times import parse_time
from shared.formats.manifests import Consistency, Manifest, TypeFacts, UnfoundLink
from shared.jobs.flow import totals
from shared.ports import Blobs
from shared.runs.layers import whole_codes
from shared.runs.overlay import HEAD, Source
from shared.runs.resyncing import reason
from shared.runs.snapshots import Snapshots

UNFOUND = "unfound."
UNFOUND_LISTED_MAX = 20  # of one batch that seals; all are counted


@dataclass(frozen=True)
class Taken:
    """What is taken over: `before` is carried on for the types `names`; `over` is the base of a restore point."""

    sources: tuple[Source, ...] = ()
    names: frozenset[str] = frozenset()
    before: Manifest | None = None
    over: Manifest | None = None
    over_sha256: str = ""
    facts: Json = field(default_factory=dict)

    @property
    def is_increment(self) -> bool:
        """Whether what is sealed lies over a base."""
        return self.over is not None

    @property
    def began_at(self) -> datetime | None:
        """When reading began."""
        text = self.facts.get("beganAt")
        return parse_time(text) if text else None

    def of_type(self, facts: TypeFacts, name: str) -> TypeFacts:
        """Return what the manifest says of a type, with the way it was read."""
        known = self.before.types.get(name) if self.before and name in self.names else None
        if known is None:
            said = self.facts.get("ways", {}).get(name, {})
            began_at = self.facts.get("beganAt")
            return msgspec.structs.replace(
                facts, why=said.get("why", ""), full_at=parse_time(began_at) if began_at else None
            )
        # A restore point holds a type whole when an earlier one over the same base already did.
        is_whole = not self.is_increment or (bool(self.before and self.before.is_increment) and known.is_whole)
        return msgspec.structs.replace(facts, way="delta", is_whole=is_whole, full_at=known.full_at)


async def taken(snapshots: Snapshots, tenant: str, batches: Sequence[Batch]) -> Taken:
    """Return what the capture with these batches takes over; raise IntegrityError when it is not what was sealed."""
    facts = next((dict(batch.cursor) for batch in batches if batch.step is Step.PREPARE), {})
    if not facts.get("before"):
        return Taken(facts=facts)
    again = {str(batch.argument["type"]): reason(batch.cursor) for batch in batches if reason(batch.cursor)}
    facts["ways"] = {**facts["ways"], **{name: {"way": "full", "why": why} for name, why in again.items()}}
    names = frozenset(facts["carried"]) - set(again)
    known = await snapshots.named(tenant, facts["before"])
    before = (await snapshots.prove(known))[0].manifest
    base = (await snapshots.base_of(before)).manifest if before.is_increment else before
    sources = _sources(snapshots.vault, base, before, names, is_increment=bool(facts["over"]))
    if not facts["over"]:
        return Taken(sources=sources, names=names, before=before, facts=facts)
    sha256 = before.base_sha256 if before.is_increment else known.manifest_sha256
    return Taken(sources=sources, names=names, before=before, over=base, over_sha256=sha256, facts=facts)


def consistency(said: Taken, batches: Sequence[Batch]) -> Consistency:
    """Return the notes of the manifest, from what the batches counted and listed."""
    sums = totals(batches)
    listed = [row for batch in batches if batch.step is Step.SEAL for row in batch.cursor.get("unfound", ())]
    return Consistency(
        began_at=said.began_at,
        lagged=sums.get("lagged", 0),
        unfound={name.removeprefix(UNFOUND): count for name, count in sums.items() if name.startswith(UNFOUND)},
        unfound_links=tuple(msgspec.convert(listed, list[UnfoundLink])),
    )


def unfound(links: Iterable[bytes], gone: frozenset[bytes]) -> list[UnfoundLink]:
    """Return the links among rows of one shard whose other end a second read did not find, in order."""
    if not gone:
        return []
    rows = sorted(row for row in links if row[HEAD : HEAD + KEY_BYTES] in gone)
    return [
        UnfoundLink(reference=name, source=row[1:HEAD].hex(), other=row[HEAD : HEAD + KEY_BYTES].hex())
        for row in rows
        if (name := _reference(row[0]))
    ]


def _reference(code: int) -> str:
    known = reference_of_code(code)
    return f"{known[0].name}.{known[1]}" if known else ""


def _sources(
    vault: Blobs, base: Manifest, before: Manifest, names: frozenset[str], *, is_increment: bool
) -> tuple[Source, ...]:
    """Return what to merge, the oldest first: the base unless an increment is made over it, then what lies over it."""
    codes = frozenset(BY_NAME[name].code for name in names)
    found = [] if is_increment else [Source(vault, base.files, is_increment=False, codes=codes)]
    if before.is_increment:
        found = [
            Source(source.blobs, source.files, is_increment=False, codes=codes - whole_codes(before))
            for source in found
        ]
        found.append(Source(vault, before.files, is_increment=True, codes=codes))
    return tuple(found)
