"""What somebody has to do after an object was created anew, because it cannot come back by itself: plain sentences.

Pure. Entra hands out no password, no secret and no authentication method, so no snapshot has one; of credentials it
tells that they were there, which is enough to name each of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.catalogue.entry import ObjectType
from shared.domain.changes import Json

SIGN_IN = "give the person a new password or a temporary access pass: nobody knows the one it was created with"
METHODS = "have the person register every authentication method again"
MAILBOX = "tell the person that a new account gets a new mailbox, once it has its licence"
CONSENT = (
    "users who consented for themselves are asked again at their next sign-in, or consent for them as administrator"
)
NEW_APP_ID = "configure the new application id {new} wherever clients use {old}"
NEW_APP_ID_UNKNOWN = "configure the new application id wherever clients use {old}"
ASSIGN = "assign it again to the applications that used it: those links are not captured"
STEPS_MAX = 50  # of one object; an application with more credentials than that says so


def next_steps(entry: ObjectType, body: Json, *, old_app_id: str = "", new_app_id: str = "") -> tuple[str, ...]:
    """Return what is left to do about an object with the properties `body` that was created anew."""
    return tuple(_steps(entry, body, old_app_id, new_app_id))[:STEPS_MAX]


def _steps(entry: ObjectType, body: Json, old_app_id: str, new_app_id: str) -> Iterator[str]:
    if entry.name == "user" and not body.get("identityParentId"):
        yield SIGN_IN
        yield METHODS
    if entry.name == "user" and body.get("mail"):
        yield MAILBOX
    if entry.name == "application" and old_app_id:
        known = NEW_APP_ID if new_app_id else NEW_APP_ID_UNKNOWN
        yield known.format(old=old_app_id, new=new_app_id)
    if entry.name == "servicePrincipal":
        yield CONSENT
    if entry.name.endswith("Policy") and entry.path.startswith("/policies/") and not entry.built_in:
        yield ASSIGN
    for secret in entry.secrets:
        kind = "client secret" if secret.name == "passwordCredentials" else "certificate"
        for held in body.get(secret.name) or ():
            name = held.get("displayName") or held.get("keyId")
            yield f"make a new {kind} for {name!r} (key {held.get('keyId')}, valid until {held.get('endDateTime')})"
