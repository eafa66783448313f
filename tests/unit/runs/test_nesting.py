"""Groups above an account are found level by level, in stored states together and in the tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any, cast

from shared.domain.ids import object_key
from shared.recover.lockout.state import Edge
from shared.runs.nesting import MEMBERS, above
from tests.support.builders import an_id

ONE, INNER, MIDDLE, OUTER = (an_id(label) for label in ("emergency-1", "inner", "middle", "outer"))


class Side:
    """A stored state with these members of groups, in two shards."""

    def __init__(self, *edges: Edge) -> None:
        self.manifest = SimpleNamespace(shard_count=2)
        self._rows = [bytes([MEMBERS]) + object_key(group) + object_key(one) for group, one in edges]

    async def links(self, shard: int, count: int) -> Collection[bytes]:
        return self._rows[shard::count]


def found(*sides: Side) -> list[frozenset[Edge]]:
    return asyncio.run(above([ONE], *cast(Any, sides)))


def test_groups_are_followed_upwards_through_groups() -> None:
    edges = [(INNER, ONE), (MIDDLE, INNER), (OUTER, MIDDLE), (OUTER, an_id("somebody"))]
    assert found(Side(*edges)) == [frozenset(edges[:3])]


def test_a_link_of_one_state_goes_on_from_a_group_that_only_the_other_has_the_account_in() -> None:
    now, wanted = Side((OUTER, MIDDLE)), Side((INNER, ONE), (MIDDLE, INNER))
    assert found(now, wanted) == [{(OUTER, MIDDLE)}, {(INNER, ONE), (MIDDLE, INNER)}]
    assert found(now) == [frozenset()]


def test_groups_that_contain_each_other_come_to_an_end() -> None:
    assert found(Side((INNER, ONE), (MIDDLE, INNER), (INNER, MIDDLE)))[0] >= {(INNER, MIDDLE)}


def test_links_of_other_kinds_lead_nowhere() -> None:
    side = Side((INNER, ONE))
    side._rows = [bytes([MEMBERS + 1]) + row[1:] for row in side._rows]
    assert found(side) == [frozenset()]
