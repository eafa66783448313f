"""Turn what a recovery leaves alone, or cannot write, into steps for a person, with the exact values.

Pure. A row that Tidemark would act on if it were asked (softDeleteNewer, removeNewerGrants, recreateHardDeleted) needs
no hand: it is left to that choice.

Promises (tests/unit/recover/test_manual.py):
  M1  every property that differs is either written by the plan or in a step, with both values and the reason
  M2  what the requester may still ask the recovery for is in no step
  M3  no step holds a secret: none was ever captured
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from shared.catalogue.types import type_named
from shared.compare.judge import BUILT_IN, ON_PREMISES, READ_ONLY
from shared.compare.next_steps import next_steps
from shared.compare.recreation import recreation
from shared.compare.rows import not_written
from shared.domain.changes import Action, Difference
from shared.domain.jobs import Options
from shared.domain.manual import ManualStep, Setting, Task
from shared.recover.orphans import ORPHANED_UNASKED
from shared.recover.plan import NEWER, NEWER_GRANT, left_alone
from shared.recover.recreating import WHEN_ASKED

ASKABLE = frozenset({NEWER, NEWER_GRANT, WHEN_ASKED, ORPHANED_UNASKED})
CENTER = "Entra admin center"
PLACES: Mapping[str, str] = MappingProxyType(
    {
        "user": f"{CENTER}, Users",
        "group": f"{CENTER}, Groups",
        "application": f"{CENTER}, App registrations",
        "servicePrincipal": f"{CENTER}, Enterprise applications",
        "conditionalAccessPolicy": f"{CENTER}, Conditional Access, Policies",
        "namedLocation": f"{CENTER}, Conditional Access, Named locations",
        "administrativeUnit": f"{CENTER}, Roles and admins, Admin units",
        "authenticationMethodConfiguration": f"{CENTER}, Authentication methods, Policies",
        "identitySecurityDefaultsEnforcementPolicy": f"{CENTER}, Overview, Properties, Security defaults",
        "organization": f"{CENTER}, Overview, Properties",
    }
)
DIRECTORY = "Active Directory; then let it synchronise"
SUPPORT = "nowhere: only Microsoft can change it"
ROTATE = "its secrets are those of the moment of its deletion: replace every one that others may know"
NEW_SECRET = "make a new secret or certificate, hand it to whoever uses it, and remove those not in the snapshot"  # noqa: S105
RENEWED = "replace what nothing can bring back"
DELETED = "deletedDateTime"


def manual_steps(row: Difference, options: Options, spared: str = "") -> Iterator[ManualStep]:
    """Yield what has to be done by hand for one row; `spared` is why else it is left alone."""
    reason = left_alone(row, options) or spared
    if reason in ASKABLE:
        return
    if reason and not reason.startswith(READ_ONLY):
        yield _left(row, reason)
        return
    refused = not_written(row)
    secrets = {secret.name for secret in type_named(row.type).secrets}
    kept = [_setting(row, name, why) for name, why in sorted(refused.items()) if name not in secrets]
    if kept:
        task = Task.SET if any(setting.reason not in _COMPUTED for setting in kept) else Task.CHECK
        yield _step(row, task, "Graph does not take these values from an application", PLACES, settings=kept)
    held = [_setting(row, name, why) for name, why in sorted(refused.items()) if name in secrets]
    if held:
        yield _step(row, Task.RENEW, "nothing can bring a secret back", PLACES, settings=held, notes=(NEW_SECRET,))
    elif secrets and row.action is Action.RESTORE:
        yield _step(row, Task.RENEW, "a restored application has its old secrets", PLACES, notes=(ROTATE,))
    if row.action is Action.RECREATE and not type_named(row.type).is_remade:
        old_app_id = str(row.target.get("appId") or "") if row.type == "application" else ""
        needs = next_steps(type_named(row.type), row.target, old_app_id=old_app_id)
        if needs:
            yield _step(row, Task.RENEW, RENEWED, PLACES, notes=needs)


_COMPUTED = frozenset({"Graph computes it"})


def _left(row: Difference, reason: str) -> ManualStep:
    """Return the step for a row that is left alone as a whole."""
    places: Mapping[str, str] = PLACES
    if reason == ON_PREMISES:
        places = {row.type: DIRECTORY}
    if reason == BUILT_IN:
        return _step(row, Task.CHECK, reason, {row.type: SUPPORT}, settings=_settings(row))
    if row.action is Action.RECREATE:
        needed = recreation(type_named(row.type), row.target)
        given = [Setting(name=name, wanted=row.target[name]) for name in needed.properties]
        return _step(row, Task.CREATE, reason, places, settings=given, notes=needed.needs)
    if row.action is Action.SOFT_DELETE:
        return _step(row, Task.DELETE, reason, places)
    task = Task.RESTORE if row.action is Action.RESTORE else Task.SET
    return _step(row, task, reason, places, settings=_settings(row))


def _settings(row: Difference) -> list[Setting]:
    found = [_setting(row, name) for name in sorted(row.target) if name != DELETED]
    for link in row.links:
        is_wanted = link.action is Action.LINK
        found.append(Setting(name=link.reference, now=not is_wanted, wanted=is_wanted, other_id=link.other_id))
    return found


def _setting(row: Difference, name: str, reason: str = "") -> Setting:
    return Setting(name=name, now=row.current.get(name), wanted=row.target.get(name), reason=reason)


def _step(
    row: Difference,
    task: Task,
    reason: str,
    places: Mapping[str, str],
    *,
    settings: list[Setting] | None = None,
    notes: tuple[str, ...] = (),
) -> ManualStep:
    return ManualStep(
        type=row.type,
        object_id=row.object_id,
        display_name=row.display_name,
        task=task,
        reason=reason,
        where=places.get(row.type, CENTER),
        settings=tuple(settings or ()),
        notes=notes,
    )
