"""What is generated around users and groups: applications, roles, units, managers, settings; and what only on wish."""

from simulator.generate.applications import GRAPH_APP
from simulator.generate.tenant import generate
from simulator.tenant import Tenant
from simulator.types.service_principal import AGENT_IDENTITY, AGENT_USER
from tests.unit.simulator.client import START, a_client

CORE = ("user", "group", "conditionalAccessPolicy", "namedLocation")


def a_tenant(objects: int, *, is_mixed: bool = False, links: int | None = None) -> Tenant:
    """Return a generated tenant."""
    tenant = Tenant(7)
    generate(tenant, objects, now=START, links=links, is_mixed=is_mixed)
    return tenant


def test_every_type_is_there_in_a_tenant_of_five_thousand() -> None:
    stores = a_tenant(5_000, is_mixed=True).directory.stores
    assert {name for name, store in stores.items() if not store.live} == set()
    assert len(stores["application"].live) > 50
    assert any(each.get("appRoles") for each in stores["application"].live.values())
    assert any(each.get("passwordCredentials") for each in stores["application"].live.values())
    assert not any("secretText" in str(each) for each in stores["application"].live.values())


def test_applications_name_roles_microsoft_graph_has_and_their_principals_hold_them() -> None:
    directory = a_tenant(5_000).directory
    principals = directory.stores["servicePrincipal"].live
    graph = next(each for each in principals.values() if each["appId"] == GRAPH_APP)
    roles = {each["id"] for each in graph["appRoles"]}
    held = [each for each in directory.stores["appRoleAssignment"].live.values() if each["resourceId"] == graph["id"]]
    assert held
    assert {each["appRoleId"] for each in held} <= roles
    assert all(each["principalId"] in principals for each in held)


def test_every_end_of_every_assignment_grant_and_link_is_there() -> None:
    directory = a_tenant(2_000, is_mixed=True).directory
    known = {each for name in directory.directory_types for each in directory.stores[name].order}
    for name in ("appRoleAssignment", "oAuth2PermissionGrant", "unifiedRoleAssignment"):
        for thing in directory.stores[name].live.values():
            assert {thing[end] for end in ("principalId", "resourceId", "clientId") if thing.get(end)} <= known
    for _, source_id, order in directory.links.everything():
        assert {source_id, *order} <= known


def test_members_report_eight_to_one_up_to_a_single_head_and_guests_have_a_sponsor() -> None:
    directory = a_tenant(2_000).directory
    live = directory.stores["user"].live
    without = []
    for user_id, user in live.items():
        is_guest = user.get("userType") == "Guest"
        links = directory.links.targets(user_id, "sponsors" if is_guest else "manager")
        if not len(links):
            without.append(user["displayName"])
    assert set(without[:2]) == {"Emergency Access 1", "Emergency Access 2"}
    assert len(without) == 3
    assert max(len(directory.links.sources(each, "manager")) for each in live) <= 8


def test_users_groups_policies_and_locations_of_a_seed_are_the_same_but_for_a_mixed_tenant() -> None:
    plain, mixed = a_tenant(400).directory.stores, a_tenant(400, is_mixed=True).directory.stores
    added = {"assignedLicenses", "isManagementRestricted"}
    for name in CORE:
        for each, thing in plain[name].live.items():
            assert {key: value for key, value in mixed[name].live[each].items() if key not in added} == thing
    kinds = {each.get("@odata.type") for each in mixed["user"].live.values()}
    assert kinds == {None, AGENT_USER}
    assert AGENT_IDENTITY in {each.get("@odata.type") for each in mixed["servicePrincipal"].live.values()}
    assert any(each.get("isAssignableToRole") for each in mixed["group"].live.values())
    assert any(each.get("assignedLicenses") for each in mixed["user"].live.values())
    strengths = [each["grantControls"] or {} for each in mixed["conditionalAccessPolicy"].live.values()]
    assert any(each.get("authenticationStrength") for each in strengths)
    assert not any("@odata.type" in each or each.get("assignedLicenses") for each in plain["user"].live.values())


def test_as_many_links_are_made_as_asked_for_and_sizes_still_follow_a_power_law() -> None:
    for wanted in (30_000, 60_000):
        directory = a_tenant(10_000, links=wanted).directory
        made = sum(len(order) for _, _, order in directory.links.everything())
        assert abs(made - wanted) < 0.1 * wanted
        sizes = sorted((len(o) for name, _, o in directory.links.everything() if name == "members"), reverse=True)
        assert sizes[0] > 1_000
        assert sizes[len(sizes) // 2] < 100


def test_consumed_licences_are_those_that_users_hold() -> None:
    client = a_client(objects=400, is_mixed=True)
    users = client.every("/users?$select=assignedLicenses")
    for product in client.get("/subscribedSkus").body["value"]:
        held = [user for user in users if product["skuId"] in str(user["assignedLicenses"])]
        deleted = client.directory.stores["user"].deleted.values()
        assert product["consumedUnits"] >= len(held) > 0
        assert product["consumedUnits"] <= len(held) + len(deleted)
