"""What differs in one shard of two states, row by row: the decisions are those of shared/compare.

Reads only, and keeps of each difference what its caller makes of it, because a shard may hold very many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import object_id_of
from shared.catalogue.types import BY_CODE
from shared.compare.judge import ABSENT, Side, judge, updated
from shared.compare.references import hangs_on_hidden, kept_links
from shared.compare.shards import Indexes, Key, Pair, chosen, link_differences, types_in
from shared.compare.sides import alike
from shared.domain.changes import Difference, Json, LinkDifference, UnknownObject
from shared.domain.ids import GUID, key_guid
from shared.domain.scope import Scope
from shared.formats.objects import SOFT_DELETED, IndexRow, decode_body
from shared.runs.facing import Sides
from shared.runs.packed import packed_of

Kept = TypeVar("Kept")


async def differences_of(sides: Sides, scope: Scope, place: tuple[int, int]) -> list[Difference]:
    """Return what differs in one shard (number, of how many) of the types that both sides hold."""
    return (await compared(sides, scope, place, lambda row: row))[0]


async def compared(
    sides: Sides, scope: Scope, place: tuple[int, int], keep: Callable[[Difference], Kept | None]
) -> tuple[list[Kept], list[UnknownObject]]:
    """Return what differs in one shard, and which objects of it the scope names although neither side has them.

    Of each difference only what `keep` makes of it is held; it makes None of one that is not wanted.
    """
    named = chosen(scope, *place)
    if scope.ids is not None and not named:
        return [], []
    without = frozenset(code for code in BY_CODE if not (code in sides.codes and scope.covers_type(BY_CODE[code].name)))
    target, current = [await packed_of(side, place, without) for side in (sides.target, sides.current)]
    indexes = Indexes(target[0], current[0])
    links = link_differences(target[1], current[1], target_deleted=sides.hidden[0], current_deleted=sides.hidden[1])
    suspects = indexes.suspects()
    codes, has_ids = types_in(scope, sides.codes), scope.ids is not None
    keys = [key for key in (*suspects, *(links.keys() - suspects.keys())) if key[1] in codes]
    wanted = sorted(key for key in keys if key in named) if has_ids else sorted(keys)  # most are in order already
    pairs = {key: suspects.get(key) or indexes.pair(key) for key in wanted}
    found = await _judged(sides, pairs, links, keep)
    return found, [
        UnknownObject(type=name, object_id=one) for key, (name, one) in named.items() if not indexes.know(key)
    ]


async def _judged(
    sides: Sides,
    pairs: Mapping[Key, Pair],
    links: Mapping[Key, tuple[LinkDifference, ...]],
    keep: Callable[[Difference], Kept | None],
) -> list[Kept]:
    then_opened = await sides.target.opener([before for before, _now in pairs.values() if before])
    now_opened = await sides.current.opener([now for _before, now in pairs.values() if now])
    listed = list(pairs.items())
    found: list[Kept | None] = [None] * len(listed)
    for number in _as_stored(listed):
        key, (before, now) = listed[number]
        bodies = then_opened(before) if before else None, now_opened(now) if now else None
        row = _told(sides, key, (before, now), bodies, links.get(key, ()))
        if row is not None:
            found[number] = keep(row)
    return [kept for kept in found if kept is not None]


def _told(
    sides: Sides, key: Key, pair: Pair, bodies: tuple[bytes | None, bytes | None], links: tuple[LinkDifference, ...]
) -> Difference | None:
    """Return the row of one object, None when nothing of it differs. Most are live on both sides with the same links:
    of those, only the members that differ are looked at.
    """
    entry, members = BY_CODE[key[1]], sides.members_of(key[1])
    before, now = pair
    is_plain = before and now and not links and not (before[6] | now[6]) & SOFT_DELETED
    if is_plain and members and bodies[0] and bodies[1]:
        if parted := members.parted(bodies[0], bodies[1]):
            known = _known_as(entry, key, parted.facts)
            return updated(entry, known, parted.wanted, parted.present, parted.facts)
        members.learn(decode_body(bodies[1], name=key[0].hex()))
    name = key[0].hex()
    then, present = [None if body is None else decode_body(body, name=name) for body in bodies]
    if once := sides.once.get(key[1]):
        then, present = alike(then, present, once)
    if entry.ends and hangs_on_hidden(entry, then, present, sides.hidden):
        return None
    kept = kept_links(entry, links, then, present, left_out=sides.left_out)
    return judge(entry, _known_as(entry, key, present or then or {}), _side(before, then), _side(now, present), kept)


def _as_stored(listed: Sequence[tuple[Key, Pair]]) -> list[int]:
    """Return the numbers of the pairs frame by frame: bodies are asked for in the order in which they are stored."""
    frames = [row[2] if (row := before or now) else 0 for _key, (before, now) in listed]
    return sorted(range(len(listed)), key=frames.__getitem__)


def _side(row: IndexRow | None, body: Json | None) -> Side:
    return ABSENT if row is None else Side(body, is_deleted=bool(row[6] & SOFT_DELETED))


def _known_as(entry: ObjectType, key: Key, body: Json) -> str:
    known, spelled = object_id_of(entry, body), key_guid(key[0])
    return spelled if known == spelled or GUID.match(known) else known
