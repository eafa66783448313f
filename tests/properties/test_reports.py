"""Reports of whole pairs of tenants, sealed and compared by the product, against a comparison too simple to be wrong.

The naive comparison looks at every object of both sides, one after the other; the product looks at sorted bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.catalogue.group import GROUP
from shared.catalogue.types import BY_CODE, BY_NAME
from shared.catalogue.user import USER
from shared.compare.judge import Side, judge
from shared.compare.references import kept_links
from shared.domain.changes import Action, Difference, Json, LinkDifference
from shared.domain.ids import object_key
from shared.domain.scope import EVERYTHING, Scope
from shared.formats.digests import body_digest
from shared.formats.manifests import Manifest, TypeFacts
from shared.formats.objects import SOFT_DELETED, IndexRow
from shared.formats.segments import shard_of
from shared.runs.bodies import Opener
from shared.runs.differing import compared, differences_of
from shared.runs.facing import opened
from tests.support.builders import AT, TENANT, an_id

modest = settings(deadline=None, derandomize=True, max_examples=40)
IDS = [an_id(f"object-{number}") for number in range(8)]
TYPES = {object_id: (USER if number % 2 else GROUP) for number, object_id in enumerate(IDS)}
values = st.sampled_from([None, "a", "b"])
states = st.fixed_dictionaries(
    {"city": values, "department": values, "description": values, "createdDateTime": values, "isDeleted": st.booleans()}
)
tenants = st.builds(
    lambda bodies, links: Tenant(bodies, {(one, other) for one, other in links if one in bodies and other in bodies}),
    st.dictionaries(st.sampled_from(IDS), states),
    st.sets(st.tuples(st.sampled_from(IDS[::2]), st.sampled_from(IDS))),
)
shard_counts = st.sampled_from([1, 2, 4])


@dataclass
class Tenant:
    """Objects by id and members as (group, other); a side of a comparison that answers from memory."""

    bodies: dict[str, Json]
    links_of: set[tuple[str, str]]
    manifest: Manifest = field(init=False)

    def __post_init__(self) -> None:
        facts = TypeFacts(objects=0, soft_deleted=0, links={}, select=("id",), root="", shard_roots=())
        self.manifest = Manifest(
            tenant=TENANT,
            snapshot_id="s",
            job_id="j",
            sequence=0,
            previous_sha256="",
            created_at=AT,
            rolled_forward_at=AT,
            shard_count=1,
            types={"user": facts, "group": facts},
            files=(),
            tool="",
        )

    def body(self, object_id: str) -> Json:
        known = {name: value for name, value in self.bodies[object_id].items() if name != "isDeleted"}
        return {"id": object_id, "displayName": object_id[:4], **known}

    def is_deleted(self, object_id: str) -> bool:
        return bool(self.bodies[object_id]["isDeleted"])

    async def index(self, shard: int, shard_count: int) -> list[IndexRow]:
        rows: list[IndexRow] = []
        for object_id in self.bodies:
            key, body = object_key(object_id), msgspec.json.encode(self.body(object_id), order="sorted")
            if shard_of(key, shard_count) == shard:
                flags = SOFT_DELETED if self.is_deleted(object_id) else 0
                rows.append(IndexRow(key, body_digest(body), len(rows), 1, 0, TYPES[object_id].code, flags))
        return rows

    async def links(self, shard: int, shard_count: int) -> set[bytes]:
        rows = {bytes([1]) + object_key(one) + object_key(other) for one, other in self.links_of}
        return {row for row in rows if shard_of(row[1:17], shard_count) == shard}

    async def deleted(self, without: frozenset[int] = frozenset()) -> set[bytes]:
        return {object_key(one) for one in self.bodies if self.is_deleted(one) and TYPES[one].code not in without}

    async def opener(self, _rows: Iterable[IndexRow]) -> Opener:
        by_key = {object_key(one): one for one in self.bodies}
        return lambda row: msgspec.json.encode(self.body(by_key[row.key]))


def side(tenant: Tenant) -> Any:
    """Return the tenant as the comparison reads it."""

    class Reading:
        manifest = tenant.manifest
        index, links, deleted, opener = tenant.index, tenant.links, tenant.deleted, tenant.opener

    return Reading()


def report(target: Tenant, current: Tenant, scope: Scope = EVERYTHING, shards: int = 2) -> list[Difference]:
    """Return the product's rows, by id."""

    async def story() -> list[Difference]:
        sides = await opened(side(target), side(current))
        found: list[Difference] = []
        for shard in range(shards):
            found += await differences_of(sides, scope, (shard, shards))
        return found

    return sorted(asyncio.run(story()), key=lambda row: row.object_id)


