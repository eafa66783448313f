"""The incidents there are, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from simulator.incidents import (
    bad_sync,
    careless_script,
    departed_admin,
    hard_deletes,
    mass_emptying,
    ransomware,
    slow_burn,
)
from simulator.incidents.story import Incident

INCIDENTS: Mapping[str, Incident] = MappingProxyType(
    {
        careless_script.NAME: careless_script.CARELESS,
        departed_admin.NAME: departed_admin.DEPARTED_ADMIN,
        ransomware.NAME: ransomware.RANSOMWARE,
        bad_sync.NAME: bad_sync.BAD_SYNC,
        mass_emptying.NAME: mass_emptying.MASS_EMPTYING,
        hard_deletes.NAME: hard_deletes.HARD_DELETES,
        slow_burn.NAME: slow_burn.SLOW_BURN,
    }
)
