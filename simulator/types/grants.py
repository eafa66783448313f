"""Consent and assignment: delegated permission grants and app-role assignments, gone for good when deleted.

The tables follow the Microsoft Graph pages "oAuth2PermissionGrant resource type" and "appRoleAssignment resource
type". Both hang on their two ends: whoever loses its service principal loses these.
"""

from simulator.types.schema import Schema, properties

GRANT = "oAuth2PermissionGrant"
ASSIGNMENT = "appRoleAssignment"
DEFAULT_ROLE = "00000000-0000-0000-0000-000000000000"
CONSENT_TYPES = frozenset({"AllPrincipals", "Principal"})
PRINCIPALS = frozenset({"user", "group", "servicePrincipal"})

_GRANT_TABLE = """
id          text never  default
clientId    text create default
consentType text create default
principalId text create default
resourceId  text create default
scope       text always default
"""
_ASSIGNMENT_TABLE = """
id                   text never  default
deletedDateTime      time never  default
appRoleId            text create default
createdDateTime      time never  default
principalDisplayName text never  default
principalId          text create default
principalType        text never  default
resourceDisplayName  text never  default
resourceId           text create default
"""


def grant_schema() -> Schema:
    """Return the schema of delegated permission grants."""
    return Schema(
        GRANT,
        "OAuth2PermissionGrant",
        "oauth2PermissionGrants",
        properties(_GRANT_TABLE),
        serves="list create read update delete delta",
        area="grant",
        units=2,
        required=("clientId", "consentType", "resourceId"),
        unique=("clientId+resourceId+whoseConsent",),
        hangs_on=("clientId", "resourceId", "principalId"),
        is_paged=True,
    )


def assignment_schema() -> Schema:
    """Return the schema of app-role assignments, which have paths below both their ends."""
    return Schema(
        ASSIGNMENT,
        "AppRoleAssignment",
        "appRoleAssignments",
        properties(_ASSIGNMENT_TABLE),
        area="assignment",
        units=2,
        required=("appRoleId", "principalId", "resourceId"),
        unique=("principalId+resourceId+appRoleId",),
        hangs_on=("principalId", "resourceId"),
        is_paged=True,
    )
