"""Invents users: members, guests, some synced from on premises, and the two emergency accounts."""

import bisect
import itertools
from random import Random

from simulator.generate.names import DEPARTMENTS, GIVEN_NAMES, OFFICES, PARTNERS, SURNAMES
from simulator.moments import DAY_SECONDS, stamp
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject

GUEST_SHARE = 0.03
SYNCED_SHARE = 0.10
DISABLED_SHARE = 0.02
# The tenant's past is fixed, so that the same seed gives the same tenant whenever it is made: 2018-01-01, eight years.
FOUNDED_AT = 1_514_764_800.0
PAST_DAYS = 2_900
EMERGENCY = ("Emergency Access 1", "Emergency Access 2")
_CUMULATIVE = tuple(itertools.accumulate(department.weight for department in DEPARTMENTS))


class People:
    """Makes one user after the other; no two share a user principal name."""

    def __init__(self, tenant: Tenant, random: Random) -> None:
        self._tenant = tenant
        self._random = random
        self._taken: dict[str, int] = {}
        self._count = 0

    def emergency(self, name: str) -> JsonObject:
        """Return a cloud-only break-glass account."""
        alias = name.lower().replace(" ", "-")
        upn = f"{alias}@{self._tenant.initial_domain}"
        return {
            "id": self._tenant.new_id(),
            "accountEnabled": True,
            "displayName": name,
            "userPrincipalName": upn,
            "mailNickname": alias,
            "userType": "Member",
            "createdDateTime": stamp(FOUNDED_AT),
            "passwordPolicies": "DisablePasswordExpiration",
            "usageLocation": "NL",
            "identities": [self._signs_in_as(upn)],
        }

    def next(self) -> JsonObject:
        """Return one more invented user."""
        self._count += 1
        drawn = self._random.random()
        user = self._person()
        if drawn < GUEST_SHARE:
            return self._as_guest(user)
        if drawn < GUEST_SHARE + SYNCED_SHARE:
            return self._as_synced(user)
        return user

    def _person(self) -> JsonObject:
        pick, roll = self._random.choice, self._random.random
        given, surname = pick(GIVEN_NAMES), pick(SURNAMES)
        department = DEPARTMENTS[bisect.bisect(_CUMULATIVE, roll() * _CUMULATIVE[-1])]
        office = OFFICES[int(len(OFFICES) * roll() ** 1.6)]
        alias = self._alias(given, surname)
        upn = f"{alias}@{self._tenant.domain}"
        number = f"{self._random.randrange(10_000):04d}"
        created = stamp(FOUNDED_AT + self._random.randrange(PAST_DAYS) * DAY_SECONDS + 30_000)
        user: JsonObject = {
            "id": self._tenant.new_id(),
            "accountEnabled": roll() >= DISABLED_SHARE,
            "businessPhones": [f"{office.phone} {number}"],
            "city": office.city,
            "companyName": "Contoso",
            "country": office.country,
            "createdDateTime": created,
            "department": department.name,
            "displayName": f"{given} {surname}",
            "employeeHireDate": created,
            "employeeId": f"C{100_000 + self._count}",
            "employeeType": "Contractor" if roll() < 0.1 else "Employee",
            "givenName": given,
            "identities": [self._signs_in_as(upn)],
            "jobTitle": pick(department.titles),
            "mail": upn,
            "mailNickname": alias,
            "officeLocation": office.name,
            "postalCode": office.postal_code,
            "preferredLanguage": office.language,
            "proxyAddresses": [f"SMTP:{upn}"],
            "state": office.state,
            "streetAddress": office.street,
            "surname": surname,
            "usageLocation": office.usage,
            "userPrincipalName": upn,
            "userType": "Member",
        }
        if roll() < 0.4:
            user["mobilePhone"] = f"+{self._random.randrange(30, 50)} 6 55 {number}"
        if roll() < 0.3:
            user["employeeOrgData"] = {"costCenter": f"CC{self._random.randrange(40):02d}", "division": department.name}
        return user

    def _as_guest(self, user: JsonObject) -> JsonObject:
        partner = self._random.choice(PARTNERS)
        alias = user["mailNickname"]
        mail = f"{alias}@{partner}"
        kept = ("id", "accountEnabled", "createdDateTime", "displayName", "givenName", "surname")
        return {name: user[name] for name in kept} | {
            "creationType": "Invitation",
            "externalUserState": "Accepted",
            "externalUserStateChangeDateTime": user["createdDateTime"],
            "mail": mail,
            "mailNickname": f"{alias}_{partner}#EXT#",
            "otherMails": [mail],
            "proxyAddresses": [f"SMTP:{mail}"],
            "userPrincipalName": f"{alias}_{partner}#EXT#@{self._tenant.domain}",
            "userType": "Guest",
        }

    def _as_synced(self, user: JsonObject) -> JsonObject:
        alias = user["mailNickname"]
        return user | {
            "onPremisesSyncEnabled": True,
            "onPremisesDistinguishedName": f"CN={user['displayName']},OU={user['department']},DC=corp,DC=contoso",
            "onPremisesDomainName": "corp.contoso.example",
            "onPremisesImmutableId": f"{self._random.getrandbits(64):016x}==",
            "onPremisesLastSyncDateTime": stamp(FOUNDED_AT + PAST_DAYS * DAY_SECONDS),
            "onPremisesSamAccountName": alias[:20],
            "onPremisesSecurityIdentifier": f"S-1-5-21-1004336348-1177238915-682003330-{1_000 + self._count}",
            "onPremisesUserPrincipalName": user["userPrincipalName"],
        }

    def _alias(self, given: str, surname: str) -> str:
        alias = f"{given}.{surname}".lower()
        seen = self._taken.get(alias, 0)
        self._taken[alias] = seen + 1
        return f"{alias}{seen + 1}" if seen else alias

    def _signs_in_as(self, upn: str) -> JsonObject:
        return {"signInType": "userPrincipalName", "issuer": self._tenant.domain, "issuerAssignedId": upn}
