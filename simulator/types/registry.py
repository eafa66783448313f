"""Every object type the simulated tenant has, in one list. A new type is one entry here and one table."""

from simulator.types import application, conditional_access, grants, group, roles, service_principal, user
from simulator.types.policies import policy_schemas
from simulator.types.schema import Schema
from simulator.types.singletons import singleton_schemas


def schemas() -> list[Schema]:
    """Return fresh schemas of all types; a tenant's own may learn properties that came with loaded objects."""
    return [
        user.schema(),
        group.schema(),
        conditional_access.policy_schema(),
        conditional_access.location_schema(),
        application.schema(),
        service_principal.schema(),
        roles.unit_schema(),
        roles.directory_role_schema(),
        application.credential_schema(),
        grants.grant_schema(),
        grants.assignment_schema(),
        *roles.role_schemas(),
        *roles.privileged_schemas(),
        *policy_schemas(),
        *singleton_schemas(),
    ]
