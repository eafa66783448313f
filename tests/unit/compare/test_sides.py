"""What two states may be asked about each other."""

from __future__ import annotations

from shared.compare.sides import alike, asked_once
from shared.formats.manifests import TypeFacts


def facts(**selects: str) -> dict[str, TypeFacts]:
    return {
        name: TypeFacts(objects=0, soft_deleted=0, links={}, select=tuple(select.split()), root="", shard_roots=())
        for name, select in selects.items()
    }


THEN, NOW = facts(user="id city", group="id"), facts(user="id city state", namedLocation="id")


def test_a_property_that_one_side_never_asked_for_is_no_difference() -> None:
    once = asked_once("user", THEN, NOW)
    assert once == {"state"}
    assert alike({"city": "Oslo"}, {"city": "Rome", "state": "x"}, once) == ({"city": "Oslo"}, {"city": "Rome"})
    both = ({"state": "y"}, {"state": "x"})
    assert alike(*both, once) == both, "a body that has it all the same is compared by it"
    assert alike(None, {"state": "x"}, once) == (None, {"state": "x"})
