"""Requests say what shall be, in Graph's own paths, 20 links to a PATCH."""

from __future__ import annotations

import msgspec
import pytest

from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.group import GROUP
from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.user import USER
from shared.domain.changes import Action
from shared.recover.writes import LINKS_PER_PATCH_MAX, Stroke, halves, link_pack, link_strokes, object_stroke
from tests.support.builders import a_change, a_link_change, a_policy_body, a_user_body, an_id

USER_1, GROUP_1 = an_id("user-1"), an_id("group-1")
IP_LOCATION = "#microsoft.graph.ipNamedLocation"


def bound(stroke: Stroke, reference: str = "members") -> list[str]:
    """Return the ids that a PATCH adds."""
    names: list[str] = msgspec.json.decode(stroke.write.body)[f"{reference}@odata.bind"]
    return [name.rpartition("/")[2] for name in names]


def test_a_restore_is_a_post_below_the_recycle_bin() -> None:
    change = a_change(action=Action.RESTORE)
    write = object_stroke(USER, change, a_user_body(), {}).write
    assert (write.method, write.path, write.body) == ("POST", f"/directory/deletedItems/{USER_1}/restore", b"{}")


def test_a_policy_is_restored_from_the_recycle_bin_of_policies() -> None:
    change = a_change("policy-1", type="conditionalAccessPolicy", action=Action.RESTORE)
    write = object_stroke(CONDITIONAL_ACCESS_POLICY, change, a_policy_body(), {}).write
    assert write.path == f"/identity/conditionalAccess/deletedItems/policies/{an_id('policy-1')}/restore"


def test_a_soft_delete_deletes_the_live_object_and_never_the_one_in_the_recycle_bin() -> None:
    write = object_stroke(USER, a_change(action=Action.SOFT_DELETE), a_user_body(), {}).write
    assert (write.method, write.path, write.body) == ("DELETE", f"/users/{USER_1}", b"")


def test_an_update_patches_only_what_still_differs() -> None:
    write = object_stroke(USER, a_change(target={"city": "Oslo", "state": "x"}), a_user_body(), {"city": "Oslo"}).write
    assert (write.method, write.path) == ("PATCH", f"/users/{USER_1}")
    assert msgspec.json.decode(write.body) == {"city": "Oslo"}


def test_an_update_of_a_derived_kind_says_which_kind_it_is() -> None:
    current = {"@odata.type": IP_LOCATION, "id": an_id("hq"), "isTrusted": False}
    change = a_change("hq", type="namedLocation", target={"isTrusted": True})
    write = object_stroke(NAMED_LOCATION, change, current, {"isTrusted": True}).write
    assert msgspec.json.decode(write.body) == {"@odata.type": IP_LOCATION, "isTrusted": True}


def test_an_update_carries_no_annotation_that_graph_only_reads() -> None:
    target = {
        "grantControls": {"operator": "OR", "x@odata.context": "x", "authenticationStrength": {"id": "s", "n": 1}}
    }
    change = a_change("policy-1", type="conditionalAccessPolicy", target=target)
    write = object_stroke(CONDITIONAL_ACCESS_POLICY, change, a_policy_body(), target).write
    assert msgspec.json.decode(write.body) == {
        "grantControls": {"operator": "OR", "authenticationStrength": {"id": "s"}}
    }


def test_a_write_has_the_object_it_changes_as_its_lane_and_the_change_as_its_id() -> None:
    stroke = object_stroke(USER, a_change(), a_user_body(), {"city": "Oslo"})
    assert (stroke.write.lane, stroke.write.write_id) == (USER_1, a_change().change_id)
    assert stroke.changes == (a_change(),)


def test_links_of_one_object_are_added_by_one_patch_of_directory_object_references() -> None:
    [stroke] = link_strokes(GROUP, [a_link_change("a"), a_link_change("b")])
    assert (stroke.write.method, stroke.write.path, stroke.write.lane) == ("PATCH", f"/groups/{GROUP_1}", GROUP_1)
    assert msgspec.json.decode(stroke.write.body) == {
        "members@odata.bind": [
            f"https://graph.microsoft.com/v1.0/directoryObjects/{an_id(label)}" for label in ("a", "b")
        ]
    }


@pytest.mark.parametrize(("links", "sizes"), [(1, [1]), (20, [20]), (21, [20, 1]), (45, [20, 20, 5])])
def test_at_most_twenty_links_go_into_one_patch(links: int, sizes: list[int]) -> None:
    strokes = link_strokes(GROUP, [a_link_change(f"u{number}") for number in range(links)])
    assert [len(bound(stroke)) for stroke in strokes] == sizes
    assert [len(stroke.changes) for stroke in strokes] == sizes


def test_more_than_twenty_links_in_one_patch_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        link_pack(GROUP, [a_link_change(f"u{number}") for number in range(LINKS_PER_PATCH_MAX + 1)])


def test_members_and_owners_and_other_groups_go_into_patches_of_their_own() -> None:
    owner = a_change("group-1", type="group", action=Action.LINK, reference="owners", other_id=an_id("a"))
    strokes = link_strokes(GROUP, [a_link_change("a"), owner, a_link_change("a", "group-2")])
    assert [(stroke.write.lane, stroke.changes[0].reference) for stroke in strokes] == [
        (GROUP_1, "members"),
        (GROUP_1, "owners"),
        (an_id("group-2"), "members"),
    ]


def test_each_removal_is_a_delete_of_one_reference_and_never_of_the_object() -> None:
    [stroke] = link_strokes(GROUP, [a_link_change("a", action=Action.UNLINK)])
    assert (stroke.write.method, stroke.write.path) == ("DELETE", f"/groups/{GROUP_1}/members/{an_id('a')}/$ref")


def test_additions_are_sent_before_removals() -> None:
    strokes = link_strokes(GROUP, [a_link_change("a", action=Action.UNLINK), a_link_change("b")])
    assert [stroke.write.method for stroke in strokes] == ["PATCH", "DELETE"]


def test_a_refused_pack_is_halved_until_every_link_stands_alone_and_none_is_lost() -> None:
    changes = [a_link_change(f"u{number}") for number in range(LINKS_PER_PATCH_MAX)]
    strokes, rounds = [link_pack(GROUP, changes)], 0
    while any(len(stroke.changes) > 1 for stroke in strokes):
        split = [halves(GROUP, stroke) if len(stroke.changes) > 1 else [stroke] for stroke in strokes]
        strokes = [stroke for pair in split for stroke in pair]
        rounds += 1
    assert [stroke.changes for stroke in strokes] == [(change,) for change in changes]
    assert [bound(stroke) for stroke in strokes] == [[change.other_id] for change in changes]
    assert rounds == 5
