"""A state read through the id map: objects, what names them, and links, by their new ids."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import cast

import msgspec

from shared.catalogue.identity import object_id_of
from shared.catalogue.types import BY_NAME
from shared.compare.shards import Key
from shared.domain.changes import Json
from shared.domain.ids import object_key
from shared.domain.renewals import IdMap
from shared.formats.digests import body_digest
from shared.formats.manifests import Manifest
from shared.formats.objects import SOFT_DELETED, IndexRow
from shared.formats.segments import shard_of
from shared.runs.bodies import Opener
from shared.runs.mapped import MappedReader
from tests.support.builders import an_id

MEMBERS, SHARDS = 1, 4
OLD, NEW, ANN, TEAM = (an_id(label) for label in ("old", "new", "ann", "team"))
MAP = IdMap({OLD: NEW}, frozenset({"group"}))


class Stored:
    """A state in memory, spread over four shards."""

    def __init__(self, objects: Mapping[str, list[Json]], links: Iterable[tuple[str, str]] = ()) -> None:
        self.manifest = cast("Manifest", SimpleNamespace(shard_count=SHARDS, types={}))
        self.held: dict[Key, bytes] = {}
        self.rows: list[IndexRow] = []
        for name, bodies in objects.items():
            entry = BY_NAME[name]
            for body in bodies:
                content, key = msgspec.json.encode(body), object_key(object_id_of(entry, body))
                self.held[key, entry.code] = content
                self.rows.append(IndexRow(key, body_digest(content), 0, len(content), 0, entry.code, 0))
        self._links = {bytes([MEMBERS]) + object_key(one) + object_key(other) for one, other in links}

    async def index(self, shard: int, shard_count: int) -> list[IndexRow]:
        return [row for row in self.rows if shard_of(row.key, shard_count) == shard]

    async def links(self, shard: int, shard_count: int) -> set[bytes]:
        return {row for row in self._links if shard_of(row[1:17], shard_count) == shard}

    async def deleted(self, without: frozenset[int] = frozenset()) -> set[bytes]:
        return {row.key for row in self.rows if row.flags & SOFT_DELETED and row.type_code not in without}

    async def bodies(self, rows: list[IndexRow]) -> dict[Key, bytes]:
        return {(row.key, row.type_code): self.held[row.key, row.type_code] for row in rows}

    async def opener(self, rows: Iterable[IndexRow]) -> Opener:
        assert list(rows) is not None
        return lambda row: self.held[row.key, row.type_code]


def read(stored: Stored, known: IdMap = MAP) -> tuple[dict[Key, Json], set[bytes]]:
    """Return every body by key and every link row of the state read through the map."""

    async def story() -> tuple[dict[Key, Json], set[bytes]]:
        mapped = MappedReader(stored, known)
        bodies: dict[Key, Json] = {}
        links: set[bytes] = set()
        for shard in range(SHARDS):
            rows = await mapped.index(shard, SHARDS)
            assert all(shard_of(row.key, SHARDS) == shard for row in rows)
            opened = await mapped.opener(rows)
            for (key, code), body in (await mapped.bodies(rows)).items():
                bodies[key, code] = msgspec.json.decode(body)
            for row in rows:
                assert msgspec.json.decode(opened(row)) == bodies[row.key, row.type_code]
                assert body_digest(opened(row)) == row.digest
            found = await mapped.links(shard, SHARDS)
            assert all(shard_of(row[1:17], SHARDS) == shard for row in found)
            links |= found
        return bodies, links

    return asyncio.run(story())


def test_an_object_lies_under_its_new_id_and_nowhere_else() -> None:
    bodies, _links = read(Stored({"group": [{"id": OLD, "displayName": "old"}, {"id": TEAM, "displayName": "team"}]}))
    code = BY_NAME["group"].code
    assert bodies == {
        (object_key(NEW), code): {"id": NEW, "displayName": "old"},
        (object_key(TEAM), code): {"id": TEAM, "displayName": "team"},
    }


def test_what_names_it_names_the_new_id_and_what_people_wrote_stays() -> None:
    policy = {"id": ANN, "description": f"for {OLD}", "conditions": {"users": {"excludeGroups": [OLD.upper(), TEAM]}}}
    bodies, _links = read(Stored({"conditionalAccessPolicy": [policy]}))
    [body] = bodies.values()
    assert body["conditions"] == {"users": {"excludeGroups": [NEW, TEAM]}}
    assert body["description"] == f"for {OLD}"


def test_an_assignment_that_is_known_by_what_it_says_lies_where_the_new_one_does() -> None:
    assignment = {"principalId": OLD, "roleDefinitionId": TEAM, "directoryScopeId": "/", "id": "x"}
    bodies, _links = read(Stored({"unifiedRoleAssignment": [assignment]}))
    assert list(bodies) == [(object_key(f"{NEW}/{TEAM}//"), BY_NAME["unifiedRoleAssignment"].code)]


def test_links_from_it_and_to_it_are_by_the_new_id() -> None:
    _bodies, links = read(Stored({}, [(OLD, ANN), (TEAM, OLD), (TEAM, ANN)]))
    ends = [(NEW, ANN), (TEAM, NEW), (TEAM, ANN)]
    assert links == {bytes([MEMBERS]) + object_key(one) + object_key(other) for one, other in ends}


def test_an_object_in_the_recycle_bin_is_there_under_its_new_id() -> None:
    stored = Stored({"group": [{"id": OLD}]})
    stored.rows = [row._replace(flags=SOFT_DELETED) for row in stored.rows]
    assert asyncio.run(MappedReader(stored, MAP).deleted()) == {object_key(NEW)}


def test_types_that_cannot_name_what_the_map_has_are_not_opened() -> None:
    stored = Stored({"user": [{"id": ANN, "identityParentId": OLD}]})
    stored.held.clear()  # whoever opens a body now fails

    async def rows() -> list[IndexRow]:
        return [row for shard in range(SHARDS) for row in await MappedReader(stored, MAP).index(shard, SHARDS)]

    assert [row.key for row in asyncio.run(rows())] == [object_key(ANN)]
