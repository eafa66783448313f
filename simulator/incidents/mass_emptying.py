"""Mass emptying: a tool with the wrong list takes every member and owner out of a third of the groups.

Nothing is deleted and no property changes: only links are gone, many in large groups. Dynamic and synced groups are
spared, as the tenant refuses those writes anyway.
"""

from random import Random
from typing import Any

from simulator.incidents.story import Incident, Stage, Story, shuffled, taken
from simulator.types import group

NAME = "mass-group-emptying"
APP_ID = "dead0000-0000-4000-8000-0000000000d2"
GROUP_SHARE = 0.33


def play(stage: Stage, *, seed: int, scale: float) -> dict[str, Any]:
    """Play the emptying; return the account of it."""
    story, draw = Story(stage, APP_ID), Random(f"{NAME} {seed}")
    spared = story.spared()
    groups = [each for each in story.cloud_groups() if each["id"] not in spared and not group.is_dynamic(each)]
    if scale <= 0 or not groups:
        return story.account()
    for thing in taken(shuffled(draw, groups), len(groups) * GROUP_SHARE * scale):
        for relation in group.RELATIONS:
            for target_id in story.live_targets(thing["id"], relation):
                place = f"/groups/{thing['id']}/{relation}/{target_id}/$ref"
                story.write(f"{relation}_removed", "DELETE", place, about=thing)
    return story.account()


MASS_EMPTYING = Incident(
    play,
    "Every group has exactly the members and owners it had; the fingerprint is that of the time before. Links that "
    "were made by others meanwhile are kept.",
    APP_ID,
)
