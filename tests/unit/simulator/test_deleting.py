"""Soft deletion, restore, purge and the thirty days between."""

from simulator.moments import DAY_SECONDS
from tests.unit.simulator.client import a_client

BIN = "/directory/deletedItems"


def test_a_deleted_user_is_hidden_everywhere_but_in_the_recycle_bin() -> None:
    client = a_client()
    user, other = client.a_user(), client.a_user()
    group = client.a_group([user, other], [user])
    assert client.delete(f"/users/{user}").status == 204
    assert client.get(f"/users/{user}").status == 404
    assert client.patch(f"/users/{user}", {"city": "X"}).status == 404
    assert client.get("/users?$select=id").ids == [other]
    assert client.members(group) == {other}
    assert client.post("/directoryObjects/getByIds", {"ids": [user]}).ids == []
    assert client.get(f"{BIN}/microsoft.graph.user?$select=id,deletedDateTime").body["value"] == [
        {"id": user, "deletedDateTime": "2026-01-01T00:00:00Z"}
    ]
    single = client.get(f"{BIN}/{user}").body
    assert (single["@odata.type"], single["id"]) == ("#microsoft.graph.user", user)


def test_a_restored_user_has_its_id_properties_and_links_back() -> None:
    client = a_client()
    user = client.a_user(city="Utrecht", mail="made@contoso.example")
    client.a_group([user], [user])
    before = client.simulator.fingerprint()
    client.delete(f"/users/{user}")
    assert client.simulator.fingerprint() != before
    reply = client.post(f"{BIN}/{user}/restore")
    assert (reply.status, reply.body["id"], reply.body["@odata.type"]) == (200, user, "#microsoft.graph.user")
    assert client.simulator.fingerprint() == before


def test_a_restored_group_has_its_members_and_owners_back() -> None:
    client = a_client()
    user = client.a_user()
    parent = client.a_group()
    group = client.a_group([user], [user])
    client.post(f"/groups/{parent}/members/$ref", {"@odata.id": f"https://x/{group}"})
    before = client.simulator.fingerprint()
    client.delete(f"/groups/{group}")
    assert client.members(parent) == set()
    assert client.get(f"{BIN}/microsoft.graph.group").ids == [group]
    assert client.post(f"{BIN}/{group}/restore").status == 200
    assert client.simulator.fingerprint() == before
    assert client.members(parent) == {group}


def test_restoring_what_is_not_deleted_is_not_found() -> None:
    client = a_client()
    user = client.a_user()
    assert client.post(f"{BIN}/{user}/restore").status == 404


def test_after_thirty_days_a_deleted_object_is_gone_with_its_links() -> None:
    client = a_client()
    user = client.a_user()
    group = client.a_group([user])
    client.delete(f"/users/{user}")
    client.clock.seconds += 29.9 * DAY_SECONDS
    client._tokens.clear()
    assert client.get(f"{BIN}/{user}").status == 200
    client.clock.seconds += 0.2 * DAY_SECONDS
    client._tokens.clear()
    assert client.post(f"{BIN}/{user}/restore").status == 404
    assert user not in client.directory.links.targets(group, "members")
    assert client.sim("GET", "/counters")["expired"] == 1
    assert client.sim("GET", "/counters")["hard_deletes"] == 0


def test_a_restored_object_does_not_expire_by_its_first_deletion() -> None:
    client = a_client()
    user = client.a_user()
    client.delete(f"/users/{user}")
    client.clock.seconds += 20 * DAY_SECONDS
    client._tokens.clear()
    client.post(f"{BIN}/{user}/restore")
    client.delete(f"/users/{user}")
    client.clock.seconds += 20 * DAY_SECONDS
    client._tokens.clear()
    assert client.post(f"{BIN}/{user}/restore").status == 200


def test_a_purge_is_for_good_takes_the_links_along_and_is_counted() -> None:
    client = a_client()
    user = client.a_user()
    group = client.a_group([user], [user])
    client.delete(f"/users/{user}")
    assert client.delete(f"{BIN}/{user}").status == 204
    assert client.get(f"{BIN}/{user}").status == 404
    assert client.delete(f"{BIN}/{user}").status == 404
    assert not len(client.directory.links.targets(group, "members"))
    assert not len(client.directory.links.targets(group, "owners"))
    assert client.sim("GET", "/counters")["hard_deletes"] == 1


def test_distribution_lists_and_mail_enabled_security_groups_are_deleted_for_good() -> None:
    client = a_client(objects=800)
    live = client.directory.stores["group"].live
    for is_security in (False, True):
        group = next(
            each
            for each, thing in live.items()
            if thing.get("mailEnabled") and not thing.get("groupTypes") and thing["securityEnabled"] is is_security
        )
        assert client.delete(f"/groups/{group}").status == 204
        assert client.get(f"{BIN}/{group}").status == 404
    assert client.sim("GET", "/counters")["hard_deletes"] == 2


def test_microsoft_365_groups_are_deleted_softly() -> None:
    client = a_client()
    group = client.a_group(groupTypes=["Unified"], mailEnabled=True)
    client.delete(f"/groups/{group}")
    assert client.get(f"{BIN}/{group}").status == 200


def test_a_user_whose_name_was_taken_is_restored_only_under_another_name() -> None:
    client = a_client()
    user = client.a_user(userPrincipalName="kim@contoso.example")
    client.delete(f"/users/{user}")
    holder = client.a_user(userPrincipalName="KIM@contoso.example")
    reply = client.post(f"{BIN}/{user}/restore")
    assert (reply.status, reply.code) == (409, "ObjectConflict")
    assert reply.body["error"]["details"][0]["target"] == holder
    assert client.post(f"{BIN}/{user}/restore", {"shape": 1}).status == 400
    renamed = client.post(f"{BIN}/{user}/restore", {"newUserPrincipalName": "kim2@contoso.example"})
    assert (renamed.status, renamed.body["userPrincipalName"]) == (200, "kim2@contoso.example")


def test_a_taken_mail_address_is_given_up_when_asked_to_reconcile() -> None:
    client = a_client()
    user = client.a_user(mail="desk@contoso.example")
    client.delete(f"/users/{user}")
    client.a_user(mail="desk@contoso.example")
    assert client.post(f"{BIN}/{user}/restore").status == 409
    assert client.post(f"{BIN}/{user}/restore", {"autoReconcileProxyConflict": True}).status == 200
    assert client.get(f"/users/{user}?$select=proxyAddresses").body["proxyAddresses"] == []


def test_the_recycle_bin_is_filtered_like_a_listing() -> None:
    client = a_client()
    one, two = client.a_user(displayName="Ada"), client.a_user(displayName="Bo")
    for each in (one, two):
        client.delete(f"/users/{each}")
    bin_place = "/directory/deletedItems/microsoft.graph.user"
    assert client.get(f"{bin_place}?$filter=displayName eq 'Bo'").ids == [two]
    assert client.get(f"{bin_place}?$filter=id eq '{one}'").ids == [one]
