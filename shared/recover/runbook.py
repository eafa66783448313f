"""A runbook as Markdown that a person follows with a pen: one check box for each step, the exact values in a table.

Pure, and the same bytes for the same steps. What comes from the tenant is escaped, so that a name is text and neither
markup nor a link; a value too long for a page is cut, and said to be whole in the JSON form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from shared.catalogue.types import type_named
from shared.compare.exports.cells import shown
from shared.compare.exports.summary import plain
from shared.domain.manual import ManualStep, Setting, Task

STEPS_MAX = 5_000  # of a document for people; whoever needs more reads the lines of JSON
VALUE_CHARS_MAX = 4_000
CUT = " (cut: the whole value is in the JSON form)"
WORDS = {
    Task.SET: "Set",
    Task.RESTORE: "Bring back",
    Task.CREATE: "Create anew",
    Task.DELETE: "Delete, if it should not be there,",
    Task.RENEW: "Renew the secrets of",
    Task.CHECK: "Look at",
}


class Title(msgspec.Struct, frozen=True, kw_only=True):
    """What a runbook says of itself."""

    tenant: str
    job_id: str
    snapshot_id: str


def markdown_of(title: Title, steps: Iterable[ManualStep], *, total: int) -> bytes:
    """Return the runbook; `total` is how many steps there are, of which `steps` may be the first ones."""
    parts = [
        "# Runbook: what the recovery cannot do",
        "",
        f"Tenant {title.tenant}, job {title.job_id}, snapshot {title.snapshot_id}. {total} steps by hand.",
        "",
    ]
    count = 0
    for step in steps:
        count += 1
        parts += _lines(step, count)
    if total > count:
        parts.append(f"{total - count} more steps are in the JSON form.")
    return ("\n".join(parts).rstrip() + "\n").encode()


def _lines(step: ManualStep, number: int) -> Iterator[str]:
    name = plain(step.display_name or step.object_id)
    yield f"## {number}. {WORDS[step.task]} {type_named(step.type).wire_name} {name}"
    yield ""
    yield f"- [ ] Where: {plain(step.where)}"
    yield f"- Object: {plain(step.object_id)}"
    yield f"- Why by hand: {plain(step.reason)}"
    yield from (f"- {plain(note)}" for note in step.notes)
    yield ""
    if step.settings:
        yield "| what | from (now) | to | why |"
        yield "| --- | --- | --- | --- |"
        yield from (_row(setting) for setting in step.settings)
        yield ""


def _row(setting: Setting) -> str:
    name = plain(f"{setting.name} {setting.other_id}".strip())
    return f"| {name} | {_value(setting.now)} | {_value(setting.wanted)} | {plain(setting.reason)} |"


def _value(value: object) -> str:
    text = shown(value)
    if len(text) > VALUE_CHARS_MAX:
        return plain(text[:VALUE_CHARS_MAX], VALUE_CHARS_MAX) + CUT
    return plain(text, VALUE_CHARS_MAX)
