"""What the lock-out guard keeps of a plan until the groups that it restores are back.

Pure values, stored between the planning of a recovery and its restores (docs/formats/records.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Exposed(msgspec.Struct, frozen=True, kw_only=True):
    """An enforced policy: the emergency accounts it may reach as it is, and those that it would from its groups."""

    policy_id: str
    display_name: str
    groups: tuple[str, ...]
    is_hard: bool
    reached: tuple[str, ...]
    reachable: tuple[str, ...]


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """Which policies could reach more emergency accounts from groups that come back.

    `accounts` has, by emergency account, the groups that may contain it at some moment of the plan; `usable` are those
    that can be relied on throughout. All ids are in lower case.
    """

    accounts: Mapping[str, tuple[str, ...]]
    usable: tuple[str, ...]
    policies: tuple[Exposed, ...]
