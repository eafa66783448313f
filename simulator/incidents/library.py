"""The incidents there are, by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from simulator.incidents.careless_script import NAME, play

Incident = Callable[..., dict[str, Any]]

INCIDENTS: Mapping[str, Incident] = MappingProxyType({NAME: play})
