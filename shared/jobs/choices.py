"""What a reading goes on from, as a value, and what a choice of it rests on: delta tokens, and what a scope names.

Pure; shared/runs/choosing.py asks and chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.group import GROUP
from shared.domain.errors import DirectoryError
from shared.domain.jobs import Batch, Job, Kind, Step
from shared.jobs.ways import Token, Way

BY_IDS_MAX = 20_000  # objects read one by one: 1,000 batches of 20; beyond that their types are read as such
EXPIRED_CODES = frozenset({"resyncRequired", "syncStateNotFound", "syncStateInvalid"})


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a reading goes on from: the state `before` ("" for none) and its base `over`, where an increment is kept.

    `ways` has every type; `shards` is 0 when nothing is carried on and the shards may be chosen anew; `watch` says what
    the native watch saw or why it did not look; `since` is when the reading of the state before began.
    """

    ways: dict[str, Way]
    before: str = ""
    over: str = ""
    shards: int = 0
    watch: str = ""
    since: datetime | None = None

    @property
    def carried(self) -> list[str]:
        """The types of which the state before is carried on: by delta, or by the objects that a scope names."""
        return [name for name, known in self.ways.items() if known.way != "full"]

    def is_rolled_forward(self, entry: ObjectType) -> bool:
        """Tell whether the type is rolled forward by delta; what is read object by object is not."""
        return entry.has_delta and self.ways[entry.name].way != "ids"


def reads_by_ids(job: Job) -> bool:
    """Tell whether a job reads only the objects that its scope names.

    A plan that may change groups needs more: the lock-out guard looks for whoever is in them at any depth, so the types
    in scope are read as such (docs/lockout.md), and so they are where the scope names very many objects.
    """
    if job.kind is Kind.CAPTURE or job.scope.ids is None or job.options.reads_whole or job.scope.size > BY_IDS_MAX:
        return False
    makes_plan = job.kind is Kind.RECOVERY or job.options.makes_plan
    return not (makes_plan and GROUP.name in job.scope.ids)


def is_expired(error: DirectoryError) -> bool:
    """Tell whether Graph refuses a delta token for its age ("Use delta query to track changes": 410 and codes)."""
    return error.status == 410 or error.graph_code in EXPIRED_CODES


def tokens_of(batches: Sequence[Batch]) -> dict[str, Token]:
    """Return the delta tokens with which the batches of a capture ended, by type name."""
    found: dict[str, Token] = {}
    for batch in batches:
        if batch.step is Step.ROLL_FORWARD and batch.cursor.get("token"):
            given_at = datetime.fromisoformat(str(batch.cursor["givenAt"]))
            found[str(batch.argument["type"])] = Token(str(batch.cursor["token"]), given_at)
    return found
