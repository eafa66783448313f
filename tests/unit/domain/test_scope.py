"""A scope covers what it names and nothing else."""

from __future__ import annotations

from shared.domain.changes import Action, change_id
from shared.domain.scope import EVERYTHING, Scope
from tests.support.builders import an_id


def test_everything_covers_every_type_and_object() -> None:
    assert EVERYTHING.covers_type("user")
    assert EVERYTHING.covers("group", an_id("group-1"))


def test_a_scope_of_types_covers_all_objects_of_them_only() -> None:
    scope = Scope(types=("user",))
    assert scope.covers("user", an_id("anyone"))
    assert not scope.covers_type("group")
    assert not scope.covers("group", an_id("anyone"))


def test_a_scope_of_ids_covers_those_objects_only() -> None:
    scope = Scope(ids={"user": (an_id("chosen"),)})
    assert scope.covers("user", an_id("chosen"))
    assert not scope.covers("user", an_id("other"))
    assert not scope.covers("group", an_id("chosen"))
    assert not scope.covers_type("group")


def test_ids_are_compared_without_regard_to_case() -> None:
    assert Scope(ids={"user": (an_id("chosen"),)}).covers("user", an_id("chosen").upper())


def test_an_empty_list_of_types_covers_nothing() -> None:
    assert not Scope(types=()).covers_type("user")
    assert not Scope(ids={}).covers("user", an_id("anyone"))


def test_a_change_has_the_same_id_whenever_it_is_planned() -> None:
    first = change_id(Action.LINK, "group", "g", "members", "u")
    assert first == change_id(Action.LINK, "group", "g", "members", "u") == "link:group:g:members:u"
    assert first != change_id(Action.UNLINK, "group", "g", "members", "u")
    assert first != change_id(Action.LINK, "group", "g", "owners", "u")
