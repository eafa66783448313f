"""Chosen objects are found live, in the recycle bin, or nowhere; and their references are complete."""

from __future__ import annotations

import msgspec
import pytest

from shared.catalogue.application import APPLICATION
from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.entry import ObjectType
from shared.catalogue.federated_identity_credential import FEDERATED_IDENTITY_CREDENTIAL
from shared.catalogue.grants import APP_ROLE_ASSIGNMENT, OAUTH2_PERMISSION_GRANT
from shared.catalogue.group import GROUP
from shared.catalogue.identity import object_id
from shared.catalogue.service_principal import SERVICE_PRINCIPAL
from shared.catalogue.types import LISTINGS, TYPES
from shared.catalogue.user import USER
from shared.domain.errors import DirectoryError
from shared.graph import finding, many
from shared.graph.answers.pages import EXPANDED_MAX
from shared.graph.settings import BATCH_PARTS_MAX, Shortcut
from shared.ports import Found
from simulator.applications import CARELESS_SCRIPT
from simulator.faults import Fault, Rule
from tests.contract.graph.changes import POLICIES, a_delete, cloud_users, deleted, live, members
from tests.contract.graph.worlds import a_world, whole
from tests.support.virtual_time import run

NOWHERE = "11111111-1111-4111-8111-111111111111"


def test_each_object_is_found_where_it_is() -> None:
    async def story() -> None:
        world = a_world(objects=2_000)
        for entry in (USER, GROUP):
            here, binned = list(live(world, entry.name))[:50], list(deleted(world, entry.name))[:3]
            found = await world.directory.find(entry, [*here, *binned, NOWHERE])
            assert set(found) == {*here, *binned, NOWHERE}
            assert all(found[one].body and not found[one].is_deleted for one in here)
            assert all(found[one].body and found[one].is_deleted for one in binned)
            assert (found[NOWHERE].body, found[NOWHERE].is_deleted) == (None, False)

    run(story())


def test_an_object_found_alone_is_the_object_its_listing_gave() -> None:
    async def story() -> None:
        world = a_world(objects=60)
        for entry in TYPES:
            pages = await whole(world, LISTINGS[entry.name])
            listed = {object_id(entry, body): msgspec.json.decode(body) for page in pages for body in page.bodies}
            assert len(listed) == len(live(world, entry.name)), entry.name
            found = await world.directory.find(entry, list(listed))
            assert {one: msgspec.json.decode(state.body or b"") for one, state in found.items()} == listed

    run(story())


def test_many_objects_are_found_by_lists_with_the_bodies_and_references_that_single_reads_give() -> None:
    async def story() -> None:
        world = a_world(objects=2_000)
        for entry in (USER, GROUP):
            here, binned = list(live(world, entry.name))[:90], list(deleted(world, entry.name))[:3]
            wanted = [*here, *binned, NOWHERE]
            before = len(world.transport.log)
            found = await world.directory.find(entry, wanted)
            assert len(world.transport.log) - before < len(wanted) / BATCH_PARTS_MAX, "one part for 15 objects"
            for few in (here[:40], here[40:], [*binned, NOWHERE]):
                assert {one: found[one] for one in few} == await world.directory.find(entry, few)
        named = await world.directory.references(GROUP, "members", here)
        assert named == {one: set(members(world, one)) for one in here}
        assert max(map(len, named.values())) > EXPANDED_MAX, "some come whole with the list, some do not"

    run(story())


def test_what_is_believed_to_be_in_the_bin_costs_one_request_each_and_a_wrong_belief_changes_nothing() -> None:
    async def story() -> None:
        world = a_world(objects=2_000)
        here, binned = list(live(world, "user"))[:70], list(deleted(world, "user"))[:3]
        wanted = [*here, *binned, NOWHERE]
        plain = await world.directory.find(USER, wanted)
        parts = world.directory.figures["parts"]
        assert await world.directory.find(USER, binned, deleted=frozenset(binned)) == {
            one: plain[one] for one in binned
        }
        assert world.directory.figures["parts"] - parts == len(binned)
        assert await world.directory.find(USER, wanted, deleted=frozenset([*here[:5], binned[0], NOWHERE])) == plain

    run(story())


def unannotated(found: Found) -> tuple[dict[str, object], bool]:
    """Return what is known of an object, without what Graph says of its type when it is read alone."""
    assert found.body is not None
    body = msgspec.json.decode(found.body)
    return {name: known for name, known in body.items() if "@" not in name}, found.is_deleted


def test_many_objects_of_the_bin_are_found_in_its_list_as_they_are_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = a_world(objects=2_000)
        for user_id in cloud_users(world, 90):
            world.simulator.act(CARELESS_SCRIPT, "DELETE", f"/users/{user_id}")
        binned = list(deleted(world, "user"))
        alone = await world.directory.find(USER, binned)
        assert all(found.is_deleted for found in alone.values())
        monkeypatch.setattr(finding, "BIN_LISTED_FROM", 60)
        before = len(world.transport.log)
        listed = await world.directory.find(USER, [*binned, NOWHERE], deleted=frozenset(binned))
        assert listed.pop(NOWHERE) == Found(None)
        assert {one: unannotated(found) for one, found in listed.items()} == {
            one: unannotated(found) for one, found in alone.items()
        }
        assert len(world.transport.log) - before <= 5, "a page holds them all; the last is looked for by itself"

    run(story())


