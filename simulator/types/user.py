"""Users: properties and write rules.

The table follows the Microsoft Graph page "user resource type"; the default properties are the eleven it lists.
"""

from types import MappingProxyType
from typing import Any

from simulator.errors import bad_request, on_premises_mastered
from simulator.types.schema import JsonObject, Schema, properties

_TABLE = """
id                              text     never   default
deletedDateTime                 time     never
accountEnabled                  boolean  always
ageGroup                        text     always
assignedLicenses                objects  never
assignedPlans                   objects  never
authorizationInfo               object   always
businessPhones                  texts    always  default
city                            text     always
companyName                     text     always
consentProvidedForMinor         text     always
country                         text     always
createdDateTime                 time     never
creationType                    text     never
department                      text     always
displayName                     text     always  default
employeeHireDate                time     always
employeeId                      text     always
employeeLeaveDateTime           time     always
employeeOrgData                 object   always
employeeType                    text     always
externalUserState               text     never
externalUserStateChangeDateTime time     never
faxNumber                       text     always
givenName                       text     always  default
identities                      objects  always
identityParentId                text     create
imAddresses                     texts    never
isManagementRestricted          boolean  never
isResourceAccount               boolean  never
jobTitle                        text     always  default
lastPasswordChangeDateTime      time     never
legalAgeGroupClassification     text     never
licenseAssignmentStates         objects  never
mail                            text     always  default
mailNickname                    text     always
mobilePhone                     text     always  default
officeLocation                  text     always  default
onPremisesDistinguishedName     text     never
onPremisesDomainName            text     never
onPremisesExtensionAttributes   object   always
onPremisesImmutableId           text     always
onPremisesLastSyncDateTime      time     never
onPremisesProvisioningErrors    objects  never
onPremisesSamAccountName        text     never
onPremisesSecurityIdentifier    text     never
onPremisesSyncEnabled           boolean  never
onPremisesUserPrincipalName     text     never
otherMails                      texts    always
passwordPolicies                text     always
passwordProfile                 object   always
postalCode                      text     always
preferredDataLocation           text     always
preferredLanguage               text     always  default
provisionedPlans                objects  never
proxyAddresses                  texts    never
securityIdentifier              text     never
serviceProvisioningErrors       objects  never
showInAddressList               boolean  always
signInSessionsValidFromDateTime time     never
state                           text     always
streetAddress                   text     always
surname                         text     always  default
usageLocation                   text     always
userPrincipalName               text     always  default
userType                        text     always
"""

ELSEWHERE = frozenset(
    "aboutMe birthday customSecurityAttributes deviceEnrollmentLimit hireDate interests "
    "mailboxSettings mySite pastProjects preferredName print responsibilities schools signInActivity skills".split()
)
REQUIRED = ("accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName")
AGENT_REQUIRED = ("accountEnabled", "displayName", "identityParentId", "mailNickname", "userPrincipalName")
# One manager; sponsors are people or groups: Microsoft Graph pages "Assign manager" and "Assign sponsors".
TARGETS = MappingProxyType({"manager": frozenset({"user"}), "sponsors": frozenset({"user", "group"})})
SINGLE = frozenset({"manager"})
NEVER_EMPTY = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName")


def schema() -> Schema:
    """Return the schema of users."""
    return Schema(
        "user",
        "User",
        "users",
        properties(_TABLE),
        elsewhere=ELSEWHERE,
        targets=TARGETS,
        unique=("userPrincipalName",),
        is_directory_object=True,
        is_softly_deleted=True,
        is_paged=True,
    )


def check_create(schema: Schema, body: JsonObject, *, is_agent: bool = False) -> None:
    """Refuse a new user Graph would refuse; an agent's user has no password, but an agent identity it belongs to."""
    schema.check_write(body, creating=True)
    schema.check_required(body, AGENT_REQUIRED if is_agent else REQUIRED)


def check_update(schema: Schema, current: JsonObject, body: JsonObject) -> None:
    """Refuse a change Graph would refuse: unknown, read-only, required made empty, mastered on premises."""
    schema.check_write(body, creating=False)
    refuse_synced(current)
    for name in NEVER_EMPTY:
        if name in body and body[name] in (None, ""):
            raise bad_request(f"Invalid value specified for property '{name}' of resource 'User'.")


def refuse_synced(current: JsonObject) -> None:
    """Refuse any write to an object synced from on premises."""
    if current.get("onPremisesSyncEnabled") is True:
        raise on_premises_mastered()


def completed(body: JsonObject, *, object_id: str, created_at: str) -> JsonObject:
    """Return the stored user for a creation; the password is never kept."""
    user: JsonObject = {"id": object_id, "createdDateTime": created_at, "userType": "Member"}
    user |= body
    user.pop("passwordProfile", None)
    return user | with_mail(user)


def with_mail(user: JsonObject) -> dict[str, Any]:
    """Return the proxy addresses that follow from a user's `mail`: its primary address, older ones kept."""
    mail = user.get("mail")
    kept = [each for each in user.get("proxyAddresses", []) if not each.startswith("SMTP:")]
    if not mail:
        return {"proxyAddresses": user.get("proxyAddresses", [])}
    return {"proxyAddresses": [f"SMTP:{mail}", *(each for each in kept if each.lower() != f"smtp:{mail}".lower())]}
