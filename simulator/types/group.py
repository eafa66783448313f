"""Groups: properties, the kinds there are, and write rules.

The table follows the Microsoft Graph page "group resource type". Which kinds are deleted softly follows the page
"Restore deleted groups": Microsoft 365 and cloud security groups are, distribution and mail-enabled security are not.
"""

from types import MappingProxyType

from simulator.errors import bad_request
from simulator.types.schema import JsonObject, Schema, properties
from simulator.types.user import refuse_synced

_TABLE = """
id                            text     never   default
deletedDateTime               time     never   default
assignedLabels                objects  always
assignedLicenses              objects  never
classification                text     always  default
createdDateTime               time     never   default
description                   text     always  default
displayName                   text     always  default
expirationDateTime            time     never   default
groupTypes                    texts    always  default
hasMembersWithLicenseErrors   boolean  never
infoCatalogs                  texts    never
isAssignableToRole            boolean  create  default
isManagementRestricted        boolean  never
licenseProcessingState        object   never
mail                          text     never   default
mailEnabled                   boolean  create  default
mailNickname                  text     always  default
membershipRule                text     always  default
membershipRuleProcessingState text     always  default
onPremisesDomainName          text     never   default
onPremisesExtensionAttributes object   always
onPremisesLastSyncDateTime    time     never   default
onPremisesNetBiosName         text     never   default
onPremisesProvisioningErrors  objects  never   default
onPremisesSamAccountName      text     never   default
onPremisesSecurityIdentifier  text     never   default
onPremisesSyncEnabled         boolean  never   default
organizationId                text     never
preferredDataLocation         text     always  default
preferredLanguage             text     always  default
proxyAddresses                texts    never   default
renewedDateTime               time     never   default
resourceBehaviorOptions       texts    create  default
resourceProvisioningOptions   texts    create  default
securityEnabled               boolean  always  default
securityIdentifier            text     never   default
serviceProvisioningErrors     objects  never   default
theme                         text     always  default
uniqueName                    text     create  default
visibility                    text     always  default
welcomeMessageEnabled         boolean  never
"""

ELSEWHERE = frozenset(
    "accessType allowExternalSenders autoSubscribeNewMembers hideFromAddressLists hideFromOutlookClients isArchived "
    "isFavorite isSubscribedByMail unseenConversationsCount unseenCount unseenMessagesCount".split()
)
REQUIRED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
TARGETS = MappingProxyType(
    {"members": frozenset({"user", "group", "servicePrincipal"}), "owners": frozenset({"user", "servicePrincipal"})}
)
RELATIONS = tuple(TARGETS)


def schema() -> Schema:
    """Return the schema of groups."""
    return Schema(
        "group",
        "Group",
        "groups",
        properties(_TABLE),
        elsewhere=ELSEWHERE,
        targets=TARGETS,
        unique=("uniqueName",),
        is_directory_object=True,
        is_softly_deleted=True,
        is_paged=True,
    )


def is_unified(group: JsonObject) -> bool:
    """Tell whether this is a Microsoft 365 group."""
    return "Unified" in group.get("groupTypes", [])


def is_dynamic(group: JsonObject) -> bool:
    """Tell whether the members follow from a rule."""
    return "DynamicMembership" in group.get("groupTypes", [])


def is_softly_deleted(group: JsonObject) -> bool:
    """Tell whether a deletion of this group can be undone."""
    return is_unified(group) or not group.get("mailEnabled", False)


def check_create(schema: Schema, body: JsonObject) -> None:
    """Refuse a new group Graph would refuse."""
    schema.check_write(body, creating=True)
    schema.check_required(body, REQUIRED)
    if body["mailEnabled"] and not is_unified(body):
        raise bad_request("Cannot Create a mail-enabled security groups and or distribution list.")
    if is_unified(body) and not body["mailEnabled"]:
        raise bad_request("The mailEnabled property must be true for a group of type Unified.")
    if body.get("isAssignableToRole") and (is_dynamic(body) or not body["securityEnabled"]):
        raise bad_request("A group that is assignable to roles must be a security group with assigned members.")
    _check_rule(body)


def check_update(schema: Schema, current: JsonObject, body: JsonObject) -> None:
    """Refuse a change Graph would refuse: unknown, read-only, required made empty, mastered on premises."""
    schema.check_write(body, creating=False)
    refuse_synced(current)
    for name in REQUIRED:
        if name in body and body[name] in (None, ""):
            raise bad_request(f"Invalid value specified for property '{name}' of resource 'Group'.")
    _check_rule({**current, **body})


def _check_rule(group: JsonObject) -> None:
    if is_dynamic(group) and not group.get("membershipRule"):
        raise bad_request("A membershipRule is required for a group with dynamic membership.")


def completed(body: JsonObject, *, object_id: str, created_at: str, domain: str) -> JsonObject:
    """Return the stored group for a creation; a Microsoft 365 group gets its address from its nickname."""
    group: JsonObject = {"id": object_id, "createdDateTime": created_at, "renewedDateTime": created_at, **body}
    if is_unified(group):
        group["mail"] = f"{group['mailNickname']}@{domain}"
        group["proxyAddresses"] = [f"SMTP:{group['mail']}"]
    return group