def test_where_lists_of_ids_are_avoided_every_object_is_read_by_itself_and_is_the_same() -> None:
    async def story() -> None:
        world, other = a_world(objects=2_000), a_world(objects=2_000, avoids=frozenset({Shortcut.ID_LISTS}))
        here = list(live(world, "user"))[:90]
        assert await other.directory.find(USER, here) == await world.directory.find(USER, here)
        for reference in ("manager", "sponsors"):
            known = await world.directory.references(USER, reference, here)
            assert await other.directory.references(USER, reference, here) == known
        assert any("$filter=id%20in" in part["url"] for sent in world.transport.log for part in sent.parts())
        parts = [part for sent in other.transport.log for part in sent.parts()]
        assert len(parts) == 3 * len(here)
        assert not any("$filter" in part["url"] for part in parts)

    run(story())


def test_a_group_in_the_recycle_bin_is_no_user() -> None:
    async def story() -> None:
        world = a_world(objects=2_000)
        group_id = next(iter(deleted(world, "group")))
        found = await world.directory.find(USER, [group_id])
        assert found[group_id].body is None

    run(story())


def test_policies_are_found_by_two_lists_however_many_are_asked_for() -> None:
    async def story() -> None:
        world = a_world()
        policies = list(live(world, "conditionalAccessPolicy"))
        await world.directory.apply([a_delete(POLICIES, policies[0])])
        before = len(world.transport.log)
        found = await world.directory.find(CONDITIONAL_ACCESS_POLICY, [*policies, NOWHERE])
        assert len(world.transport.log) - before == 2
        assert found[policies[0]].is_deleted
        assert all(found[one].body and not found[one].is_deleted for one in policies[1:])
        assert found[NOWHERE].body is None

    run(story())


def test_nothing_asked_for_costs_nothing() -> None:
    async def story() -> None:
        world = a_world()
        assert await world.directory.find(CONDITIONAL_ACCESS_POLICY, []) == {}
        assert await world.directory.references(GROUP, "members", []) == {}
        assert world.transport.log == []

    run(story())


def test_a_refused_look_is_an_error_and_never_an_absent_object() -> None:
    rule = Rule(kind=Fault.FORBIDDEN, path="^/users/", nth=3)

    async def story() -> None:
        world = a_world(faults=[rule])
        with pytest.raises(DirectoryError, match=r"^user [0-9a-f-]{36}: Graph answered 403"):
            await world.directory.find(USER, list(live(world, "user"))[:5])

    run(story())
    assert rule.fired >= 1


def test_references_of_big_and_small_groups_are_complete_and_absent_groups_left_out() -> None:
    async def story() -> None:
        world = a_world(objects=20_000)
        groups = list(live(world, "group"))
        sizes = {one: len(members(world, one)) for one in groups}
        biggest = sorted(groups, key=lambda one: -sizes[one])[:30]
        assert sizes[biggest[0]] > 999
        wanted = [*biggest, *groups[:30], next(iter(deleted(world, "group"))), NOWHERE]
        found = await world.directory.references(GROUP, "members", wanted)
        assert found == {one: set(members(world, one)) for one in {*biggest, *groups[:30]}}

    run(story())


@pytest.mark.parametrize("entry", [APPLICATION, SERVICE_PRINCIPAL], ids=lambda entry: entry.name)
def test_no_way_of_reading_an_application_lets_a_secret_through(
    entry: ObjectType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "MANY", 5)

    async def story() -> None:
        world = a_world(objects=800)
        planted = live(world, entry.name)
        for thing in planted.values():
            thing["passwordCredentials"] = [{"keyId": NOWHERE, "secretText": "hush", "hint": "hus"}]
            thing["keyCredentials"] = [{"keyId": NOWHERE, "key": "hush"}]
        ids = list(planted)
        assert many.is_many(entry, ids), "enough of them to be read by lists"
        bodies = [body for page in await whole(world, LISTINGS[entry.name]) for body in page.bodies]
        bodies += (await world.directory.small([LISTINGS[entry.name]]))[0]
        for asked in (ids[:1], ids):
            found = await world.directory.find(entry, asked)
            bodies += [found[one].body or b"" for one in asked]
        assert len(bodies) == 3 * len(ids) + 1
        assert all(NOWHERE.encode() in body and b"hus" not in body for body in bodies)

    run(story())


def test_grants_and_assignments_that_are_gone_are_not_found() -> None:
    async def story() -> None:
        world = a_world(objects=300)
        for entry in (OAUTH2_PERMISSION_GRANT, APP_ROLE_ASSIGNMENT, FEDERATED_IDENTITY_CREDENTIAL):
            known = f"{NOWHERE}/{NOWHERE}/*"
            assert (await world.directory.find(entry, [known]))[known].body is None

    run(story())


def test_whoever_has_no_manager_is_told_from_whoever_is_gone() -> None:
    async def story() -> None:
        world = a_world(objects=300)
        links = world.simulator.tenant.directory.links
        users = list(live(world, "user"))
        found = await world.directory.references(USER, "manager", [*users, NOWHERE])
        assert found == {one: set(links.targets(one, "manager")) for one in users}
        assert {len(managers) for managers in found.values()} == {0, 1}

    run(story())
