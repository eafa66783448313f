"""The rules of each type, by name. A type that is not here needs none but its table."""

from collections.abc import Mapping
from types import MappingProxyType

from simulator.operations import applications, granting, policing, roles
from simulator.operations.rules import Rules
from simulator.types import application, grants, policies, service_principal
from simulator.types import roles as role_types

RULES: Mapping[str, Rules] = MappingProxyType(
    {
        application.APPLICATION: applications.OF_APPLICATIONS,
        application.CREDENTIAL: applications.OF_CREDENTIALS,
        service_principal.SERVICE_PRINCIPAL: applications.OF_SERVICE_PRINCIPALS,
        grants.GRANT: granting.OF_GRANTS,
        grants.ASSIGNMENT: granting.OF_ASSIGNMENTS,
        role_types.DEFINITION: roles.OF_DEFINITIONS,
        role_types.ASSIGNMENT: roles.OF_ASSIGNMENTS,
        role_types.DIRECTORY_ROLE: roles.OF_DIRECTORY_ROLES,
        policies.STRENGTH: policing.OF_STRENGTHS,
        policies.CONTEXT: policing.OF_CONTEXTS,
        policies.ATTRIBUTE: policing.OF_ATTRIBUTES,
        policies.GRANT_POLICY: policing.OF_GRANT_POLICIES,
        policies.GROUP_SETTING: policing.OF_GROUP_SETTINGS,
    }
)
