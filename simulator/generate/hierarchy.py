"""Invents who reports to whom, who answers for a guest, and which unit an office's people belong to."""

from simulator.generate.kit import Kit
from simulator.generate.names import OFFICES
from simulator.generate.people import EMERGENCY
from simulator.generate.roles import assign
from simulator.types.roles import UNIT
from simulator.types.schema import JsonObject

REPORTS_PER_MANAGER = 8
UNIT_SHARE = 1 / 600
UNITS_MAX = 300
UNIT_MEMBERS_MAX = 150
HELPDESK = "729827e3-9c14-49f7-bb1b-9608f156bbb8"


def make_hierarchy(kit: Kit, user_ids: list[str]) -> None:
    """Give every member a manager, eight to one, up to a single head; give every guest a sponsor."""
    people = user_ids[len(EMERGENCY) :]
    live = kit.tenant.directory.stores["user"].live
    for place, user_id in enumerate(people):
        if live[user_id].get("userType") == "Guest":
            kit.link(user_id, "sponsors", people[(place * 7) // REPORTS_PER_MANAGER])
        elif place:
            kit.link(user_id, "manager", people[(place - 1) // REPORTS_PER_MANAGER])


def make_units(kit: Kit, user_ids: list[str], group_ids: list[str], *, is_mixed: bool) -> None:
    """Make administrative units with members; every third has a helpdesk of its own.

    In a mixed tenant every tenth is restricted, and its members are flagged as such.
    """
    count = min(UNITS_MAX, round(len(user_ids) * UNIT_SHARE)) if user_ids else 0
    for number in range(max(count, min(2, len(user_ids)))):
        office = OFFICES[number % len(OFFICES)]
        name = f"{office.name} {number // len(OFFICES) + 1}"
        body: JsonObject = {"displayName": name, "description": f"People and groups of {name}.", "visibility": None}
        is_restricted = is_mixed and number % 10 == 1
        unit_id = kit.add(UNIT, body | {"isMemberManagementRestricted": is_restricted})
        members = kit.some(user_ids, kit.random.randint(3, UNIT_MEMBERS_MAX)) + kit.some(
            group_ids, kit.random.randint(0, 4)
        )
        for member_id in members:
            kit.link(unit_id, "members", member_id)
            found = kit.tenant.directory.live(member_id)
            if is_restricted and found is not None:
                found[1]["isManagementRestricted"] = True
        if number % 3 == 0:
            assign(kit, kit.random.choice(user_ids), HELPDESK, f"/administrativeUnits/{unit_id}")
