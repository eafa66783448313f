"""The order of a recovery: which change may run before which (decision D13)."""

from __future__ import annotations

from enum import IntEnum


class Wave(IntEnum):
    """When a change of a recovery runs: a lower wave ends before a higher one starts (decision D13).

    LOCATIONS is the wave of named locations and of everything else that stands between links and policies: settings,
    roles, grants and assignments. `place` is where a wave lies in the rows of a job.
    """

    RESTORE = 1
    RECREATE = 2
    UPDATE = 3
    RELINK = 4
    LINKS = 5
    LOCATIONS = 6
    POLICY_RESTORE = 7
    POLICY_UPDATE = 8
    POLICY_ENABLE = 9
    POLICY_DELETE = 10
    SOFT_DELETE = 11
    APPLICATION_DELETE = 12

    @property
    def place(self) -> int:
        """The number that rows carry. Waves before re-creation had these, and jobs they laid out must go on.

        Re-creation shares the place of restores, and deletions share that of policies' deletions; they follow by the
        numbers of their batches (runs/laying.py). Graph deletes a service principal with its application and does not
        restore it with that, so applications go last: what is deleted by its own change is what an undo restores.
        """
        return max(1, min(self, Wave.POLICY_DELETE) - 1)
