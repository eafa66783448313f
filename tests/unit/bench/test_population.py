"""The tenant that is only a rule has the shape it promises, and two of them differ where they say so."""

from __future__ import annotations

import json
from typing import Any

from bench.population import Population

POPULATION = Population(5_000, 21_000)


def _objects(population: Population, kind: str) -> dict[str, dict[str, Any]]:
    """Return every object of a kind by id, read page by page."""
    found: dict[str, dict[str, Any]] = {}
    for page in range(20):
        answer = json.loads(population.object_page(kind, page))
        found |= {thing["id"]: thing for thing in answer["value"]}
        if "@odata.nextLink" not in answer:
            return found
    raise AssertionError("the pages do not end")


def test_objects_are_as_many_and_as_large_as_asked_for() -> None:
    kinds = [_objects(POPULATION, kind) for kind in ("user", "deleted", "group")]
    assert sum(map(len, kinds)) == 5_000
    sizes = [len(POPULATION.body("user", number)) for number in range(100)]
    assert 1_800 < sum(sizes) / len(sizes) < 2_100


def test_links_are_as_many_as_asked_for_and_none_comes_twice() -> None:
    members = [POPULATION.members(number) for number in range(POPULATION.groups)]
    assert sum(map(len, members)) + POPULATION.groups == 21_000
    assert all(len(set(ids)) == len(ids) for ids in members)


def test_links_lead_to_users_there_are() -> None:
    users = _objects(POPULATION, "user").keys()
    assert all(users >= set(POPULATION.members(number)) for number in range(0, POPULATION.groups, 50))


def test_the_changed_share_and_nothing_else_differs() -> None:
    changed = Population(5_000, 21_000, changed=0.02)
    for kind in ("user", "group"):
        before, now = _objects(POPULATION, kind), _objects(changed, kind)
        assert before.keys() == now.keys()
        assert sum(before[key] != now[key] for key in before) == int(len(before) * 0.02)
    assert _objects(POPULATION, "deleted") == _objects(changed, "deleted")
