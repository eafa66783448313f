"""Every object type Tidemark backs up, and how to find one by any of its names."""

from __future__ import annotations

from difflib import get_close_matches

from shared.catalogue import authentication, cross_tenant, policies_and_sets, roles, tenant_settings, token_policies
from shared.catalogue.administrative_unit import ADMINISTRATIVE_UNIT
from shared.catalogue.application import APPLICATION
from shared.catalogue.conditional_access_policy import CONDITIONAL_ACCESS_POLICY
from shared.catalogue.entry import ObjectType
from shared.catalogue.federated_identity_credential import FEDERATED_IDENTITY_CREDENTIAL
from shared.catalogue.grants import APP_ROLE_ASSIGNMENT, OAUTH2_PERMISSION_GRANT
from shared.catalogue.group import GROUP
from shared.catalogue.listing import Listing
from shared.catalogue.named_location import NAMED_LOCATION
from shared.catalogue.service_principal import SERVICE_PRINCIPAL
from shared.catalogue.user import USER
from shared.domain.errors import InputError

TYPES: tuple[ObjectType, ...] = (
    USER,
    GROUP,
    CONDITIONAL_ACCESS_POLICY,
    NAMED_LOCATION,
    APPLICATION,
    SERVICE_PRINCIPAL,
    OAUTH2_PERMISSION_GRANT,
    APP_ROLE_ASSIGNMENT,
    tenant_settings.AUTHORIZATION_POLICY,
    tenant_settings.ORGANIZATION,
    authentication.AUTHENTICATION_METHODS_POLICY,
    authentication.AUTHENTICATION_METHOD,
    ADMINISTRATIVE_UNIT,
    roles.ROLE_DEFINITION,
    roles.ROLE_ASSIGNMENT,
    roles.ROLE_ELIGIBILITY,
    roles.ROLE_MANAGEMENT_POLICY,
    authentication.AUTHENTICATION_STRENGTH,
    authentication.AUTHENTICATION_CONTEXT,
    cross_tenant.CROSS_TENANT_ACCESS,
    cross_tenant.CROSS_TENANT_DEFAULT,
    cross_tenant.CROSS_TENANT_PARTNER,
    FEDERATED_IDENTITY_CREDENTIAL,
    token_policies.CLAIMS_MAPPING_POLICY,
    token_policies.TOKEN_LIFETIME_POLICY,
    token_policies.TOKEN_ISSUANCE_POLICY,
    token_policies.HOME_REALM_DISCOVERY_POLICY,
    policies_and_sets.GROUP_SETTING,
    policies_and_sets.ATTRIBUTE_SET,
    policies_and_sets.ATTRIBUTE_DEFINITION,
    tenant_settings.SECURITY_DEFAULTS,
    policies_and_sets.PERMISSION_GRANT_POLICY,
    tenant_settings.ADMIN_CONSENT,
    token_policies.ACTIVITY_BASED_TIMEOUT_POLICY,
)
BY_NAME = {entry.name: entry for entry in TYPES}
BY_WIRE_NAME = {entry.wire_name: entry for entry in TYPES}
# What somebody may call a type: as the recovery API does, or as Graph does, where namedLocationPolicy is namedLocation.
_BY_SPOKEN_NAME = {name.lower(): entry for entry in TYPES for name in (entry.name, entry.wire_name)}
MEANT_SHARE = 0.6  # difflib's own measure of how alike two words are, and its own limit
BY_CODE = {entry.code: entry for entry in TYPES}
LISTINGS: dict[str, Listing] = {listing.name: listing for entry in TYPES for listing in entry.listings()}


def type_named(name: str) -> ObjectType:
    """Return the entry called `name`; raise InputError that lists the names there are."""
    entry = BY_NAME.get(name)
    if entry is None:
        raise InputError(f"{name!r} is no captured type; use one of {', '.join(sorted(BY_NAME))}", member="type")
    return entry


def spoken_of(name: str, *, member: str) -> ObjectType:
    """Return the entry that somebody calls `name`, in either of its names and any case.

    Raises InputError that names what may have been meant, or else every type there is.
    """
    entry = _BY_SPOKEN_NAME.get(name.lower())
    if entry is not None:
        return entry
    alike = get_close_matches(name[:80].lower(), _BY_SPOKEN_NAME, cutoff=MEANT_SHARE)
    meant = list(dict.fromkeys(_BY_SPOKEN_NAME[known].wire_name for known in alike))
    fix = f"is {' or '.join(meant)} meant?" if meant else f"use one of {', '.join(sorted(BY_WIRE_NAME))}"
    raise InputError(f"{member}: {name[:80]!r} is no object type; {fix}", member=member)


def reference_of_code(code: int) -> tuple[ObjectType, str] | None:
    """Return the type and reference name whose link rows carry `code`, None for an unknown one."""
    for entry in TYPES:
        for reference in entry.references:
            if reference.code == code:
                return entry, reference.name
    return None
