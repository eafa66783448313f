"""Create an object anew that is gone for good: what the creation says, and what it has to leave to somebody else.

Pure. The catalogue's `creation` declares it per type; docs/decisions/0013-re-creation.md gives the reasons.

Promises (tests/unit/recover/test_recreating.py):
  A1  a creation names no id of another object that is to be created anew and does not exist yet
  A2  what Graph cannot create is refused with what to do instead
  A3  an account comes back as it was, under a password that nobody knows and that has to be changed
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from shared.catalogue.entry import ObjectType
from shared.catalogue.members import Rule
from shared.catalogue.service_principal import AGENT_IDENTITY
from shared.catalogue.types import BY_NAME, type_named
from shared.compare.judge import HARD_DELETED, is_mastered_on_premises, writable
from shared.compare.values import TYPE_ANNOTATION
from shared.domain.changes import Action, Change, Difference, Json, Outcome
from shared.domain.jobs import Options
from shared.recover.lockout.policies import ENABLED, REPORT_ONLY
from shared.recover.rewriting import naming_any

WHEN_ASKED = "deleted for good: created anew, with another id, only when asked (recreateHardDeleted)"
SYNCED = "deleted for good, and mastered on premises: the next synchronisation from Active Directory brings it back"
IN_EXCHANGE = "deleted for good: Graph cannot create a mail-enabled group, so make it in Exchange, then link it"
INVITED = "deleted for good: a guest of another organisation has to be invited again"
BY_BLUEPRINT = (
    "deleted for good: which blueprint the agent identity was made from is not in the snapshot: make it again there"
)
BY_AZURE = "deleted for good: its kind is not made through Graph: switch it on again where it comes from"
NETWORK = "deleted for good: a compliant network location is made by Global Secure Access alone"
GUEST_MARK = "#EXT#"
DYNAMIC = "DynamicMembership"
RULE = "membershipRule"
# What says that a rule decides about members, which Graph refuses without the rule.
RULED = frozenset({RULE, "membershipRuleProcessingState", "membershipType"})
BLUEPRINT_ID, PARENT_ID = "agentIdentityBlueprintId", "identityParentId"
MADE_KINDS = frozenset({None, "", "Application"})  # servicePrincipalType: the others have a maker of their own
MADE_LOCATIONS = frozenset({"#microsoft.graph.ipNamedLocation", "#microsoft.graph.countryNamedLocation"})


def is_created_anew(row: Change | Difference | Outcome) -> bool:
    """Tell whether the change makes an object under another id; a grant that is made again is the same one."""
    return row.action is Action.RECREATE and type_named(row.type).creation is not None


def not_created(difference: Difference, options: Options) -> str:
    """Return why an object that is gone for good is not created anew, empty when it is, or when it is something else.

    What the report refused for other reasons stays refused.
    """
    if difference.action is not Action.RECREATE or difference.refusal not in {"", HARD_DELETED}:
        return difference.refusal
    entry = type_named(difference.type)
    if entry.is_remade:
        return difference.refusal
    if not options.recreate_deleted:
        return difference.refusal if entry.creation is None else WHEN_ASKED
    return HARD_DELETED if entry.creation is None else impossible(entry, difference.target)


def impossible(entry: ObjectType, body: Json) -> str:
    """Return why Graph cannot create just this object, empty when it can."""
    if entry.is_synced and is_mastered_on_premises(body):
        return SYNCED
    kind = body.get(TYPE_ANNOTATION)
    if entry.name == "group" and body.get("mailEnabled") and "Unified" not in (body.get("groupTypes") or ()):
        return IN_EXCHANGE
    if entry.name == "user" and GUEST_MARK in str(body.get("userPrincipalName") or ""):
        return INVITED
    if entry.name == "servicePrincipal":
        if kind == AGENT_IDENTITY:
            return "" if body.get(BLUEPRINT_ID) else BY_BLUEPRINT
        return "" if body.get("servicePrincipalType") in MADE_KINDS else BY_AZURE
    return NETWORK if entry.name == "namedLocation" and kind not in MADE_LOCATIONS else ""


def creation_target(entry: ObjectType, body: Json) -> Json:
    """Return all that a creation of the object may say, ids as the snapshot has them."""
    creation = entry.creation_of(body)
    made: Json = {TYPE_ANNOTATION: body[TYPE_ANNOTATION]} if body.get(TYPE_ANNOTATION) else {}
    for known in entry.properties:
        value = body.get(known.name)
        is_said = known.rule in {Rule.WRITABLE, Rule.CREATE_ONLY} and known.call is None
        if value is None or known.name in creation.lost or not (is_said or known.name in _taken(entry, body)):
            continue
        made[known.name] = _sendable(value, known.leaves_out)
    if "state" in made and made["state"] == ENABLED:
        made["state"] = REPORT_ONLY
    return made


def _taken(entry: ObjectType, body: Json) -> tuple[str, ...]:
    """Return what else is kept of the object: what a creation takes, and what can only be told of, never sent."""
    return (*entry.creation_of(body).takes, *_told(entry))


def _told(entry: ObjectType) -> tuple[str, ...]:
    """Return the properties that nobody can give back: which credentials there were, an application's old appId."""
    return (*(secret.name for secret in entry.secrets), *(("appId",) if entry.name == "application" else ()))


def _sendable(value: Any, leaves_out: tuple[str, ...]) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: inner for name, inner in value.items() if name not in leaves_out}


def update_target(entry: ObjectType, body: Json) -> Json:
    """Return what an update has to write after the creation: what differs by then is looked at first."""
    creation = entry.creation_of(body)
    if not creation.follows:
        return {}
    return {name: value for name, value in writable(entry, body).items() if name not in creation.lost}


def said_now(entry: ObjectType, target: Json, waiting: Collection[str]) -> Json:
    """Return what the creation says, without what names an object that is still `waiting` to be created anew.

    The object itself is one of those: an application's own address has its appId in it.
    """
    left = {*naming_any(entry, target, waiting), *entry.creation_of(target).leaves, *_told(entry)}
    body = {name: value for name, value in target.items() if name not in left}
    if RULE in left:
        body = {name: value for name, value in body.items() if name not in RULED}
        if "groupTypes" in body:
            body["groupTypes"] = [kind for kind in body["groupTypes"] if kind != DYNAMIC]
    return body


def with_password(body: Json, password: str) -> Json:
    """Return the body of a new account: the password is for this one request, and has to be changed at once."""
    return {**body, "passwordProfile": {"forceChangePasswordNextSignIn": True, "password": password}}


def own_ids(change: Change) -> frozenset[str]:
    """Return the ids by which others name the object that a change creates anew."""
    app_id = str(change.target.get("appId") or "") if change.type == "application" else ""
    return frozenset(known.lower() for known in (change.object_id, app_id) if known)


def in_order(changes: Iterable[Change]) -> list[Change]:
    """Return creations in the order in which each finds what it needs: applications before their principals."""
    return sorted(changes, key=lambda change: (depth(change), change.type, change.change_id))


def depth(change: Change) -> int:
    """Return after how many others a creation comes: a blueprint, its principal, an agent, the agent's user."""
    if change.target.get(PARENT_ID):
        return 3
    if change.target.get(BLUEPRINT_ID):
        return 2
    entry, found = type_named(change.type), 0
    while entry.creation is not None and entry.creation.comes_after:
        entry, found = BY_NAME[entry.creation.comes_after], found + 1
    return found
