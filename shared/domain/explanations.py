"""What is known about a row of a report beyond what differs: who did it, what it puts at risk, the names it needs.

Pure values, stored as they are (docs/formats/records.md).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Risk(StrEnum):
    """What a change since the target puts at risk. The members' order is that of severity, worst first."""

    LOCK_OUT = "lockOut"
    PRIVILEGE = "privilege"
    CREDENTIAL = "credential"
    FEDERATION = "federation"
    CONSENT = "consent"
    POLICY_WEAKENED = "policyWeakened"


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the directory audit log: when, what, by whom, with which application; empty where it says nothing.

    `properties` are those it says were modified, `new_values` what it says some of them became (JSON, as it stands
    there), `targets` the lower-case ids of the objects it names.
    """

    audit_id: str
    at: datetime
    activity: str
    actor_id: str = ""
    actor_name: str = ""
    app_id: str = ""
    app_name: str = ""
    correlation_id: str = ""
    properties: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    new_values: dict[str, str] = {}


class Log(StrEnum):
    """What the audit log had to say about a row."""

    FOUND = "found"
    NOT_IN_LOG = "not in the log"
    NOT_READABLE = "the audit log could not be read"


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One row explained. `names` are display names of the other ends of its links, by object id."""

    type: str
    object_id: str
    log: Log
    cause: Cause | None = None
    risks: tuple[Risk, ...] = ()
    names: dict[str, str] = {}
