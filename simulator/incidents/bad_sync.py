"""A bad sync: the on-premises connector runs with a wrong filter and a wrong attribute map.

It writes where Graph clients may not: a fifth of the synced users falls out of scope and is softly deleted, another
fifth loses department and title, a tenth gets a sign-in name that ends in the wrong domain, and the last change time
of all moves. Members of dynamic groups follow. These are the connector's writes, not requests: they are in the history
and in delta, but no permission or quota applies.
"""

from random import Random
from typing import Any

from simulator.directory.history import Write
from simulator.incidents.story import Incident, Stage, Story, shuffled
from simulator.moments import stamp
from simulator.types.schema import JsonObject

NAME = "bad-sync"
APP_ID = "dead0000-0000-4000-8000-0000000000d4"
DELETED_SHARE = 0.2
CLEARED_SHARE = 0.2
RENAMED_SHARE = 0.1


def play(stage: Stage, *, seed: int, scale: float) -> dict[str, Any]:
    """Play the sync; return the account of it."""
    story, draw = Story(stage, APP_ID), Random(f"{NAME} {seed}")
    synced = shuffled(draw, [user for user in story.live("user") if user.get("onPremisesSyncEnabled")])
    if scale <= 0 or not synced:
        return story.account()
    ends = [round(len(synced) * share * scale) for share in (DELETED_SHARE, CLEARED_SHARE, RENAMED_SHARE)]
    deleted, rest = synced[: ends[0]], synced[ends[0] :]
    cleared, renamed = rest[: ends[1]], rest[ends[1] : ends[1] + ends[2]]
    at = stage.now()
    for user in cleared:
        _change(story, "users_cleared", user, {"department": None, "jobTitle": None}, at)
    for user in renamed:
        alias = str(user["userPrincipalName"]).split("@", maxsplit=1)[0]
        _change(story, "users_renamed", user, {"userPrincipalName": f"{alias}@corp.{story.tenant.domain}"}, at)
    for user in deleted:
        story.directory.soft_delete("user", user["id"], at)
        _note(story, "users_deleted", "DELETE", user, at)
    return story.account()


def _change(story: Story, action: str, user: JsonObject, changes: JsonObject, at: float) -> None:
    story.directory.update("user", user["id"], {**changes, "onPremisesLastSyncDateTime": stamp(at)}, at)
    story.tenant.dynamic.follow(user["id"], at, changes)
    _note(story, action, "PATCH", user, at)


def _note(story: Story, action: str, method: str, user: JsonObject, at: float) -> None:
    story.tenant.history.append(Write(at, APP_ID, method, f"/users/{user['id']}", "user", user["id"]))
    about = {"id": str(user["id"]), "displayName": str(user.get("displayName", ""))}
    story.done.setdefault(action, []).append(about)


BAD_SYNC = Incident(
    play,
    "Nothing here is a recovery's to write: the users' authority is on premises. Those that fell out of scope wait in "
    "the recycle bin with all their links, for 30 days, until the corrected connector takes them back under their old "
    "ids; properties stay as the connector left them until then. The recovery lists each with that reason, writes "
    "none, and leaves everything else as it is. Members of dynamic groups follow by themselves.",
    APP_ID,
)
