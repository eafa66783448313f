"""What a recovery cannot do through Graph and a person has to: the steps of its runbook.

Pure values, stored with the job that planned them (docs/formats/records.md).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Task(StrEnum):
    """What is to be done. RENEW: secrets that nothing can bring back; CHECK: nobody may set it, so see what it is."""

    SET = "set"
    RESTORE = "restore"
    CREATE = "create"
    DELETE = "delete"
    RENEW = "renew"
    CHECK = "check"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One property, or one reference to another object (`other_id`): what it is now, and what it shall be."""

    name: str
    now: Any = None
    wanted: Any = None
    other_id: str = ""
    reason: str = ""


class ManualStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do by hand to one object: what, why not by the recovery, where, the exact values, what else."""

    type: str
    object_id: str
    display_name: str
    task: Task
    reason: str
    where: str
    settings: tuple[Setting, ...] = ()
    notes: tuple[str, ...] = ()
