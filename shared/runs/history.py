"""Every version of one object across the snapshots of a tenant, with what changed between them.

The change index says which states to look at; what is told is read from those states' own files, each proven as every
read is. So the cost follows the number of versions: at most 22 reads for the index, then 4 or 5 for each state looked
at. Where the index is missing, damaged or contradicted, the states that it should speak of are all read: slow, right,
and said in `notes`. A state that is damaged is left out, named, and the one after it is looked at instead.

Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from shared.catalogue.types import BY_CODE, TYPES
from shared.compare.steps import unread_references
from shared.compare.versions import LinkChange, Places, Seen, Told, own_changes, places, versions
from shared.domain.errors import InputError, IntegrityError, NotFoundError
from shared.domain.ids import object_key
from shared.domain.jobs import SnapshotSummary
from shared.formats.change_index import ChangeIndex, ChangeRow, rows_of
from shared.formats.objects import IndexRow
from shared.formats.segments import shard_of
from shared.runs import finding
from shared.runs.change_indexes import in_order, newest_index, shard_rows
from shared.runs.layers import Readable
from shared.runs.snapshots import Snapshots

STATES_TRIED = 4  # the newest may still be indexing; an index further back saves less than looking for it costs
NOTES_MAX = 20


class History:
    """Looks back over the snapshots of one vault."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots

    async def of(self, tenant: str, object_id: str, type_name: str = "") -> Told:
        """Return every version of an object; raise NotFoundError when no kept snapshot has it.

        Raises InputError when objects of several types have the id and `type_name` does not choose one.
        """
        states = in_order(await self._snapshots.listed(tenant))
        key, notes = object_key(object_id), list[str]()
        found, index_notes = await self._places(states, key)
        notes += index_notes
        look = Look(self._snapshots, states, key, type_name)
        seen = await look.at(found)
        if _contradicts(found, seen):
            notes.append("the change index is contradicted by the snapshots; every one of them was read")
            seen = await look.at(msgspec.structs.replace(found, unknown=frozenset(range(len(states)))))
        if look.type_code is None:
            raise NotFoundError("object", object_id)
        entry = BY_CODE[look.type_code]
        return Told(
            object_id=object_id,
            type=entry.name,
            versions=versions(entry, seen),
            states={one.position: states[one.position] for one in seen},
            notes=tuple([*notes, *look.notes][:NOTES_MAX]),
        )

    async def _places(self, states: Sequence[SnapshotSummary], key: bytes) -> tuple[Places, list[str]]:
        """Return where to look, from the newest index that can be read, and what it does not speak of."""
        sequences = [known.sequence for known in states]
        index = await newest_index(self._snapshots, states[-STATES_TRIED:])
        is_known = [False] * len(states)
        rows: list[ChangeRow] = []
        notes: list[str] = []
        if index is not None:
            covered = {number for run in index.runs for number in range(run.first, run.last + 1)} - {*index.omitted}
            rows, lost, notes = await self._rows(index, key, oldest=sequences[0])
            is_known = [number in covered - lost for number in sequences]
        if is_known:
            is_known[0] = True  # it is looked at anyway, and nothing before it matters
        unknown = is_known.count(False)
        if unknown:
            noun = "snapshot is" if unknown == 1 else "snapshots are"
            notes.append(f"{unknown} {noun} not in the change index; each of them was read")
        return places(sequences, rows, is_known), notes

    async def _rows(
        self, index: ChangeIndex, key: bytes, *, oldest: int
    ) -> tuple[list[ChangeRow], set[int], list[str]]:
        """Return the rows of one object, the sequences whose rows cannot be read, and why."""
        rows: list[ChangeRow] = []
        lost: set[int] = set()
        notes: list[str] = []
        for run in index.runs:
            if run.last <= oldest:
                continue
            try:
                content = await shard_rows(self._snapshots.vault, run, shard_of(key, index.shard_count))
            except IntegrityError as error:
                lost |= set(range(run.first, run.last + 1))
                notes.append(f"a part of the change index cannot be read: {error}")
                continue
            rows += [row for row in rows_of(content, key) if run.first <= row.sequence <= run.last]
        return rows, lost, notes


