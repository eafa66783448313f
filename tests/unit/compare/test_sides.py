"""What two states may be asked about each other."""

from __future__ import annotations

import pytest

from shared.compare.sides import alike, asked_once, comparable
from shared.domain.errors import InputError
from shared.domain.scope import EVERYTHING, Scope
from shared.formats.manifests import TypeFacts


def facts(**selects: str) -> dict[str, TypeFacts]:
    return {
        name: TypeFacts(objects=0, soft_deleted=0, links={}, select=tuple(select.split()), root="", shard_roots=())
        for name, select in selects.items()
    }


THEN, NOW = facts(user="id city", group="id"), facts(user="id city state", namedLocation="id")


def test_only_types_that_both_sides_captured_are_compared_and_the_others_are_named() -> None:
    assert comparable(EVERYTHING, THEN, NOW) == (["user"], ["group", "namedLocation"])
    assert comparable(Scope(types=("user",)), THEN, NOW) == (["user"], [])


@pytest.mark.parametrize("scope", [Scope(types=("user", "group")), Scope(ids={"namedLocation": ("x",)})])
def test_asking_for_a_type_that_a_side_lacks_is_refused(scope: Scope) -> None:
    with pytest.raises(InputError, match="has not captured the type"):
        comparable(scope, THEN, NOW)


def test_a_property_that_one_side_never_asked_for_is_no_difference() -> None:
    once = asked_once("user", THEN, NOW)
    assert once == {"state"}
    assert alike({"city": "Oslo"}, {"city": "Rome", "state": "x"}, once) == ({"city": "Oslo"}, {"city": "Rome"})
    both = ({"state": "y"}, {"state": "x"})
    assert alike(*both, once) == both, "a body that has it all the same is compared by it"
    assert alike(None, {"state": "x"}, once) == (None, {"state": "x"})
