"""Bring the links of changed objects up to date in a roll-forward.

An object that delta names and tells no links of has those of the state before. Of the others one page is read again.
Where links are more, those of the state before are brought up to date by what delta tells, so that a group of 100,000
members with one more costs what a small one does. They are read whole where that is not sound: the state before does
not hold the object as live, what delta tells contradicts itself, or telling links is to be avoided
(docs/decisions/0016). So are those that delta never tells of: sponsors of users, owners of applications.

Sponsors of agents are no property that delta tracks, and agents are few: all of them are read at the end.

Graph hides the links that lead to a soft-deleted object, and tells nobody when they are back with it. So whoever has
been restored since the state before is asked who has it as a member, owner or manager.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import kind_of
from shared.catalogue.types import BY_NAME
from shared.domain.changes import Json
from shared.domain.ids import object_key
from shared.formats.links import LinkSpool
from shared.formats.objects import ROW, SOFT_DELETED, IndexRow
from shared.formats.segments import shard_of
from shared.jobs.told import Told
from shared.ports import DeltaPage, Directory, Found
from shared.runs.finding import starting_with
from shared.runs.layers import Readable
from shared.runs.packed import packed_index
from shared.runs.snapshots import Snapshots
from shared.runs.tenure import Tenure

TOLD_MAX = 200  # objects whose links were told, as the batch's row names them: 8 KB; after that links are read whole


class TellingLinks:
    """The links of one page of changes."""

    def __init__(self, directory: Directory, snapshots: Snapshots) -> None:
        self._directory, self._snapshots = directory, snapshots

    async def update(
        self, tenure: Tenure, entry: ObjectType, page: DeltaPage, found: Mapping[str, Found], into: LinkSpool
    ) -> Json:
        """Put the links of every object of `page` into an increment; `found` are those of the objects that are live.

        Return what the batch's cursor has to keep for later pages.
        """
        before, kept = await self._before(tenure), told_before(tenure.batch.cursor)
        deleted = await before.deleted() if before and found else set()
        restored = [object_id for object_id in found if object_key(object_id) in deleted]
        unsound = {*restored, *kept["told"]}
        sound = set[str]()
        if before and page.told is not None:
            sound = await self._held_live(before, entry, [one for one in found if one not in unsound])
        for reference in entry.references:
            others = expanded(found) if reference.name == expandable(entry) else {}
            live = [object_id for object_id in found if object_id not in others]
            if kinds := reference.of_kinds:  # of a type that is carried on, all of them are read at the end
                live = [] if before else [one for one in live if kind_of(found[one].body or b"{}") in kinds]
            telling, whole = dict[str, Told](), live
            if page.told is not None and before and reference.is_told:
                telling = {one: Told() for one in sound if (one, reference.name) not in page.told}
                others = {one: links for one, links in others.items() if one not in telling}
                whole = [one for one in live if one not in telling]
                if not reference.is_single and len(kept["told"]) < TOLD_MAX:
                    short, whole = await self._short(entry, reference.name, whole)
                    others |= short
                    known = {one: page.told[one, reference.name] for one in whole if one in sound}
                    settled = {one: told for one, told in known.items() if told.is_settled}
                    telling |= settled
                    whole = [one for one in whole if one not in settled]
                    kept = {"told": sorted({*kept["told"], *settled})}
            others |= await self._directory.references(entry, reference.name, whole) if whole else {}
            for object_id in page.changed:
                if object_id not in telling:
                    into.reset(reference.code, object_id)
            added = {**others, **{one: set(told.added) for one, told in telling.items()}}
            into.add_linked(reference.code, [(source, sorted(added[source])) for source in sorted(added)])
            for object_id, told in telling.items():
                for other in sorted(told.removed):
                    into.take(reference.code, object_id, other)
        await self._back(entry, restored, into)
        return kept

    async def of_kinds(self, tenure: Tenure, entry: ObjectType, into: LinkSpool) -> None:
        """Read every link that only derived types have, for a type that is carried on: delta does not tell of them."""
        if not tenure.batch.argument.get("carried") or tenure.batch.cursor.get("resync"):
            return
        for listing in entry.listings():
            cursor: str | None = "" if listing.kind == "links" and listing.is_of_kind else None
            while cursor is not None:
                page = await self._directory.page(listing, cursor)
                code = entry.reference(listing.expand).code
                for source, _others in page.linked:
                    into.reset(code, source)
                into.add_linked(code, page.linked)
                cursor = page.cursor

    async def _before(self, tenure: Tenure) -> Readable | None:
        """Return the state that the type is carried on from, None where it is read whole in this job."""
        name = str(tenure.batch.argument.get("before", ""))
        if not name or not tenure.batch.argument.get("carried") or tenure.batch.cursor.get("resync"):
            return None
        return await self._snapshots.open(tenure.job.tenant, name)

    async def _short(self, entry: ObjectType, reference: str, live: list[str]) -> tuple[dict[str, set[str]], list[str]]:
        """Return the links of those that have one page of them at most, and who has more."""
        found = await self._directory.short_references(entry, reference, live) if live else {}
        others = {known: links for known, links in found.items() if links is not None}
        return others, [known for known, links in found.items() if links is None]

    async def _held_live(self, before: Readable, entry: ObjectType, object_ids: Sequence[str]) -> set[str]:
        """Return those of the objects that the state before holds as live: what it holds of their links is all."""
        count = before.manifest.shard_count
        by_shard: dict[int, dict[bytes, str]] = {}
        for object_id in object_ids:
            key = object_key(object_id)
            by_shard.setdefault(shard_of(key, count), {})[key] = object_id
        found: set[str] = set()
        for shard, wanted in by_shard.items():
            block = await packed_index(before, (shard, count))
            rows = [row_of(known) for key in wanted for known in starting_with(block, ROW.size, key)]
            live = [row for row in rows if row.type_code == entry.code and not row.flags & SOFT_DELETED]
            found |= {wanted[row.key] for row in live}
        return found

    async def _back(self, entry: ObjectType, restored: Sequence[str], into: LinkSpool) -> None:
        """Add the links that lead to objects which are back from the recycle bin."""
        for held in await self._directory.holders(entry, restored) if restored else []:
            into.add(BY_NAME[held.type].reference(held.reference).code, held.source_id, held.other_id)


def row_of(packed: bytes) -> IndexRow:
    """Return the index row that these bytes are."""
    return IndexRow._make(ROW.unpack(packed))


def expandable(entry: ObjectType) -> str:
    """Return the reference whose links are asked for with every object of a type: one that delta tells nothing of.

    A list expands one only. The empty string where a type has none.
    """
    everybodys = [reference for reference in entry.references if not reference.of_kinds]
    return next((known.name for known in sorted(everybodys, key=lambda known: known.is_told)), "")


def expanded(found: Mapping[str, Found]) -> dict[str, set[str]]:
    """Return the links that came with the objects, for those with which all came."""
    return {known: set(one.others) for known, one in found.items() if one.others is not None}


def told_before(cursor: Json) -> Json:
    """Return what the cursor of a batch keeps of the objects whose links were told on earlier pages.

    They are read whole when they come again: which of two parts of one round is the later word is not known.
    """
    return {"told": list(cursor.get("told", ()))}
