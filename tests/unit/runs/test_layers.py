"""A restore point read through its base, type by type and link by link."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import SimpleNamespace
from typing import cast

from shared.catalogue.types import BY_NAME
from shared.compare.shards import Key
from shared.domain.ids import object_key
from shared.formats.manifests import Manifest
from shared.formats.objects import SOFT_DELETED, TOMBSTONE, IndexRow
from shared.formats.segments import shard_of
from shared.runs.bodies import Opener
from shared.runs.layers import LayeredReader
from tests.support.builders import an_id

USER, GROUP, POLICY = (BY_NAME[name].code for name in ("user", "group", "conditionalAccessPolicy"))
MEMBERS = 1


def key(label: str) -> bytes:
    return object_key(an_id(label))


def a_row(label: str, code: int, *, flags: int = 0, digest: bytes = bytes(16)) -> IndexRow:
    return IndexRow(key(label), digest, 0, 9, 0, code, flags)


def a_link(source: str, other: str, operation: bytes = b"") -> bytes:
    return bytes([MEMBERS]) + key(source) + (key(other) if other else bytes(16)) + operation


class Layer:
    """What one manifest lists, in memory; bodies say which layer they came from."""

    def __init__(self, name: str, rows: list[IndexRow], links: list[bytes], whole: dict[str, bool]) -> None:
        types = {known: SimpleNamespace(is_whole=is_whole) for known, is_whole in whole.items()}
        self.manifest = cast("Manifest", SimpleNamespace(types=types, shard_count=1))
        self._name, self._rows, self._links = name, rows, links

    async def index(self, shard: int, shard_count: int) -> list[IndexRow]:
        return [row for row in self._rows if shard_of(row.key, shard_count) == shard]

    async def links(self, shard: int, shard_count: int) -> set[bytes]:
        return {row for row in self._links if shard_of(row[1:17], shard_count) == shard}

    async def deleted(self, without: frozenset[int] = frozenset()) -> set[bytes]:
        return {row.key for row in self._rows if row.flags & SOFT_DELETED and row.type_code not in without}

    async def bodies(self, rows: list[IndexRow]) -> dict[Key, bytes]:
        return {(row.key, row.type_code): self._name.encode() for row in rows}

    async def opener(self, _rows: Iterable[IndexRow]) -> Opener:
        return lambda _row: self._name.encode()


def layered(*, whole: dict[str, bool]) -> LayeredReader:
    base = Layer(
        "base",
        [
            a_row("stays", USER),
            a_row("changes", USER),
            a_row("goes", USER),
            a_row("comes back", USER, flags=SOFT_DELETED),
            a_row("team", GROUP),
            a_row("binned", GROUP, flags=SOFT_DELETED),
            a_row("old policy", POLICY, flags=SOFT_DELETED),
        ],
        [a_link("team", "stays"), a_link("team", "goes"), a_link("binned", "stays")],
        {"user": True, "group": True, "conditionalAccessPolicy": True},
    )
    own = Layer(
        "own",
        [
            a_row("changes", USER, digest=b"n" * 16),
            a_row("goes", USER, flags=TOMBSTONE),
            a_row("comes back", USER),
            a_row("team", GROUP, digest=b"n" * 16),
            a_row("new policy", POLICY),
        ],
        [a_link("team", "", b"="), a_link("team", "stays", b"+"), a_link("team", "changes", b"+")],
        whole,
    )
    return LayeredReader(base, own)


PARTS = {"user": False, "group": False, "conditionalAccessPolicy": True}


def read(reader: LayeredReader, shard_count: int = 1) -> tuple[dict[bytes, bytes], set[bytes], set[bytes]]:
    """Return where each object's body is, the links and the deleted keys, read by so many shards."""

    async def story() -> tuple[dict[bytes, bytes], set[bytes], set[bytes]]:
        found: dict[bytes, bytes] = {}
        links: set[bytes] = set()
        for shard in range(shard_count):
            bodies = await reader.bodies(await reader.index(shard, shard_count))
            assert not {one for one, _code in bodies} & found.keys()
            found |= {one: body for (one, _code), body in bodies.items()}
            links |= await reader.links(shard, shard_count)
        return found, links, await reader.deleted()

    return asyncio.run(story())


def test_a_part_of_a_type_lies_over_the_base_and_a_whole_one_hides_it() -> None:
    found, links, deleted = read(layered(whole=PARTS))
    assert found == {
        key("stays"): b"base",
        key("binned"): b"base",
        key("changes"): b"own",
        key("comes back"): b"own",
        key("team"): b"own",
        key("new policy"): b"own",
    }
    assert links == {a_link("team", "stays"), a_link("team", "changes"), a_link("binned", "stays")}
    assert deleted == {key("binned")}


def test_any_number_of_shards_reads_the_same_state() -> None:
    assert read(layered(whole=PARTS), 4) == read(layered(whole=PARTS))


def test_links_of_a_whole_type_are_those_of_the_increment_alone() -> None:
    found, links, deleted = read(layered(whole={**PARTS, "group": True}))
    assert key("binned") not in found
    assert links == {a_link("team", "stays"), a_link("team", "changes")}
    assert deleted == set()


def test_a_type_that_the_restore_point_does_not_hold_is_not_read_from_its_base() -> None:
    found, links, deleted = read(layered(whole={"user": False}))
    assert found.keys() == {key("stays"), key("changes"), key("comes back"), key("team"), key("new policy")}
    assert a_link("binned", "stays") not in links
    assert deleted == set()
