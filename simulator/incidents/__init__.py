"""Things that happen to tenants, by name and seed: each a short story of writes through Graph's own operations."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from simulator.incidents import careless_script

Incident = Callable[..., dict[str, Any]]

INCIDENTS: Mapping[str, Incident] = MappingProxyType({careless_script.NAME: careless_script.play})
