"""Histories over days: snapshots, restore points, and days on which a type could not be read."""

from __future__ import annotations

from shared.compare.versions import Told, What
from shared.domain.ids import key_guid
from shared.domain.jobs import State
from simulator.applications import CARELESS_SCRIPT
from simulator.faults import Fault, Rule
from tests.simulation.days import Days
from tests.simulation.test_types_left_out import GROUPS
from tests.support import virtual_time
from tests.support.platform import TENANT


async def ids_of(days: Days) -> set[str]:
    """Return the id of every object that any state has."""
    snapshots, found = days.platform.operator.snapshots, set[str]()
    for known in await snapshots.listed(TENANT):
        reader = await snapshots.open(TENANT, known.snapshot_id)
        found |= {key_guid(row.key) for row in await reader.index(0, 1)}
    return found


def plainly(told: Told) -> list[object]:
    """Return what is told as far as it can be told without an index: without others' links to the object."""
    plain: list[object] = []
    for one in told.versions:
        links = [link for link in one.links if not link.is_incoming]
        if links or one.before or one.after or one.what is not What.CHANGED:
            plain.append((told.states[one.position].snapshot_id, one.what, one.before, one.after, links))
    return plain


def test_histories_are_the_same_with_and_without_the_index_across_restore_points() -> None:
    async def story() -> None:
        days = Days(5, objects=20)
        await days.captured()
        for _day in range(2):
            for _hour in range(2):
                days.move(8)
                assert (await days.restore_point()).state is State.SUCCESSFUL
            days.move(8)
            assert (await days.captured()).state is State.SUCCESSFUL
        history = days.platform.operator.history
        ids = await ids_of(days)
        told = {object_id: await history.of(TENANT, object_id) for object_id in ids}
        assert {note for one in told.values() for note in one.notes} == set()
        bases = {known.snapshot_id: known.base_id for known in await days.platform.operator.snapshots.listed(TENANT)}
        shown = [one.states[version.position] for one in told.values() for version in one.versions]
        assert any(bases[state.snapshot_id] for state in shown), "something changed at a restore point"
        for name in [name for name in days.platform.vault.contents if "/history/" in name]:
            del days.platform.vault.contents[name]
        again = {object_id: await history.of(TENANT, object_id) for object_id in ids}
        assert {one: plainly(found) for one, found in told.items()} == {
            one: plainly(found) for one, found in again.items()
        }
        assert all("not in the change index" in found.notes[0] for found in again.values())

    virtual_time.run(story())


def test_a_restore_point_is_searched_and_shown_as_a_snapshot_is() -> None:
    async def story() -> None:
        days = Days(6, objects=20)
        await days.captured()
        days.move(10)
        point, searching = await days.restore_point(), days.platform.operator.searching
        live = days.simulator.tenant.directory.stores["user"].live
        for object_id, body in live.items():
            whole = await searching.whole(TENANT, point.snapshot_id, str(object_id))
            assert whole.match.body["displayName"] == body["displayName"]
            name = str(body["displayName"])
            matches, _place = await searching.search(TENANT, point.snapshot_id, name, type_name="user", top=99)
            assert str(object_id) in [match.body["id"] for match in matches]

    virtual_time.run(story())


def test_a_type_that_could_not_be_read_for_a_day_has_neither_gone_nor_come_back() -> None:
    async def story() -> None:
        days = Days(7, objects=20)
        await days.captured()
        rule = Rule(kind=Fault.FORBIDDEN, path=GROUPS)
        days.simulator.world.faults.rules.append(rule)
        without = await days.captured()
        assert "group" in days.manifest(without).incomplete
        days.simulator.world.faults.rules.remove(rule)
        renamed = str(next(iter(days.simulator.tenant.directory.stores["group"].live)))
        days.simulator.act(CARELESS_SCRIPT, "PATCH", f"/groups/{renamed}", {"description": "renamed meanwhile"})
        for _day in range(2):
            assert "group" in days.manifest(await days.captured()).types
        groups = [str(one) for one in days.simulator.tenant.directory.stores["group"].live]
        users = [str(one) for one in days.simulator.tenant.directory.stores["user"].live]
        history = days.platform.operator.history
        told = await history.of(TENANT, renamed)
        assert [(one.position, one.what) for one in told.versions] == [(0, What.FIRST_SEEN), (2, What.CHANGED)]
        assert told.notes == ("1 snapshot is not in the change index; each of them was read",)
        for object_id in {*groups, *users} - {renamed}:
            told = await history.of(TENANT, object_id)
            assert [(one.what, one.links) for one in told.versions] == [(What.FIRST_SEEN, ())]
        assert groups

    virtual_time.run(story())
