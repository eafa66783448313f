"""Policies about tokens and sign-in pages: claims mapping, lifetime, issuance, home realm, time-out of idle sessions.

Property names: "stsPolicy resource type" and the types derived from it. They are deleted for good, and applications
name them by id in links that are not captured, so one that is created anew has to be assigned anew.
"""

from __future__ import annotations

from shared.catalogue.creation import Creation
from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Property, Rule
from shared.catalogue.waves import Wave


def _policy(name: str, code: int) -> ObjectType:
    return ObjectType(
        name=name,
        code=code,
        wire_name=name,
        odata_type=f"#microsoft.graph.{name}",
        path=f"/policies/{name.removesuffix('y')}ies",
        properties=(
            Property("id", Rule.IDENTITY),
            Property("displayName", may_clear=False),
            Property("definition", may_clear=False),
            Property("description"),
            Property("isOrganizationDefault", may_clear=False),
            Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
        ),
        is_paged=False,
        is_listed=True,
        sends_select=False,
        creation=Creation(named_by=("displayName",)),
        waves={"recreate": Wave.RECREATE, "update": Wave.LOCATIONS},
        read_permissions=("Policy.Read.All",),
        write_permissions=("Policy.ReadWrite.ApplicationConfiguration", "Policy.Read.All"),
    )


CLAIMS_MAPPING_POLICY = _policy("claimsMappingPolicy", 24)
TOKEN_LIFETIME_POLICY = _policy("tokenLifetimePolicy", 25)
TOKEN_ISSUANCE_POLICY = _policy("tokenIssuancePolicy", 26)
HOME_REALM_DISCOVERY_POLICY = _policy("homeRealmDiscoveryPolicy", 27)
ACTIVITY_BASED_TIMEOUT_POLICY = _policy("activityBasedTimeoutPolicy", 34)