class Look:
    """Looks at one object in chosen states, in their order."""

    def __init__(self, snapshots: Snapshots, states: Sequence[SnapshotSummary], key: bytes, type_name: str) -> None:
        self._snapshots, self._states, self._key, self._type_name = snapshots, states, key, type_name
        self._held: dict[int, frozenset[str]] = {}
        self.type_code: int | None = None
        self.notes: list[str] = []

    async def at(self, found: Places) -> list[Seen]:
        """Return the object as it is in every state that `found` asks for, in the first, and in the last."""
        wanted = {0, len(self._states) - 1, *found.named, *found.unknown, *found.linked, *found.incoming}
        wanted |= {position + 1 for position in found.unknown}  # what an unknown state did may be undone after it
        links_at = {*found.linked, *found.unknown, *(position + 1 for position in found.unknown)}
        self.notes = []
        links: set[finding.Link] = set()
        seen: list[Seen] = []
        for position in range(len(self._states)):
            if position not in wanted:
                continue
            reads_links = bool(links_at) and (not seen or position in links_at)
            try:
                reader = await self._snapshots.open(self._states[position].tenant, self._states[position].snapshot_id)
                if self._leaves_out(reader, position):
                    continue
                one = await self._one(reader, position, seen[-1] if seen else None)
                changes = await self._incoming(reader, found.incoming.get(position, ()))
                if reads_links:
                    before, links = links, await self._own_links(reader, links)
                    changes += own_changes(before, links) if seen else ()
            except IntegrityError as error:
                self.notes.append(f"snapshot {self._states[position].snapshot_id} is damaged and left out: {error}")
                wanted.add(position + 1)
                links_at |= {position + 1} if reads_links else set()
                continue
            seen.append(msgspec.structs.replace(one, links=changes))
        return [one for one in seen if self._entry_name() in self._held[one.position]]

    async def _own_links(self, reader: Readable, before: set[finding.Link]) -> set[finding.Link]:
        """Return the object's links in one state; of references that it could not read, those of the state before."""
        unread = {code for entry in TYPES for code in unread_references(entry, reader.manifest.incomplete)}
        found = await finding.own_links(reader, self._key)
        return {link for link in found if link[0] not in unread} | {link for link in before if link[0] in unread}

    def _leaves_out(self, reader: Readable, position: int) -> bool:
        """Note what a state holds; tell whether the object's type is known and the state was taken without it."""
        self._held[position] = frozenset(reader.manifest.types)
        return self.type_code is not None and self._entry_name() not in self._held[position]

    def _entry_name(self) -> str:
        return "" if self.type_code is None else BY_CODE[self.type_code].name

    async def _one(self, reader: Readable, position: int, earlier: Seen | None) -> Seen:
        """Return the object in one state; a body that the state before has as well is not read again."""
        row = self._chosen(await finding.rows_of(reader, self._key))
        if row is None:
            return Seen(position=position)
        if earlier is not None and earlier.row is not None and earlier.row.digest == row.digest:
            return Seen(position=position, row=row, body=earlier.body)
        return Seen(position=position, row=row, body=await finding.body_of(reader, row))

    def _chosen(self, rows: list[IndexRow]) -> IndexRow | None:
        """Return the row of the type that is asked for, or of the only type there is; raise InputError for several."""
        known = [row for row in rows if row.type_code in BY_CODE]
        if self._type_name:
            known = [row for row in known if BY_CODE[row.type_code].name == self._type_name]
        elif self.type_code is not None:
            known = [row for row in known if row.type_code == self.type_code]
        if len(known) > 1:
            names = ", ".join(sorted(BY_CODE[row.type_code].name for row in known))
            raise InputError(f"objects of several types have this id: {names}; name one of them", member="type")
        for row in known:
            self.type_code = row.type_code
        return known[0] if known else None

    async def _incoming(self, reader: Readable, changes: Sequence[LinkChange]) -> tuple[LinkChange, ...]:
        """Return those changes of others' links to the object that the snapshot bears out; the rest is said."""
        proven: list[LinkChange] = []
        for change in changes:
            has = (change.code, self._key) in await finding.own_links(reader, change.other)
            if has == change.is_added:
                proven.append(change)
            else:
                self.notes.append(f"snapshot {reader.manifest.snapshot_id} does not bear out a link of the index")
        return tuple(proven)


def _contradicts(found: Places, seen: Sequence[Seen]) -> bool:
    """Tell whether a state differs from the one looked at before it although nothing was known to happen between."""
    known = {*found.named, *found.unknown, *(position + 1 for position in found.unknown)}
    for earlier, now in pairwise(seen):
        old = earlier.row and (earlier.row.digest, earlier.row.flags)
        new = now.row and (now.row.digest, now.row.flags)
        if old != new and not any(earlier.position < position <= now.position for position in known):
            return True
    return False
