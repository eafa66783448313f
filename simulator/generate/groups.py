"""Invents groups of every kind, with owners, nesting, and members whose numbers follow a power law."""

import math
from random import Random

from simulator.generate.names import DEPARTMENTS, OFFICES, TOPICS
from simulator.generate.people import FOUNDED_AT, PAST_DAYS
from simulator.moments import DAY_SECONDS, stamp
from simulator.tenant import Tenant
from simulator.types import group
from simulator.types.schema import JsonObject

LARGEST_SHARES = (0.16, 0.13, 0.10, 0.08)
SIZE_EXPONENT = 0.75
EXPONENTS = (0.3, 3.0)
# What is linked besides the members of assigned groups: owners of each group; managers, sponsors and dynamic groups.
OTHER_LINKS_PER_GROUP = 2
OTHER_LINKS_PER_USER = 1.8
DYNAMIC_SHARE = 0.05
NESTED_SHARE = 0.08
EMERGENCY_GROUP = "CA Exclusion - Emergency Access"
# After the first few, which are large assigned security groups, kinds are drawn with these weights.
KINDS = {"security": 48, "unified": 36, "distribution": 6, "mail-security": 3, "synced": 4}
LARGE_AND_ASSIGNED = 4


class Groups:
    """Makes groups over users that exist already, the largest first."""

    def __init__(self, tenant: Tenant, random: Random, user_ids: list[str], *, links: int | None = None) -> None:
        self._tenant, self._random, self._user_ids = tenant, random, user_ids
        self._links = links
        self._security_ids: list[str] = []
        self._taken: dict[str, int] = {}

    def emergency(self, member_ids: list[str]) -> str:
        """Make the group policies exclude; return its id."""
        thing = self._named(EMERGENCY_GROUP, "security")
        self._keep(thing)
        for user_id in member_ids:
            self._tenant.directory.link(thing["id"], "members", user_id, FOUNDED_AT)
        return str(thing["id"])

    def make(self, count: int) -> None:
        """Make `count` groups; every twentieth is dynamic."""
        dynamic = min(round(count * DYNAMIC_SHARE), len(_rules()))
        exponent = SIZE_EXPONENT
        if self._links is not None:
            exponent = _exponent(count - dynamic, len(self._user_ids), self._links - self._other_links(count))
        for rank in range(count - dynamic):
            self._assigned(rank, max(1, int(len(self._user_ids) * _share(rank, exponent))))
        for number in range(dynamic):
            self._dynamic(number)

    def _other_links(self, groups: int) -> int:
        return round(OTHER_LINKS_PER_GROUP * groups + OTHER_LINKS_PER_USER * len(self._user_ids))

    def _assigned(self, rank: int, size: int) -> None:
        draw = self._random
        kind = "security" if rank < LARGE_AND_ASSIGNED else draw.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        thing = self._named(self._topic(rank), kind)
        self._keep(thing)
        link, group_id = self._tenant.directory.link, thing["id"]
        for user_id in draw.sample(self._user_ids, min(size, len(self._user_ids))):
            link(group_id, "members", user_id, FOUNDED_AT)
        self._own(group_id)
        # Only groups made before can be nested, so no group ever contains itself.
        if kind == "security" and len(self._security_ids) > LARGE_AND_ASSIGNED and draw.random() < NESTED_SHARE:
            for nested_id in draw.sample(self._security_ids, draw.randint(1, 3)):
                link(group_id, "members", nested_id, FOUNDED_AT)
        if kind == "security":
            self._security_ids.append(group_id)

    def _dynamic(self, number: int) -> None:
        name, rule = _rules()[number]
        kind = "unified" if number % 3 == 0 else "security"
        thing = self._named(name, kind)
        thing["groupTypes"] = ["DynamicMembership", *thing.get("groupTypes", [])]
        thing |= {"membershipRule": rule, "membershipRuleProcessingState": "On"}
        self._keep(thing)
        self._own(thing["id"])
        self._tenant.dynamic.watch(thing["id"], FOUNDED_AT)

    def _own(self, group_id: str) -> None:
        for user_id in self._random.sample(self._user_ids, min(self._random.randint(1, 3), len(self._user_ids))):
            self._tenant.directory.link(group_id, "owners", user_id, FOUNDED_AT)

    def _keep(self, thing: JsonObject) -> None:
        self._tenant.directory.add("group", thing, FOUNDED_AT)

    def _topic(self, rank: int) -> str:
        large = ("All Employees", "Wi-Fi Access", "VPN Users", "Intranet Readers")
        if rank < len(large):
            return large[rank]
        draw = self._random
        return f"{draw.choice(DEPARTMENTS).name} {draw.choice(TOPICS)}"

    def _named(self, name: str, kind: str) -> JsonObject:
        seen = self._taken.get(name, 0)
        self._taken[name] = seen + 1
        shown = f"{name} {seen + 1}" if seen else name
        nickname = "".join(letter for letter in shown if letter.isalnum())
        created = stamp(FOUNDED_AT + self._random.randrange(PAST_DAYS) * DAY_SECONDS)
        body: JsonObject = {
            "displayName": shown,
            "description": f"{shown} ({kind})",
            "mailNickname": nickname,
            "mailEnabled": kind in ("unified", "distribution", "mail-security"),
            "securityEnabled": kind in ("security", "mail-security", "synced"),
            "securityIdentifier": f"S-1-12-1-{self._random.getrandbits(32)}-{self._random.getrandbits(32)}",
        }
        if kind == "unified":
            body |= {"groupTypes": ["Unified"], "visibility": self._random.choice(("Private", "Public"))}
        if kind in ("distribution", "mail-security"):
            mail = f"{nickname}@{self._tenant.domain}"
            body |= {"mail": mail, "proxyAddresses": [f"SMTP:{mail}"]}
        if kind == "synced":
            body |= {"onPremisesSyncEnabled": True, "onPremisesSamAccountName": nickname}
        domain = self._tenant.domain
        return group.completed(body, object_id=self._tenant.new_id(), created_at=created, domain=domain)


def _share(rank: int, exponent: float) -> float:
    if rank < len(LARGEST_SHARES):
        return LARGEST_SHARES[rank]
    return LARGEST_SHARES[0] / math.pow(rank + 1, exponent)


def _exponent(groups: int, people: int, members: int) -> float:
    """Return the exponent at which the sizes of all groups add up to about `members`."""
    low, high = EXPONENTS
    for _ in range(24):
        middle = (low + high) / 2
        total = sum(max(1, int(people * _share(rank, middle))) for rank in range(groups))
        low, high = (middle, high) if total > members else (low, middle)
    return low


def _rules() -> list[tuple[str, str]]:
    ruled = [department.name for department in DEPARTMENTS if department.has_rules]
    found = [(f"Everyone in {name}", f'(user.department -eq "{name}")') for name in ruled]
    for office in OFFICES:
        place = f'(user.officeLocation -eq "{office.name}")'
        found += [(f"{name} {office.name}", f'(user.department -eq "{name}") -and {place}') for name in ruled]
    return found
