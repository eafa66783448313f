"""Generates a whole tenant from a seed: the same seed and size give the same tenant, in every process."""

from random import Random

from simulator import applications
from simulator.generate.applications import Applications
from simulator.generate.groups import Groups
from simulator.generate.hierarchy import make_hierarchy, make_units
from simulator.generate.kit import Kit
from simulator.generate.mixing import mix
from simulator.generate.people import EMERGENCY, FOUNDED_AT, People
from simulator.generate.policies import LOCATIONS_MAX, POLICIES_MAX, make_locations, make_policies
from simulator.generate.roles import make_roles
from simulator.generate.settings import make_settings
from simulator.moments import DAY_SECONDS
from simulator.tenant import Tenant
from simulator.types import group, service_principal

GROUP_SHARE = 0.12
DELETED_USER_SHARE = 0.006
DELETED_GROUP_SHARE = 0.015
APPLICATION_SHARE = 0.01
OBJECTS_PER_POLICY = 12
OBJECTS_PER_LOCATION = 20


def generate(tenant: Tenant, objects: int, *, now: float, links: int | None = None, is_mixed: bool = False) -> None:
    """Fill `tenant` with users, groups, policies and locations, `objects` in all, and what goes with them.

    Some are softly deleted in the weeks before `now`. `links` sets how many memberships there are, about; without it
    as many as the sizes of real groups give. Applications, roles, units and settings come on top, from streams of
    their own: the objects of a seed are the same with them. Only `is_mixed` changes users, groups and policies.
    """
    _publish_clients(tenant)
    people = _make_core(tenant, objects, now=now, links=links) if objects > 0 else []
    kit = Kit(tenant, "around")
    make_settings(kit, len(people))
    make_roles(kit, people, random=kit.random)
    if people:
        groups = list(tenant.directory.stores["group"].live)
        make_hierarchy(kit, people)
        Applications(kit, people, groups).make(max(3, round(objects * APPLICATION_SHARE)))
        make_units(kit, people, groups, is_mixed=is_mixed)
    if is_mixed:
        mix(Kit(tenant, "mixed"), people, excluded_group=next(iter(tenant.directory.stores["group"].live), ""))


def _publish_clients(tenant: Tenant) -> None:
    """Let service principals be made of the applications that get tokens; until then they have none here."""
    for client in applications.ALL:
        names = {"displayName": client.name, "appDisplayName": client.name, "servicePrincipalNames": [client.app_id]}
        about = {"signInAudience": "AzureADMyOrg", "appOwnerOrganizationId": tenant.tenant_id}
        tenant.published[client.app_id] = {**service_principal.DEFAULTS, **names, **about}


def _make_core(tenant: Tenant, objects: int, *, now: float, links: int | None) -> list[str]:
    draw = Random(f"generate {tenant.seed}")
    policies = min(POLICIES_MAX, objects // OBJECTS_PER_POLICY)
    locations = min(LOCATIONS_MAX, objects // OBJECTS_PER_LOCATION)
    group_count = round(objects * GROUP_SHARE)
    user_count = objects - group_count - policies - locations
    user_ids = _make_users(tenant, draw, user_count)
    groups = Groups(tenant, draw, user_ids[len(EMERGENCY) :] or user_ids, links=links)
    excluded = groups.emergency(user_ids[: len(EMERGENCY)]) if group_count else ""
    groups.make(max(0, group_count - 1))
    places = make_locations(tenant, locations)
    large = [group_id for group_id in tenant.directory.stores["group"].live if group_id != excluded][:4]
    make_policies(tenant, policies, excluded_group=excluded, group_ids=large, places=places)
    _delete_some(tenant, draw, now)
    return [each for each in user_ids if each in tenant.directory.stores["user"].live]


def _make_users(tenant: Tenant, draw: Random, count: int) -> list[str]:
    people = People(tenant, draw)
    user_ids = []
    for number in range(count):
        user = people.emergency(EMERGENCY[number]) if number < len(EMERGENCY) else people.next()
        tenant.directory.add("user", user, FOUNDED_AT)
        user_ids.append(user["id"])
    return user_ids


def _delete_some(tenant: Tenant, draw: Random, now: float) -> None:
    directory = tenant.directory
    users = [each for each, user in directory.stores["user"].live.items() if not user.get("onPremisesSyncEnabled")]
    groups = [each for each, thing in directory.stores["group"].live.items() if _may_go(thing)]
    chosen = [("user", each) for each in _some(draw, users[len(EMERGENCY) :], DELETED_USER_SHARE)]
    chosen += [("group", each) for each in _some(draw, groups[5:], DELETED_GROUP_SHARE)]
    draw.shuffle(chosen)
    # The recycle bin expires in the order it was filled, so the oldest goes in first.
    for index, (name, object_id) in enumerate(chosen):
        age_days = 25.0 * (len(chosen) - index) / len(chosen)
        directory.soft_delete(name, object_id, now - age_days * DAY_SECONDS)


def _may_go(thing: dict[str, object]) -> bool:
    return not thing.get("onPremisesSyncEnabled") and group.is_softly_deleted(thing) and not group.is_dynamic(thing)


def _some(draw: Random, ids: list[str], share: float) -> list[str]:
    return draw.sample(ids, min(len(ids), max(1, round(len(ids) * share)))) if ids else []
