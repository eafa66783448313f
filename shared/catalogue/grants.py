"""Consent and assignment: delegated permission grants and app-role assignments, gone for good when deleted.

Property names: "oAuth2PermissionGrant resource type" and "appRoleAssignment resource type". Made again, either does
what it did under a new id, so both are known by what they say. They hide and come back with the objects at their ends.
"""

from __future__ import annotations

from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import Shape
from shared.catalogue.members import Property, Rule
from shared.catalogue.waves import Wave

WAVES = {"recreate": Wave.LOCATIONS, "update": Wave.LOCATIONS, "remove": Wave.SOFT_DELETE}

OAUTH2_PERMISSION_GRANT = ObjectType(
    name="oAuth2PermissionGrant",
    code=7,
    wire_name="oAuth2PermissionGrant",
    odata_type="#microsoft.graph.oAuth2PermissionGrant",
    path="/oauth2PermissionGrants",
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        Property("clientId", Rule.CREATE_ONLY),
        Property("consentType", Rule.CREATE_ONLY),
        Property("principalId", Rule.CREATE_ONLY),
        Property("resourceId", Rule.CREATE_ONLY),
        Property("scope", may_clear=False),
    ),
    identity=("clientId", "resourceId", "principalId"),
    ends=("clientId", "resourceId", "principalId"),
    names={"clientId": ("servicePrincipal",), "resourceId": ("servicePrincipal",), "principalId": ("user",)},
    native=("*",),
    is_remade=True,
    is_removable=True,
    waves=WAVES,
    read_permissions=("Directory.Read.All",),
    write_permissions=("DelegatedPermissionGrant.ReadWrite.All",),
)
APP_ROLE_ASSIGNMENT = ObjectType(
    name="appRoleAssignment",
    code=8,
    wire_name="appRoleAssignment",
    odata_type="#microsoft.graph.appRoleAssignment",
    path="/servicePrincipals/{parent}/appRoleAssignedTo",
    parents="/servicePrincipals",
    shape=Shape.CHILDREN,
    properties=(
        Property("id", Rule.COMPUTED, is_compared=False),
        Property("appRoleId", Rule.CREATE_ONLY),
        Property("principalId", Rule.CREATE_ONLY),
        Property("resourceId", Rule.CREATE_ONLY),
        Property("principalType", Rule.COMPUTED, is_compared=False),
        Property("principalDisplayName", Rule.COMPUTED, is_compared=False),
        Property("resourceDisplayName", Rule.COMPUTED, is_compared=False),
        Property("createdDateTime", Rule.COMPUTED, is_compared=False),
        Property("deletedDateTime", Rule.COMPUTED, is_compared=False),
    ),
    identity=("resourceId", "principalId", "appRoleId"),
    ends=("resourceId", "principalId"),
    names={"resourceId": ("servicePrincipal",), "principalId": ("user", "group", "servicePrincipal")},
    native=("*",),
    is_remade=True,
    is_removable=True,
    waves=WAVES,
    read_permissions=("Application.Read.All",),
    write_permissions=("AppRoleAssignment.ReadWrite.All", "Application.Read.All"),
)
