"""What became of every change of a recovery: the recorded outcomes, and what was in flight when it ended.

Reads only. Every file is proven by the digest in its batch row; a file that no row names does not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shared.catalogue.types import type_named
from shared.domain.changes import Action, Change, Json, Outcome, Result
from shared.domain.confirmations import Confirmation, Overwriter
from shared.domain.jobs import Batch, BatchState, Step
from shared.formats.records import BEFORE_IMAGES, CHANGES, CONFIRMATIONS, OUTCOMES, OVERWRITTEN, decode_records
from shared.ports import Blobs
from shared.recover.decide import outcome, was_ours
from shared.recover.recreating import depth, is_created_anew

GROUP_CHANGES_MAX = 500  # 25 full $batch requests: a retried write (1 s and more) holds few others up at 60 a second
GROUP_LINKS_MAX = 1_000  # fifty PATCHes of 20 links
LINKS = frozenset({Action.LINK, Action.UNLINK})


class BeforeImage(msgspec.Struct, frozen=True, kw_only=True):
    """What one change found before it wrote."""

    change_id: str
    before: Json


def grouped(changes: Sequence[Change]) -> list[list[Change]]:
    """Return `changes` cut into groups of one type and one kind of change, in order; a crash repeats one group."""
    groups: list[list[Change]] = []
    for change in changes:
        is_link = change.action in LINKS
        size = GROUP_LINKS_MAX if is_link else GROUP_CHANGES_MAX
        last = groups[-1] if groups else []
        fits = last and len(last) < size and last[0].type == change.type and (last[0].action in LINKS) == is_link
        if fits and is_created_anew(change):
            fits = depth(last[0]) == depth(change)  # an agent comes after its blueprint's principal
        if fits:
            last.append(change)
        else:
            groups.append([change])
    return groups


async def recorded(work: Blobs, batches: Sequence[Batch]) -> list[Outcome]:
    """Return every recorded outcome of a job with these batches, in the order of its waves and batches."""
    found: list[Outcome] = []
    for batch in batches:
        for output in batch.outputs if batch.step is Step.APPLY else []:
            found += await outcomes_in(work, output)
    return found


async def outcomes_in(work: Blobs, output: Mapping[str, Any]) -> list[Outcome]:
    """Return the outcomes of one stored file, proven by the digest in its batch row."""
    content = await work.read(output["name"])
    return decode_records(content, Outcome, OUTCOMES, name=output["name"], expected=output["sha256"])


async def confirmations_of(work: Blobs, batches: Sequence[Batch]) -> list[Confirmation]:
    """Return what the second look of a job did not find as it was left; empty before that look has ended."""
    found: list[Confirmation] = []
    for batch in batches:
        is_done = batch.step is Step.CONFIRM and batch.state is BatchState.DONE
        for output in batch.outputs if is_done else []:
            if not output.get("part"):  # a part is of outcomes that are looked at once more
                content = await work.read(output["name"])
                known = {"name": output["name"], "expected": output["sha256"]}
                found += decode_records(content, Confirmation, CONFIRMATIONS, **known)
    return found


async def overwriters_of(work: Blobs, batches: Sequence[Batch]) -> dict[str, Overwriter]:
    """Return who overwrote what a recovery had set, by change, as far as that has been looked for."""
    found: dict[str, Overwriter] = {}
    for batch in batches:
        for output in batch.outputs if batch.step is Step.TRACE else []:
            if output["part"] == "overwritten":
                content = await work.read(output["name"])
                known = {"name": output["name"], "expected": output["sha256"]}
                found |= {one.change_id: one for one in decode_records(content, Overwriter, OVERWRITTEN, **known)}
    return found


async def planned(work: Blobs, batch: Batch) -> list[Change]:
    """Return the changes that a batch of the step apply is about; none where it only replaces another attempt's."""
    argument = batch.argument
    if not argument:
        return []
    content = await work.read(argument["name"])
    return decode_records(content, Change, CHANGES, name=argument["name"], expected=argument["sha256"])


async def images(work: Blobs, batch: Batch, group: int) -> dict[str, Json]:
    """Return the before-images that an attempt noted for a group of the batch, by change; none if none was."""
    for one in in_flight(batch):
        if one["group"] == group:
            content = await work.read(one["name"])
            noted = decode_records(content, BeforeImage, BEFORE_IMAGES, name=one["name"], expected=one["sha256"])
            return {image.change_id: image.before for image in noted}
    return {}


def in_flight(batch: Batch) -> list[dict[str, Any]]:
    """Return the groups of a batch that were noted and not recorded; earlier versions had one at a time."""
    noted = batch.cursor.get("inFlight") or []
    return [noted] if isinstance(noted, dict) else list(noted)


async def perhaps_applied(work: Blobs, batches: Sequence[Batch]) -> list[Outcome]:
    """Return, as if applied, the changes of groups whose worker died or broke off after noting its before-images.

    Nobody knows which of them took effect. Whoever undoes them looks at the live object first.
    """
    found: list[Outcome] = []
    for batch in batches:
        flying = in_flight(batch) if batch.step is Step.APPLY else []
        groups = grouped(await planned(work, batch)) if flying else []
        for number in (int(one["group"]) for one in flying):
            noted = await images(work, batch, number)
            for change in groups[number]:
                image = noted.get(change.change_id)
                if image is not None and was_ours(change, image, type_named(change.type)):
                    found.append(outcome(change, Result.APPLIED, before=image))
    return found
