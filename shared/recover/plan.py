"""Put the differences of a report into the order a recovery may apply them.

Pure: reads no clock, network or storage; the same differences always give the same plan.

Every plan keeps these promises (tests/properties/test_plan.py checks each by name):
  P1  a change comes after every change it needs: objects are restored before their properties, all objects before
      links, named locations before the policies that name them
  P2  a policy that could lock people out comes after everything it depends on, and is switched on in a stage of its
      own: first it lands report-only, with everything else as it was
  P3  no object is ever deleted for good. What is removed, when asked, is a grant or an assignment: it says who may do
      what, and is kept whole before, so that one request puts it back. Nothing is created but what is the same again
      by what it says (grants, assignments, settings), and where the requester allowed it, what is gone for good
  P4  what the requester did not allow, or Tidemark refuses, is not in it, and `left_alone` says why
  P5  every change has an id of its own, the same whenever the same differences are planned
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.catalogue.entry import ObjectType
from shared.catalogue.types import type_named
from shared.catalogue.waves import Wave
from shared.compare.judge import creatable, writable
from shared.domain.changes import Action, Change, Difference, LinkDifference, change_id
from shared.domain.jobs import Options
from shared.recover.lockout.policies import ENABLED, REPORT_ONLY
from shared.recover.lockout.unseen import unseen
from shared.recover.recreating import creation_target, not_created, update_target

ENABLE = "enable"  # the stage of a policy's plan, and its place in the catalogue's waves
NEWER_GRANT = "newer than the snapshot: removed only when asked (removeNewerGrants)"
NEWER = "newer than the snapshot: soft-deleted only when asked (softDeleteNewer)"


def left_alone(difference: Difference, options: Options) -> str:
    """Return why a recovery does not act on a difference, empty when it does."""
    if reason := not_created(difference, options):
        return reason
    if reason := unseen(difference):
        return reason
    if difference.action is not Action.SOFT_DELETE:
        return ""
    if type_named(difference.type).is_removable:
        return "" if options.remove_newer_grants else NEWER_GRANT
    return "" if options.soft_delete_newer else NEWER


def object_changes(differences: Iterable[Difference], options: Options) -> dict[Wave, list[Change]]:
    """Return the changes to objects, by wave; references follow once restores are done (recover/relink.py)."""
    waves: dict[Wave, list[Change]] = {}
    for difference in differences:
        if not left_alone(difference, options):
            for wave, change in _changes(difference):
                waves.setdefault(wave, []).append(change)
    return waves


def _changes(difference: Difference) -> Iterable[tuple[Wave, Change]]:
    entry = type_named(difference.type)
    if difference.action is Action.SOFT_DELETE and entry.is_removable:
        yield entry.waves[Action.REMOVE], _change(difference, Action.REMOVE, {})
    elif difference.action in {Action.RESTORE, Action.SOFT_DELETE}:
        yield entry.waves[difference.action], _change(difference, difference.action, {})
    if difference.action is Action.RECREATE and entry.creation is not None:
        yield from _created_anew(entry, difference)
    elif difference.action is Action.RECREATE:
        target = creatable(entry, difference.target)
        yield entry.waves[Action.RECREATE], _change(difference, Action.RECREATE, target)
    if difference.action in {Action.RESTORE, Action.UPDATE}:
        target = writable(entry, difference.target)
        last = entry.waves.get(ENABLE)
        if last is not None and target.get("state") == ENABLED:
            staged = {**target, "state": REPORT_ONLY}
            yield entry.waves[Action.UPDATE], _change(difference, Action.UPDATE, staged)
            # All values once more: should the first stage fail, no policy is switched on that lacks its exclusions.
            yield last, _change(difference, Action.UPDATE, target, stage=ENABLE)
        elif target:
            yield entry.waves[Action.UPDATE], _change(difference, Action.UPDATE, target)


def _created_anew(entry: ObjectType, difference: Difference) -> Iterable[tuple[Wave, Change]]:
    """Yield the creation, and the update that writes what a creation does not take; a policy is switched on last."""
    body = difference.target
    yield entry.waves[Action.RECREATE], _change(difference, Action.RECREATE, creation_target(entry, body))
    if target := update_target(entry, body):
        yield entry.waves[Action.UPDATE], _change(difference, Action.UPDATE, target)
    if ENABLE in entry.waves and body.get("state") == ENABLED:
        yield entry.waves[ENABLE], _change(difference, Action.UPDATE, writable(entry, body), stage=ENABLE)


def _change(difference: Difference, action: Action, target: dict[str, object], *, stage: str = "") -> Change:
    return Change(
        change_id=change_id(action, difference.type, difference.object_id, stage),
        type=difference.type,
        object_id=difference.object_id,
        display_name=difference.display_name,
        action=action,
        target=target,
    )


def link_changes(type_name: str, object_id: str, display_name: str, links: Iterable[LinkDifference]) -> list[Change]:
    """Return one change per reference to add or remove, additions first.

    A reference to one object is set to another in one request: taking the old one away after that would undo it.
    """
    links = list(links)
    singles = {known.name for known in type_named(type_name).references if known.is_single}
    replaced = {link.reference for link in links if link.action is Action.LINK} & singles
    links = [link for link in links if link.action is Action.LINK or link.reference not in replaced]
    ordered = sorted(links, key=lambda link: (link.action is not Action.LINK, link.reference, link.other_id))
    return [
        Change(
            change_id=change_id(link.action, type_name, object_id, link.reference, link.other_id),
            type=type_name,
            object_id=object_id,
            display_name=display_name,
            action=link.action,
            reference=link.reference,
            other_id=link.other_id,
        )
        for link in ordered
    ]


def foreseen_links(differences: Iterable[Difference], options: Options) -> Iterable[Change]:
    """Yield the changes to references that the differences ask for; restores will make some of them needless."""
    for row in differences:
        if row.links and not left_alone(row, options):
            yield from link_changes(row.type, row.object_id, row.display_name, row.links)
