"""A shard of two states side by side: what needs a look, and which links are differences of their own."""

from __future__ import annotations

import random

from shared.compare.shards import Indexes, link_differences, types_in
from shared.domain.changes import Action, LinkDifference
from shared.domain.ids import object_key
from shared.domain.scope import EVERYTHING, Scope
from shared.formats.objects import KEY_AND_TYPE, ROW, SOFT_DELETED, IndexRow
from tests.support.builders import a_link, an_id

USER, GROUP, UNKNOWN = 1, 2, 99
MEMBERS, OWNERS = 1, 2


def a_row(label: str, *, digest: str = "same", type_code: int = USER, flags: int = 0) -> IndexRow:
    return IndexRow(object_key(an_id(label)), digest.encode().ljust(16), 0, 0, 0, type_code, flags)


def packed(rows: list[IndexRow]) -> bytes:
    return b"".join(ROW.pack(*row) for row in sorted(rows, key=KEY_AND_TYPE))


def looked_at(target: list[IndexRow], current: list[IndexRow], scope: Scope = EVERYTHING) -> set[bytes]:
    found = Indexes(packed(target), packed(current)).suspects()
    return {key[0] for key in found if key[1] in types_in(scope, {USER, GROUP, UNKNOWN})}


def a_link_row(source: str, other: str, code: int = MEMBERS) -> bytes:
    return bytes([code]) + object_key(an_id(source)) + object_key(an_id(other))


def differences(
    target: set[bytes], current: set[bytes], *, then: tuple[str, ...] = (), now: tuple[str, ...] = ()
) -> dict[bytes, tuple[LinkDifference, ...]]:
    found = link_differences(
        b"".join(sorted(target)),
        b"".join(sorted(current)),
        target_deleted={object_key(an_id(label)) for label in then},
        current_deleted={object_key(an_id(label)) for label in now},
    )
    return {key: links for (key, _type), links in found.items()}


def test_an_object_with_the_same_digest_is_not_looked_at() -> None:
    assert looked_at([a_row("a")], [a_row("a")]) == set()


def test_an_object_with_another_digest_is_looked_at() -> None:
    assert looked_at([a_row("a")], [a_row("a", digest="other")]) == {object_key(an_id("a"))}


def test_few_and_many_differences_in_a_long_shard_are_all_found() -> None:
    chance = random.Random(11)
    for changed in (0, 1, 40, 900):
        target = {number: a_row(f"long {number}") for number in range(1000)}
        current = dict(target)
        for number in chance.sample(range(1000), changed):
            one = chance.choice(["gone", "new", "digest", "flags"])
            if one == "gone":
                del current[number]
            elif one == "new":
                del target[number]
            else:
                other = {"digest": b"x" * 16} if one == "digest" else {"flags": SOFT_DELETED}
                current[number] = target[number]._replace(**other)
        expected = {
            row.key: (target.get(number), current.get(number))
            for number, row in (target | current).items()
            if target.get(number) != current.get(number)
        }
        found = Indexes(packed([*target.values()]), packed([*current.values()])).suspects()
        assert {key[0]: pair for key, pair in found.items()} == expected
        assert list(found) == sorted(found)


def test_an_object_on_one_side_only_is_looked_at() -> None:
    assert looked_at([a_row("a")], [a_row("b")]) == {object_key(an_id("a")), object_key(an_id("b"))}


def test_an_object_that_moved_to_the_recycle_bin_unchanged_is_looked_at() -> None:
    assert looked_at([a_row("a")], [a_row("a", flags=SOFT_DELETED)]) == {object_key(an_id("a"))}


def test_where_a_body_lies_does_not_matter() -> None:
    assert looked_at([a_row("a")], [a_row("a")._replace(offset=9, length=9, line=9)]) == set()


def test_what_is_out_of_scope_or_of_an_unknown_type_is_not_looked_at() -> None:
    target = [a_row("a"), a_row("b"), a_row("c", type_code=GROUP), a_row("d", type_code=UNKNOWN)]
    assert looked_at(target, [], Scope(ids={"user": (an_id("a"),)})) == {object_key(an_id(one)) for one in ("a", "b")}
    assert looked_at(target, [], Scope(types=("group",))) == {object_key(an_id("c"))}
    assert object_key(an_id("d")) not in looked_at(target, [])


def test_a_link_that_is_missing_now_is_to_be_added() -> None:
    found = differences({a_link_row("g", "u")}, set())
    assert found == {object_key(an_id("g")): (a_link("u"),)}


def test_a_link_that_is_new_now_is_to_be_removed() -> None:
    found = differences(set(), {a_link_row("g", "u", OWNERS)})
    assert found == {object_key(an_id("g")): (a_link("u", reference="owners", action=Action.UNLINK),)}


def test_the_same_links_are_no_difference() -> None:
    assert differences({a_link_row("g", "u")}, {a_link_row("g", "u")}) == {}


def test_a_link_to_a_member_that_is_in_the_recycle_bin_now_is_hidden_not_missing() -> None:
    assert differences({a_link_row("g", "u")}, set(), now=("u",)) == {}


def test_a_link_to_a_member_that_was_in_the_recycle_bin_then_is_hidden_not_new() -> None:
    assert differences(set(), {a_link_row("g", "u")}, then=("u",)) == {}


def test_the_links_of_a_group_that_is_in_the_recycle_bin_are_hidden_with_it() -> None:
    assert differences({a_link_row("g", "u")}, set(), now=("g",)) == {}


def test_hiding_one_end_hides_no_other_link() -> None:
    found = differences({a_link_row("g", "u"), a_link_row("g", "v")}, set(), now=("u",))
    assert found == {object_key(an_id("g")): (a_link("v"),)}


def test_a_link_of_an_unknown_reference_is_left_out() -> None:
    assert differences({a_link_row("g", "u", 99)}, set()) == {}
