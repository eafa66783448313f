"""Named locations: the places Conditional Access policies speak of, restored before the policies.

Property names: "namedLocation resource type" and its three kinds; `@odata.type` says which kind an object is and is
part of every write. No `$select` is sent, because no one list of names fits all kinds.
"""

from __future__ import annotations

from shared.catalogue.creation import Creation
from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Property, Rule
from shared.catalogue.waves import Wave

NAMED_LOCATION = ObjectType(
    name="namedLocation",
    code=4,
    wire_name="namedLocationPolicy",
    odata_type="#microsoft.graph.namedLocation",
    path="/identity/conditionalAccess/namedLocations",
    deleted_path="/identity/conditionalAccess/deletedItems/namedLocations",
    deleted_list_path="/identity/conditionalAccess/deletedItems/namedLocations",
    properties=(
        Property("id", Rule.IDENTITY),
        Property("displayName", may_clear=False),
        Property("isTrusted"),
        Property("ipRanges", is_set=True),
        Property("countriesAndRegions", is_set=True),
        Property("includeUnknownCountriesAndRegions"),
        Property("countryLookupMethod"),
        Property("compliantNetworkType", Rule.COMPUTED),
        Property("createdDateTime", Rule.COMPUTED, is_compared=False),
        Property("modifiedDateTime", Rule.COMPUTED, is_compared=False),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    native=("*",),
    is_paged=False,
    is_listed=True,
    sends_select=False,
    creation=Creation(named_by=("displayName",)),
    waves={
        "restore": Wave.RESTORE,
        "recreate": Wave.RECREATE,
        "update": Wave.LOCATIONS,
        "softDelete": Wave.SOFT_DELETE,
    },
    read_permissions=("Policy.Read.All",),
    write_permissions=("Policy.ReadWrite.ConditionalAccess", "Policy.Read.All"),
)
