"""A tenant of any size that exists only as a rule: its pages, byte for byte as Graph would send them.

Pure: the same size gives the same pages. The shape is that of "Snapshot format, difference, plan": bodies of 1.9 KB,
and as many links as asked for (4.2 per object there). An eighth of the objects are groups, one in 200 is in the
recycle bin. `changed` is the share of objects that differ from the same tenant with nothing changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from bench.bodies import GROUP_BODY, USER_BODY

GROUP_SHARE = 0.12
OBJECTS_PER_DELETED = 200
EXPANDED_GROUPS = 100  # groups to a page of members: about the links that 999 groups of usual size bring
PAGE_OBJECTS = 999
CITIES = ("Amsterdam", "Utrecht", "Singapore", "Bengaluru", "Toronto", "Lyon", "Leeds", "Porto")
TITLES = ("Analyst", "Engineer", "Manager", "Nurse", "Planner", "Buyer", "Clerk", "Architect", "Driver")


@dataclass(frozen=True)
class Population:
    """`objects` in all and `links` between them, of which the share `changed` differs."""

    objects: int
    links: int
    changed: float = 0.0

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return max(1, round(self.objects * GROUP_SHARE))

    @property
    def deleted(self) -> int:
        """How many users are in the recycle bin."""
        return self.objects // OBJECTS_PER_DELETED

    @property
    def users(self) -> int:
        """How many users are live."""
        return self.objects - self.groups - self.deleted

    def is_changed(self, number: int) -> bool:
        """Tell whether object `number` of its kind differs; spread evenly over the numbers."""
        return int((number + 1) * self.changed) > int(number * self.changed)

    def body(self, kind: str, number: int) -> str:
        """Return the JSON of one object; kind is user, deleted or group."""
        object_id = guid_of(kind, number)
        changed = " (acting)" if kind != "deleted" and self.is_changed(number) else ""
        digits = object_id.replace("-", "")
        sid = "-".join(str(int(digits[start : start + 8], 16)) for start in range(0, 32, 8))
        alias = f"{digits[7:12]}.{number}"
        title = TITLES[number % len(TITLES)] + changed
        city = CITIES[number * 7 % len(CITIES)]
        day = (
            f"{2016 + number % 10}-{1 + number % 12:02d}-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:07Z"
        )
        chance = guid_of(f"{kind} chance", number).replace("-", "")
        return (GROUP_BODY if kind == "group" else USER_BODY) % {
            "id": object_id,
            "alias": alias,
            "title": title,
            "city": city,
            "day": day,
            "sid": sid,
            "immutable": chance[:22],
            "phone": int(chance[22:27], 16),
            "mobile": int(chance[27:], 16),
            "number": number,
        }

    def members(self, number: int) -> list[str]:
        """Return the ids of the members of group `number`; each group has an owner besides, one of `links` too."""
        of_all = max(0, self.links - self.groups)
        count = of_all // self.groups + (number < of_all % self.groups)
        first = number * (count + 1) % self.users
        count = min(count, self.users - 1)
        stride = 1 + number * 977 % max(1, self.users // max(1, count))  # one round at most, so none comes twice
        numbers = [(first + place * stride) % self.users for place in range(count)]
        if numbers and self.is_changed(number):
            numbers[0] = (first - 1) % self.users
        return [guid_of("user", member) for member in numbers]

    def owners(self, number: int) -> list[str]:
        """Return the id of the one owner of group `number`."""
        return [guid_of("user", number % self.users)]

    def object_page(self, kind: str, page: int) -> bytes:
        """Return page `page` of the live users, the deleted ones or the groups."""
        total = {"user": self.users, "deleted": self.deleted, "group": self.groups}[kind]
        end = min(total, (page + 1) * PAGE_OBJECTS)
        return _page((self.body(kind, number) for number in range(page * PAGE_OBJECTS, end)), page, end < total)

    def link_page(self, reference: str, page: int) -> bytes:
        """Return page `page` of the groups with `reference` (members or owners) expanded."""
        end = min(self.groups, (page + 1) * EXPANDED_GROUPS)
        named = self.members if reference == "members" else self.owners
        rows = (
            f'{{"id":"{guid_of("group", number)}","{reference}":[{",".join(map(_user, named(number)))}]}}'
            for number in range(page * EXPANDED_GROUPS, end)
        )
        return _page(rows, page, end < self.groups)


def guid_of(kind: str, number: int) -> str:
    """Return the id of an object: as spread as a random GUID, and always the same."""
    digits = hashlib.blake2b(f"{kind} {number}".encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _user(object_id: str) -> str:
    return f'{{"@odata.type":"#microsoft.graph.user","id":"{object_id}"}}'


def _page(rows: Iterator[str], page: int, goes_on: bool) -> bytes:
    following = f',"@odata.nextLink":"https://graph.microsoft.com/v1.0/next?page={page + 1}"' if goes_on else ""
    return f'{{"value":[{",".join(rows)}]{following}}}'.encode()
