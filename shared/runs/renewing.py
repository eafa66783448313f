"""What a recovery has created anew so far, and what it still has to: read from its own batches.

Reads only. New ids come from recorded outcomes, which are proven by the digests in the batch rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from shared.domain.changes import Action, Change, Outcome
from shared.domain.jobs import Batch, Step
from shared.ports import Blobs
from shared.recover.recreating import is_created_anew, own_ids
from shared.recover.rewriting import ids_in
from shared.runs.outcomes import planned, recorded

RENEWS = "renews"  # in the argument of a batch: whether it creates anything anew


class Renewed(msgspec.Struct, frozen=True):
    """`ids` has the new id for every old one, appIds among them; `waiting` are old ids that have none yet."""

    ids: Mapping[str, str] = {}
    waiting: frozenset[str] = frozenset()

    @property
    def young(self) -> frozenset[str]:
        """The ids that this recovery has made: a replica may not know them for minutes."""
        return frozenset(self.ids.values())

    def is_named_in(self, change: Change) -> bool:
        """Tell whether a change names something that this recovery has made."""
        if not self.ids:
            return False
        named = ids_in([change.object_id, change.other_id, change.target])
        return not named.isdisjoint(self.young)

    def grown(self, outcomes: Iterable[Outcome]) -> Renewed:
        """Return it with the new ids of more outcomes."""
        ids = {**self.ids, **ids_of(outcomes)}
        return Renewed(ids, self.waiting - ids.keys())


def ids_of(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Return the new ids that these outcomes tell, by old id."""
    ids: dict[str, str] = {}
    for one in outcomes:
        if one.action is Action.RECREATE and one.new_id:
            ids[one.object_id.lower()] = one.new_id
            old_app_id = str(one.target.get("appId") or "").lower()
            if old_app_id and one.new_app_id:
                ids[old_app_id] = one.new_app_id
    return ids


def id_map_prefix(tenant: str) -> str:
    """Return what the names of the tenant's id map files in the vault start with."""
    return f"{tenant}/id-map/"


async def renewed_by(work: Blobs, batches: Sequence[Batch]) -> Renewed:
    """Return what the batches of a job have created anew, and what they still have to."""
    renewing = [batch for batch in batches if batch.step is Step.APPLY and batch.argument.get(RENEWS)]
    waiting: set[str] = set()
    for batch in renewing:
        for change in await planned(work, batch):
            if is_created_anew(change):
                waiting |= own_ids(change)
    return Renewed({}, frozenset(waiting)).grown(await recorded(work, renewing))
