"""Single objects over HTTP: found, shown whole, and told through time."""

from __future__ import annotations

import pytest

from tests.support import virtual_time
from tests.unit.functions.worlds import World

NOBODY = "11111111-aaaa-4bbb-8ccc-0000000000ff"


def test_a_history_shows_what_changed_between_snapshots_and_the_links_that_came_and_went(world: World) -> None:
    async def story() -> None:
        first = await world.captured()
        user, stores = world.users()[0], world.simulator.tenant.directory.stores
        world.change(user, jobTitle="Harmed")
        second = await world.captured()
        world.delete(user)
        await world.captured()
        told = (await world.get(f"/tidemark.history/{user.upper()}", token="reader")).json
        assert (told["id"], told["entityTypeName"], told["notes"]) == (user, "user", [])
        versions = told["versions"]
        assert [one["what"] for one in versions] == ["firstSeen", "changed", "softDeleted"]
        assert [one["snapshotId"] for one in versions[:2]] == [first, second]
        assert versions[1]["properties"]["jobTitle"]["after"] == "Harmed"
        assert set(versions[1]["properties"]) == {"jobTitle"}
        gone = [link for link in versions[2]["links"] if link["action"] == "removed" and link["isIncoming"]]
        member_of = (await world.get(f"/snapshots/{second}/tidemark.objects/{user}")).json["incomingLinks"]
        assert {link["otherId"] for link in gone} <= {link["otherId"] for link in member_of}, "Graph may hide them"
        assert user not in stores["user"].live

    virtual_time.run(story())


def test_an_object_is_shown_with_its_links_in_both_directions(world: World) -> None:
    async def story() -> None:
        snapshot = await world.captured()
        groups = [str(one) for one in world.simulator.tenant.directory.stores["group"].live]
        wholes = [(await world.get(f"/snapshots/{snapshot}/tidemark.objects/{group}")).json for group in groups]
        whole = next(one for one in wholes if any(link["reference"] == "members" for link in one["outgoingLinks"]))
        assert (whole["entityTypeName"], whole["object"]["id"]) == ("group", whole["id"])
        member = next(link["otherId"] for link in whole["outgoingLinks"] if link["reference"] == "members")
        other = (await world.get(f"/snapshots/{snapshot}/tidemark.objects/{member}")).json
        assert {"reference": "members", "ofType": "group", "otherId": whole["id"]} in other["incomingLinks"]
        bare = (await world.get(f"/snapshots/{snapshot}/tidemark.objects/{member}?links=outgoing")).json
        assert bare["incomingLinks"] is None

    virtual_time.run(story())


def test_objects_are_found_by_how_their_names_begin_whatever_the_case(world: World) -> None:
    async def story() -> None:
        snapshot = await world.captured()
        live = world.simulator.tenant.directory.stores["user"].live
        somebody = next(iter(live.values()))
        for name in ("displayName", "userPrincipalName"):
            text = str(somebody[name])[:6].upper()
            rows = (await world.get(f"/snapshots/{snapshot}/tidemark.search?text={text}&type=user&$top=999")).rows
            wanted = {
                str(one)
                for one, body in live.items()
                if any(str(body[known]).upper().startswith(text) for known in ("displayName", "userPrincipalName"))
            }
            assert {row["id"] for row in rows if not row["tidemark.isSoftDeleted"]} == wanted
            assert wanted
        (row,) = (await world.get(f"/snapshots/{snapshot}/tidemark.search?text={somebody['id']}")).rows
        assert (row["id"], row["displayName"]) == (somebody["id"], somebody["displayName"])

    virtual_time.run(story())


def test_a_search_goes_on_where_its_address_says(world: World) -> None:
    async def story() -> None:
        snapshot = await world.captured()
        path = f"/snapshots/{snapshot}/tidemark.search?text=@&type=user"
        assert (await world.get(path)).rows == [], "no name begins so"
        every: list[str] = []
        for letter in "abcdefghijklmnopqrstuvwxyz":
            reply = await world.get(f"/snapshots/{snapshot}/tidemark.search?text={letter}&$top=2")
            every += [row["id"] for row in reply.rows]
            while "@odata.nextLink" in reply.json:
                reply = await world.ask("GET", reply.json["@odata.nextLink"].partition("/v1.0")[2])
                every += [row["id"] for row in reply.rows]
        counts = (await world.get(f"/snapshots/{snapshot}")).json["tidemark.counts"]
        assert len(every) >= counts["objects"] + counts["softDeleted"]
        assert len(set(every)) == counts["objects"] + counts["softDeleted"]

    virtual_time.run(story())


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (f"/tidemark.history/{NOBODY}", 404, NOBODY),
        ("/tidemark.history/..%2F..%2Fetc", 404, "../../etc"),
        (f"/tidemark.history/{'x' * 300}", 404, "x" * 80),
        ("/tidemark.history/x?type=robot", 400, "robot"),
        ("/tidemark.history/x?$top=1", 400, "$top"),
        (f"/snapshots/SNAPSHOT/tidemark.objects/{NOBODY}", 404, NOBODY),
        ("/snapshots/SNAPSHOT/tidemark.objects/no%20guid", 404, "no guid"),
        ("/snapshots/SNAPSHOT/tidemark.objects/x?links=all", 400, "all"),
        ("/snapshots/SNAPSHOT/tidemark.search", 400, "text"),
        (f"/snapshots/SNAPSHOT/tidemark.search?text={'x' * 300}", 400, "256"),
        ("/snapshots/SNAPSHOT/tidemark.search?text=a&from=9", 400, "from"),
        ("/snapshots/bm90aGluZw==/tidemark.search?text=a", 404, "bm90aGluZw=="),
    ],
)
def test_what_is_wrong_or_unknown_is_refused_by_name(world: World, path: str, status: int, said: str) -> None:
    async def story() -> None:
        reply = await world.get(path.replace("SNAPSHOT", await world.captured()))
        assert (reply.status, said in reply.error["message"]) == (status, True)

    virtual_time.run(story())
