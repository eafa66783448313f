"""The promises of shared/recover/rewriting.py over changes of every type."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import object_id_of
from shared.catalogue.types import TYPES, type_named
from shared.domain.changes import Action, Change, Json, change_id
from shared.recover.rewriting import ids_in, is_known_by_content, naming, naming_any, rewritten
from shared.recover.writes import link_strokes, object_stroke
from tests.properties.strategies import entries, modest, values

OLD = [str(uuid.UUID(int=number << 64 | 0x4000 << 64 | number)) for number in range(1, 12)]
NEW = {old: str(uuid.UUID(int=uuid.UUID(old).int ^ (0xFFFF << 96))) for old in OLD}
OTHERS = [str(uuid.UUID(int=number << 96 | 0x4000 << 64)) for number in range(20, 24)]

# Every way in which Graph writes an id into a property: alone, in a rule, a scope, a query, an address; in any case.
spellings = st.sampled_from(
    [
        "{}",
        "user.memberof -any (group.objectId -in ['{}'])",
        "/administrativeUnits/{}",
        "/groups/{}/transitiveMembers",
        "api://{}/access",
    ]
)
spelled = st.builds(
    lambda text, known, shouts: text.format(known.upper() if shouts else known),
    spellings,
    st.sampled_from([*OLD, *OTHERS]),
    st.booleans(),
)
holding = st.recursive(
    spelled | values,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Return a change of any type whose properties hold ids, as the catalogue declares."""
    entry = draw(entries)
    names = [*naming(entry), *(known.name for known in entry.properties)]
    target: Json = draw(st.dictionaries(st.sampled_from(names), values, max_size=3))
    target |= {name: draw(holding) for name in draw(st.sets(st.sampled_from(naming(entry) or ("description",))))}
    target = {name: value for name, value in target.items() if name in naming(entry) or not ids_in(value)}
    body = {name: draw(st.sampled_from([*OLD, *OTHERS])) for name in entry.identity or (entry.key,)}
    action = draw(st.sampled_from([Action.UPDATE, Action.RECREATE, Action.LINK, Action.SOFT_DELETE]))
    is_link = action is Action.LINK and bool(entry.references)
    action = action if is_link or action is not Action.LINK else Action.UPDATE
    reference = draw(st.sampled_from([known.name for known in entry.references])) if is_link else ""
    known = object_id_of(entry, body)
    return Change(
        change_id=change_id(action, entry.name, known, reference),
        type=entry.name,
        object_id=known,
        display_name="",
        action=action,
        target={} if is_link else target,
        reference=reference,
        other_id=draw(st.sampled_from([*OLD, *OTHERS])) if is_link else "",
    )


def written(change: Change) -> str:
    """Return everything that Graph is sent for the change: address and body."""
    entry = type_named(change.type)
    if change.action is Action.LINK:
        (stroke,) = link_strokes(entry, [change])
    else:
        current: Json = {"id": change.object_id, **change.target}
        stroke = object_stroke(entry, change, current, change.target)
    return f"{stroke.write.path} {stroke.write.body.decode()}"


@modest
@given(change=changes())
def test_r1_no_old_id_is_left_in_what_is_written_of_an_object_that_has_a_new_one(change: Change) -> None:
    after = rewritten(change, NEW)
    is_about_the_old = change.action is Action.RECREATE and not is_known_by_content(type_named(change.type))
    assert ids_in(written(after)).isdisjoint(OLD) or is_about_the_old
    if is_about_the_old:
        assert ids_in([after.target, after.expected, after.other_id]).isdisjoint(OLD)


@modest
@given(change=changes())
def test_r1_every_place_that_named_an_old_id_names_the_new_one(change: Change) -> None:
    after = rewritten(change, NEW)
    assert ids_in(after.target) == {NEW.get(known, known) for known in ids_in(change.target)}
    assert naming_any(type_named(change.type), after.target, set(OLD)) == []


@modest
@given(change=changes())
def test_r2_a_change_that_names_no_old_id_comes_back_as_it_is(change: Change) -> None:
    assert rewritten(change, {}) == change
    strangers = {known: an_old for known, an_old in NEW.items() if known not in ids_in(msgspec.to_builtins(change))}
    assert rewritten(change, strangers) == change


@modest
@given(change=changes())
def test_r3_a_change_keeps_its_own_id(change: Change) -> None:
    assert rewritten(change, NEW).change_id == change.change_id


def test_r2_what_people_wrote_is_left_as_it_is() -> None:
    note = f"replaces {OLD[0]}"
    change = Change(
        change_id="c",
        type="group",
        object_id=OTHERS[0],
        display_name="",
        action=Action.UPDATE,
        target={"description": note, "membershipRule": f"user.objectId -in ['{OLD[0]}']"},
    )
    after = rewritten(change, NEW)
    assert after.target == {"description": note, "membershipRule": f"user.objectId -in ['{NEW[OLD[0]]}']"}


@pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry.name)
def test_the_catalogue_declares_ids_only_in_properties_that_it_has_and_of_types_that_it_has(entry: ObjectType) -> None:
    known: set[Any] = {each.name for each in entry.properties} | set(entry.identity) | set(entry.ends)
    assert set(naming(entry)) <= known
    assert {name for names in entry.names.values() for name in names} <= {each.name for each in TYPES}
