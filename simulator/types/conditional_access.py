"""Conditional Access policies and named locations: properties, write rules, and how a PATCH merges.

Kept whole, not sparse: a policy holds parts no public description names (agents, say), and ids of objects that are
gone. Both must come back exactly as they were stored. The checks follow the Microsoft Graph pages "Create
conditionalAccessPolicy" and "Create namedLocation"; merging inside complex values follows OData's rule for PATCH.
"""

from copy import deepcopy
from typing import Any

from simulator.errors import bad_request
from simulator.types.schema import JsonObject, Schema, properties

POLICY = "conditionalAccessPolicy"
LOCATION = "namedLocation"
STATES = frozenset({"enabled", "disabled", "enabledForReportingButNotEnforced"})
LOCATION_TYPES = {
    "#microsoft.graph.ipNamedLocation": "ipRanges",
    "#microsoft.graph.countryNamedLocation": "countriesAndRegions",
}
COMPLIANT_NETWORK = "#microsoft.graph.compliantNetworkNamedLocation"

_POLICY_TABLE = """
id               text    never   default
templateId       text    create  default
displayName      text    always  default
createdDateTime  time    never   default
modifiedDateTime time    never   default
deletedDateTime  time    never   default
description      text    always  default
state            text    always  default
conditions       object  always  default
grantControls    object  always  default
sessionControls  object  always  default
"""
_LOCATION_TABLE = """
id                                text    never   default
displayName                       text    always  default
createdDateTime                   time    never   default
modifiedDateTime                  time    never   default
deletedDateTime                   time    never   default
isTrusted                         boolean always  default
ipRanges                          objects always  default
countriesAndRegions               texts   always  default
countryLookupMethod               text    always  default
includeUnknownCountriesAndRegions boolean always  default
compliantNetworkType              text    never   default
"""
EMPTY_CONDITIONS: JsonObject = {
    "userRiskLevels": [],
    "signInRiskLevels": [],
    "servicePrincipalRiskLevels": [],
    "clientAppTypes": ["all"],
    "insiderRiskLevels": None,
    "platforms": None,
    "locations": None,
    "devices": None,
    "clientApplications": None,
    "authenticationFlows": None,
    "applications": {
        "includeApplications": [],
        "excludeApplications": [],
        "includeUserActions": [],
        "includeAuthenticationContextClassReferences": [],
        "applicationFilter": None,
    },
    "users": {
        "includeUsers": [],
        "excludeUsers": [],
        "includeGroups": [],
        "excludeGroups": [],
        "includeRoles": [],
        "excludeRoles": [],
        "includeGuestsOrExternalUsers": None,
        "excludeGuestsOrExternalUsers": None,
    },
}
EMPTY_GRANT: JsonObject = {
    "operator": "OR",
    "builtInControls": [],
    "customAuthenticationFactors": [],
    "termsOfUse": [],
    "authenticationStrength": None,
}


def policy_schema() -> Schema:
    """Return the schema of Conditional Access policies."""
    table, place = properties(_POLICY_TABLE), "identity/conditionalAccess/policies"
    return Schema(POLICY, "ConditionalAccessPolicy", place, table, is_open=True, is_softly_deleted=True)


def location_schema() -> Schema:
    """Return the schema of named locations, of all three kinds together."""
    place = "identity/conditionalAccess/namedLocations"
    table = properties(_LOCATION_TABLE)
    return Schema(LOCATION, "NamedLocation", place, table, is_open=True, always_typed=True, is_softly_deleted=True)


def check_create(schema: Schema, body: JsonObject) -> None:
    """Refuse a new policy or location Graph would refuse."""
    if schema.name == LOCATION:
        kind = body.get("@odata.type")
        if kind not in LOCATION_TYPES:
            raise bad_request(f"A named location of type '{kind}' cannot be created.", "BadRequest")
        _check_values(schema, body, creating=True)
        schema.check_required(body, ("displayName", LOCATION_TYPES[kind]))
    else:
        _check_values(schema, body, creating=True)
        schema.check_required(body, ("displayName", "state", "conditions"))


def check_update(schema: Schema, current: JsonObject, body: JsonObject) -> None:
    """Refuse a change Graph would refuse; a location never changes its kind."""
    kind = body.get("@odata.type")
    if schema.name == LOCATION and kind is not None and kind != current.get("@odata.type"):
        raise bad_request(f"Named location '{current['id']}' is not of type '{kind}'.", "BadRequest")
    _check_values(schema, body, creating=False)


def _check_values(schema: Schema, body: JsonObject, *, creating: bool) -> None:
    ours = {name: value for name, value in body.items() if not name.startswith("@odata.")}
    schema.check_write(ours, creating=creating)
    if "state" in body and body["state"] not in STATES:
        raise bad_request(f"Invalid value '{body['state']}' for property 'state'.", "BadRequest")
    if "displayName" in body and not body["displayName"]:
        raise bad_request("1001: The display name must not be empty.", "BadRequest")


def completed(schema: Schema, body: JsonObject, *, object_id: str, created_at: str) -> JsonObject:
    """Return the stored object for a creation, with every part the service always sends."""
    made: JsonObject = {"id": object_id, "createdDateTime": created_at, "modifiedDateTime": None}
    if schema.name == LOCATION:
        return {**made, "modifiedDateTime": created_at, "deletedDateTime": None, **deepcopy(body)}
    made |= {"templateId": None, "deletedDateTime": None, "description": None, "sessionControls": None}
    made |= {"grantControls": None, **deepcopy(body)}
    made["conditions"] = merged(EMPTY_CONDITIONS, made["conditions"])
    if made["grantControls"] is not None:
        made["grantControls"] = merged(EMPTY_GRANT, made["grantControls"])
    return made


def merged(current: Any, change: Any) -> Any:
    """Return `change` laid over `current`: complex values merge member by member, everything else replaces."""
    if not isinstance(current, dict) or not isinstance(change, dict):
        return deepcopy(change)
    if change.get("@odata.type", current.get("@odata.type")) != current.get("@odata.type"):
        return deepcopy(change)
    result = deepcopy(current)
    for name, value in change.items():
        result[name] = merged(current.get(name), value)
    return result
