"""Invents Conditional Access: named locations and policies that name them, groups and roles."""

from typing import Any

from simulator.generate.people import FOUNDED_AT
from simulator.moments import DAY_SECONDS, stamp
from simulator.tenant import Tenant
from simulator.types import conditional_access as ca
from simulator.types.schema import JsonObject

POLICIES_MAX = 16
LOCATIONS_MAX = 6
# From the page "Microsoft Entra built-in roles": Global, Security and Conditional Access Administrator.
ADMINISTRATORS = (
    "62e90394-69f5-4237-9190-012177145e10",
    "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",
)
MADE_AT = stamp(FOUNDED_AT + 400 * DAY_SECONDS)


def make_locations(tenant: Tenant, count: int) -> list[str]:
    """Make up to six named locations; return their ids."""
    schema = tenant.directory.stores[ca.LOCATION].schema
    ids = []
    for body in _locations()[:count]:
        thing = ca.completed(schema, body, object_id=tenant.new_id(), created_at=MADE_AT)
        tenant.directory.add(ca.LOCATION, thing, FOUNDED_AT)
        ids.append(thing["id"])
    return ids


def _locations() -> list[JsonObject]:
    def addresses(name: str, *ranges: str, trusted: bool) -> JsonObject:
        kind = "#microsoft.graph.iPv4CidrRange"
        return {
            "@odata.type": "#microsoft.graph.ipNamedLocation",
            "displayName": name,
            "isTrusted": trusted,
            "ipRanges": [{"@odata.type": kind, "cidrAddress": each} for each in ranges],
        }

    def countries(name: str, *codes: str) -> JsonObject:
        return {
            "@odata.type": "#microsoft.graph.countryNamedLocation",
            "displayName": name,
            "countriesAndRegions": list(codes),
            "countryLookupMethod": "clientIpAddress",
            "includeUnknownCountriesAndRegions": False,
        }

    return [
        addresses("Offices", "192.0.2.0/25", "198.51.100.0/24", trusted=True),
        countries("Countries we work in", "NL", "BE", "DE", "FR", "IE", "US", "SG"),
        addresses("VPN exits", "203.0.113.16/28", trusted=True),
        addresses("Partner network", "203.0.113.128/26", trusted=False),
        countries("Countries for guests", "NL", "BE", "DE"),
        {"@odata.type": ca.COMPLIANT_NETWORK, "displayName": "All Compliant Network locations", "isTrusted": True}
        | {"compliantNetworkType": "allTenantCompliantNetworks"},
    ]


def make_policies(tenant: Tenant, count: int, *, excluded_group: str, group_ids: list[str], places: list[str]) -> None:
    """Make up to sixteen policies, each excluding the emergency accounts' group."""
    schema = tenant.directory.stores[ca.POLICY].schema
    for name, state, users, more in _policies(group_ids, places)[:count]:
        conditions = {"users": {"excludeGroups": [excluded_group], **users}} | more.get("conditions", {})
        conditions.setdefault("applications", {"includeApplications": ["All"]})
        body = {"displayName": name, "state": state} | more | {"conditions": conditions}
        thing = ca.completed(schema, body, object_id=tenant.new_id(), created_at=MADE_AT)
        tenant.directory.add(ca.POLICY, thing, FOUNDED_AT)


def _policies(groups: list[str], places: list[str]) -> list[tuple[str, str, JsonObject, JsonObject]]:
    on, watch = "enabled", "enabledForReportingButNotEnforced"
    everyone, admins = {"includeUsers": ["All"]}, {"includeRoles": list(ADMINISTRATORS)}
    members = {"includeGroups": groups[:1]}
    guests = {"includeGuestsOrExternalUsers": _guests()}

    def grant(*controls: str, operator: str = "OR", **conditions: Any) -> JsonObject:
        return {"grantControls": {"operator": operator, "builtInControls": list(controls)}, "conditions": conditions}

    def place(include: list[str], exclude: list[str]) -> JsonObject:
        return {"includeLocations": include, "excludeLocations": exclude}

    legacy = ["exchangeActiveSync", "other"]
    office_365 = {"includeApplications": ["Office365"]}
    portals = {"includeApplications": ["MicrosoftAdminPortals"]}
    phones = {"includePlatforms": ["iOS", "android"], "excludePlatforms": []}
    windows = {"includePlatforms": ["windows"], "excludePlatforms": []}
    frequency = {"value": 12, "type": "hours", "isEnabled": True, "frequencyInterval": "timeBased"}
    frequency["authenticationType"] = "primaryAndSecondaryAuthentication"
    again = {"sessionControls": {"signInFrequency": frequency}}
    forget = {"sessionControls": {"persistentBrowser": {"mode": "never", "isEnabled": True}}}
    register = {"includeApplications": [], "includeUserActions": ["urn:user:registersecurityinfo"]}
    return [
        ("Everyone: require multifactor authentication", on, everyone, grant("mfa")),
        ("Everyone: block legacy authentication", on, everyone, grant("block", clientAppTypes=legacy)),
        ("Administrators: require multifactor authentication", on, admins, grant("mfa")),
        ("Everyone: block other countries", on, everyone, grant("block", locations=place(["All"], places[1:2]))),
        ("Guests: require multifactor authentication", on, guests, grant("mfa")),
        ("Administrators: compliant device for portals", on, admins, grant("compliantDevice", applications=portals)),
        ("Employees: compliant or joined Windows", on, members, grant("compliantDevice", "mfa", platforms=windows)),
        ("Everyone: block high sign-in risk", on, everyone, grant("block", signInRiskLevels=["high"])),
        ("Everyone: change password at high user risk", on, everyone, _risky()),
        ("Phones: approved application", on, members, grant("compliantApplication", platforms=phones)),
        ("Administrators: sign in again after 12 hours", on, admins, again),
        ("Guests: no persistent browser", on, guests, forget),
        ("Security information from trusted places", watch, everyone, _from(register, grant, place)),
        ("Guests: only from known countries", on, guests, grant("block", locations=place(["All"], places[4:5]))),
        ("Office 365: multifactor outside offices", on, everyone, grant("mfa", applications=office_365)),
        ("VPN users: require multifactor", watch, {"includeGroups": groups[2:3]}, grant("mfa")),
    ]


def _from(applications: JsonObject, grant: Any, place: Any) -> JsonObject:
    found: JsonObject = grant("mfa", applications=applications, locations=place(["All"], ["AllTrusted"]))
    return found


def _risky() -> JsonObject:
    grant = {"operator": "AND", "builtInControls": ["mfa", "passwordChange"]}
    return {"grantControls": grant, "conditions": {"userRiskLevels": ["high"]}}


def _guests() -> JsonObject:
    tenants = {"@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants", "membershipKind": "all"}
    return {"guestOrExternalUserTypes": "b2bCollaborationGuest,otherExternalUser", "externalTenants": tenants}
