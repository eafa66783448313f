"""What the makers of applications, roles and settings share: ids of their own, and adding to the tenant's past.

Ids come from a stream of their own, so that users, groups and policies of a seed are the same with or without them.
"""

import uuid
from copy import deepcopy
from random import Random
from typing import Any

from simulator.generate.people import FOUNDED_AT
from simulator.tenant import Tenant
from simulator.types.schema import JsonObject


class Kit:
    """Adds objects to one tenant."""

    def __init__(self, tenant: Tenant, name: str) -> None:
        self.tenant = tenant
        self.random = Random(f"{name} {tenant.seed}")
        self._ids = Random(f"{name} ids {tenant.seed}")

    def new_id(self) -> str:
        """Return a fresh GUID."""
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    def add(self, type_name: str, thing: JsonObject) -> str:
        """Add one object as a creation would complete it; return its key."""
        schema = self.tenant.directory.stores[type_name].schema
        made: JsonObject = {schema.key: thing[schema.key] if schema.key in thing else self.new_id()}
        made |= deepcopy(dict(schema.defaults))
        if schema.is_open and not schema.always_typed:
            made = {each.name: each.empty for each in schema.properties.values() if each.shown_by_default} | made
        made |= thing
        self.tenant.directory.add(type_name, made, FOUNDED_AT)
        return str(made[schema.key])

    def link(self, source_id: str, relation: str, target_id: str) -> None:
        """Add one link."""
        self.tenant.directory.link(source_id, relation, target_id, FOUNDED_AT)

    def some(self, of: list[Any], count: int) -> list[Any]:
        """Return up to `count` of a list, drawn without repeating."""
        return self.random.sample(of, min(count, len(of)))
