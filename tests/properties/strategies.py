"""What the properties are tried on: bodies, differences and histories of any shape the catalogue allows.

Examples are the same on every run, so that a red build is red again on the next machine.
"""

from __future__ import annotations

import uuid
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import BY_NAME, TYPES
from shared.domain.changes import Action, Difference, Json, LinkDifference

modest = settings(deadline=None, derandomize=True, max_examples=50)

entries = st.sampled_from(TYPES)
# Few ids, so that two sides often speak of the same object; one ends in zero bytes, which careless readers strip.
object_ids = st.sampled_from(
    [
        *(str(uuid.UUID(int=number << 64 | 0x4000 << 64 | number)) for number in range(1, 12)),
        f"{'a' * 8}-0000-4000-8000-" + "0" * 12,
    ]
)
texts = st.text(max_size=8)
plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts
values: st.SearchStrategy[Any] = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def bodies(draw: st.DrawFn, entry: ObjectType) -> Json:
    """Return a body with some of the type's properties and perhaps one that the catalogue does not know."""
    names = [known.name for known in entry.properties if known.name != "id" and known.call is None]
    body = draw(st.dictionaries(st.sampled_from([*names, "newInGraph"]), values, max_size=4))
    return {"id": draw(object_ids), **body}


links = st.builds(
    LinkDifference,
    reference=st.sampled_from(["members", "owners"]),
    other_id=object_ids,
    action=st.sampled_from([Action.LINK, Action.UNLINK]),
)


def actions_of(entry: ObjectType) -> list[Action]:
    """Return what a report can say of an object of the type: only a recycle bin brings back or takes in."""
    with_bin = [Action.RESTORE, Action.SOFT_DELETE] if entry.has_bin else []
    return [Action.UPDATE, Action.RECREATE, *with_bin]


@st.composite
def one_difference(draw: st.DrawFn) -> Difference:
    """Return a row of a report of any type, action and values, refused or not."""
    entry = draw(entries)
    target = draw(bodies(entry))
    return Difference(
        type=entry.name,
        object_id=target.pop("id"),
        display_name=draw(texts),
        action=draw(st.sampled_from(actions_of(entry))),
        target=target,
        current=dict.fromkeys(target),
        links=tuple(draw(st.lists(links, max_size=3))) if entry.references else (),
        refusal=draw(st.sampled_from(["", "", "", "mastered on premises"])),
    )


def _identity(row: Difference) -> tuple[str, str]:
    return row.type, row.object_id


# A report has one row per object at most; one that would re-create an object says why it is left alone, unless the
# object is known by what it says.
reports = st.lists(
    one_difference().filter(
        lambda row: row.action is not Action.RECREATE or bool(row.refusal) or BY_NAME[row.type].is_remade
    ),
    max_size=10,
    unique_by=_identity,
)