def naive(target: Tenant, current: Tenant) -> list[Difference]:
    """Return the rows that looking at everything gives."""
    rows = []
    hidden = {one for tenant in (target, current) for one in tenant.bodies if tenant.is_deleted(one)}
    for object_id in sorted({*target.bodies, *current.bodies}):
        entry = TYPES[object_id]
        then, now = (
            Side(one.body(object_id), is_deleted=one.is_deleted(object_id)) if object_id in one.bodies else Side(None)
            for one in (target, current)
        )
        links: list[LinkDifference] = []
        for present, absent, action in ((target, current, Action.LINK), (current, target, Action.UNLINK)):
            gone = {other for one, other in present.links_of - absent.links_of if one == object_id}
            links += [
                LinkDifference(reference="members", other_id=other, action=action)
                for other in sorted(gone)
                if not {object_id, other} & hidden
            ]
        kept = kept_links(entry, tuple(links), then.body, now.body)
        row = judge(entry, object_id, then, now, kept)
        if row is not None:
            rows.append(row)
    return rows


@modest
@given(target=tenants, current=tenants, shards=shard_counts)
def test_a_report_is_what_looking_at_everything_gives(target: Tenant, current: Tenant, shards: int) -> None:
    assert report(target, current, shards=shards) == naive(target, current)


@modest
@given(target=tenants, current=tenants, chosen=st.sets(st.sampled_from(IDS), min_size=1))
def test_a_scoped_report_is_the_filter_of_the_full_one(target: Tenant, current: Tenant, chosen: set[str]) -> None:
    full = report(target, current)
    ids = {
        entry.name: tuple(one for one in sorted(chosen) if TYPES[one] is entry)
        for entry in (USER, GROUP)
        if any(TYPES[one] is entry for one in chosen)
    }
    scoped = report(target, current, Scope(ids=ids))
    assert scoped == [row for row in full if row.object_id in chosen]
    by_type = report(target, current, Scope(types=("group",)))
    assert by_type == [row for row in full if row.type == "group"]


@modest
@given(target=tenants, current=tenants, chosen=st.sets(st.sampled_from(IDS), min_size=1), shards=shard_counts)
def test_ids_that_neither_side_has_are_named_once(
    target: Tenant, current: Tenant, chosen: set[str], shards: int
) -> None:
    ids = {name: tuple(one for one in sorted(chosen) if TYPES[one].name == name) for name in ("user", "group")}

    async def story() -> list[str]:
        sides = await opened(side(target), side(current))
        scope = Scope(ids={name: some for name, some in ids.items() if some})
        return [
            one.object_id for shard in range(shards) for one in (await compared(sides, scope, (shard, shards), str))[1]
        ]

    assert sorted(asyncio.run(story())) == sorted(chosen - {*target.bodies, *current.bodies})


def applied(rows: list[Difference], current: Tenant, target: Tenant) -> Tenant:
    """Return `current` after everything that the rows say; what is gone for good is made anew as it was."""
    bodies, links = {one: dict(body) for one, body in current.bodies.items()}, set(current.links_of)
    for row in rows:
        if row.action is Action.SOFT_DELETE:
            bodies[row.object_id]["isDeleted"] = True
            continue
        body = bodies.setdefault(row.object_id, {**target.bodies[row.object_id]})
        body |= {name: value for name, value in row.target.items() if name in body}
        body["isDeleted"] = False
        for link in row.links:
            change = links.add if link.action is Action.LINK else links.discard
            change((row.object_id, link.other_id))
    return Tenant(bodies, links)


@modest
@given(target=tenants, current=tenants)
def test_applying_a_report_leaves_nothing_to_report_but_links_that_were_hidden(target: Tenant, current: Tenant) -> None:
    after = applied(report(target, current), current, target)
    rest = report(target, after)
    assert [row for row in rest if row.target or row.action is not Action.UPDATE] == []
    hidden = {one for tenant in (target, current) for one in tenant.bodies if tenant.is_deleted(one)}
    hidden |= {one for one in target.bodies if one not in current.bodies}
    for row in rest:
        assert all(link.other_id in hidden or row.object_id in hidden for link in row.links)


def test_the_types_of_these_tenants_are_the_catalogues() -> None:
    assert [BY_NAME["user"], BY_NAME["group"]] == [BY_CODE[USER.code], BY_CODE[GROUP.code]] == [USER, GROUP]
