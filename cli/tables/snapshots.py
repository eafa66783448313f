"""How snapshots, and the vault that keeps them, look as a table."""

from __future__ import annotations

from collections.abc import Iterator

from cli.api import Json
from cli.tables.cells import lines, members
from cli.text import moment

SNAPSHOTS = ("id", "of", "objects", "soft-deleted", "links", "how", "known of it")


def snapshot_row(snapshot: Json) -> tuple[object, ...]:
    """Return a snapshot's line."""
    counts = members(snapshot, "tidemark.counts")
    figures = (counts.get(name) for name in ("objects", "softDeleted", "links"))
    known = tuple(_known(snapshot))
    return (snapshot.get("id"), moment(snapshot.get("createdDateTime")), *figures, _how(snapshot), known)


def _how(snapshot: Json) -> tuple[object, ...]:
    """Return how a snapshot was made: by delta or in full, over which other one, and what it does not hold."""
    ways = set(members(snapshot, "tidemark.ways").values())
    base = snapshot.get("tidemark.baseId")
    left_out = (f"without {name}" for name in members(snapshot, "tidemark.incomplete"))
    return lines("delta" if "delta" in ways else "full", f"over {base}" if base else None, *left_out)


def _known(snapshot: Json) -> Iterator[str]:
    """Return what is known of a snapshot, a line each, the worst first."""
    proof, hold = members(snapshot, "tidemark.verification"), members(snapshot, "tidemark.hold")
    if proof.get("fault"):
        yield f"DAMAGED: {str(proof['fault']).rpartition('/')[2]}"
    yield from (f"ALERT: {alert}" for alert in snapshot.get("tidemark.alerts") or ())
    protection = members(snapshot, "tidemark.protection")
    if protection.get("isPromise") is not True:
        yield str(protection.get("said") or "protection unknown").partition(":")[0]
    if hold:
        yield f"held: {hold.get('reason')}"
    whole = proof.get("provenWholeDateTime")
    yield f"verified {moment(whole)[:10]}" if whole else "never verified whole"


def vault_facts(vault: Json) -> Iterator[tuple[object, object]]:
    """Return what there is to say of the vault, fact by fact."""
    yield "protection", members(vault, "protection").get("said")
    yield "promised", f"{vault.get('retentionDays')} days; nothing younger than {vault.get('keptDays')} is removed"
    yield "snapshots", vault.get("snapshots")
    yield "newest sealed", moment(vault.get("newestSealedDateTime"))
    yield "last proven whole", moment(vault.get("newestProvenDateTime"))
    for label in ("held", "alerted", "damaged"):
        if vault.get(label):
            yield label, tuple(vault[label])
    pruned = members(vault, "pruned")
    if pruned:
        gone = f"{len(pruned.get('removed') or ())} removed, {len(pruned.get('leaving') or ())} leave next"
        yield "last pruning", (moment(pruned.get("at")), gone)
