"""What the referee lets pass on purpose, and why: where the published slice is known to say less than the service.

Every entry is counted when it is used and listed under /_sim/complaints, so an exception nobody needs any more shows.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """One deliberate exception: complaints of `rule` whose place and fact match the two regular expressions."""

    name: str
    rule: str
    place: str
    fact: str
    reason: str

    def covers(self, rule: str, place: str, fact: str) -> bool:
        """Tell whether a complaint is one of these."""
        return rule == self.rule and bool(re.search(self.place, place)) and bool(re.search(self.fact, fact))


ALLOWED = (
    Allowed(
        "select-of-getbyids",
        "unknown-option",
        "^POST .*/getByIds",
        r"^\$select$",
        "Microsoft's throttling page prices getByIds with $select; the generated paths leave query options of "
        "actions out.",
    ),
    Allowed(
        "location-of-beta",
        "unknown-type",
        "namedLocations",
        "^#microsoft.graph.compliantNetworkNamedLocation ",
        "Exported tenants hold such locations and v1.0 sends them, although only beta's metadata declares the type.",
    ),
    Allowed(
        "default-of-users",
        "missing-default",
        "",
        "^securityIdentifier ",
        "The page of the user type lists eleven default properties without this one; its own description differs.",
    ),
    Allowed(
        "policies-of-beta",
        "unknown-property",
        "conditionalAccess/policies",
        r" has no (agents|agentContext|agentIdRiskLevels|blockSensitiveActions|continuousAccessEvaluation|deviceStates|"
        r"times|externalTenants|includeAgentIdServicePrincipals|partialEnablementStrategy|"
        r"(in|ex)clude(Devices|DeviceStates)) \(",
        "Exported policies hold parts that only beta's description has; they come back exactly as they were stored.",
    ),
    Allowed(
        "groups-of-beta",
        "unknown-property",
        "^GET /groups/",
        r"createdByAppId",
        "Exported groups hold it; v1.0 sends it when asked, although only beta's description has it.",
    ),
    Allowed(
        "nickname-of-clients",
        "unknown-property",
        "^POST /(users|groups)$",
        r"^(user|group) has no mailNickName ",
        "CLI for Microsoft 365 spells mailNickname so when it makes users and groups, and the service takes it.",
    ),
    Allowed(
        "recovery-starts",
        "unknown-method",
        r"^POST /directory/recovery/snapshots/[^/]+/recovery(Preview)?Jobs$",
        "",
        "The reference pages start jobs so; the description and the clients generated of it lack the method.",
    ),
    Allowed(
        "recovery-short-names",
        "unknown-path",
        r"^(GET|POST) /directory/recovery/(.+/)?(microsoft\.graph\.entraRecoveryServices\.)?"
        r"(cancel|getChanges|getFailedChanges)(\(\))?$",
        "",
        "The reference pages of beta, and Microsoft's sample scripts, write these names without their namespace; the "
        "functions among them are in the pages of v1.0 and not in its paths.",
    ),
    Allowed(
        "licences-of-groups",
        "body",
        r"^POST /groups/[^/]+/assignLicense$",
        "^a 202 with a body$",
        'The page "group: assignLicense" answers 202 and the group in its body, as no other 202 does.',
    ),
)
