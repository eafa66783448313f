"""Does a new snapshot look like the ones before it? More missing, or much more there, than from one day to the next is
told as an alert, so that nobody ages out the good ones unnoticed.

Pure: figures come from manifests. A type is compared with the most that any of the recent snapshots had of it, so that
a slow drain over a few of them is seen as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from shared.catalogue.types import TYPES
from shared.compare.steps import unread_references
from shared.domain.errors import InputError
from shared.formats.manifests import Manifest

GONE_PERCENT_DEFAULT = 5
# Growth hides nothing and loses nothing; only garbage of the size of the tenant is worth waking somebody for.
GROWN_PERCENT_MAX = 100
GROWN_FLOOR = 100
SIZE = "stored bytes"
# The bytes hold the recycle bin too, which empties itself, and compress differently; less than this is everyday.
SIZE_GONE_PERCENT = 25
SETTING = "TIDEMARK_ALERT_GONE_PERCENT"
PERCENT = re.compile(r"[0-9]{1,2}(\.[0-9]{1,2})?\Z")
GONE_PERCENT_HIGHEST = 50  # an alert that waits for more than half of a type to be gone protects nothing


def gone_percent_from(settings: Mapping[str, str]) -> float:
    """Return the percentage that an app's settings name; raise InputError for one that is none from 0 to 50."""
    text = settings.get(SETTING) or str(GONE_PERCENT_DEFAULT)
    if not PERCENT.match(text) or float(text) > GONE_PERCENT_HIGHEST:
        message = f"{SETTING} is {text[:40]!r}; it must be a number from 0 to {GONE_PERCENT_HIGHEST}"
        raise InputError(message, member=SETTING)
    return float(text)


class Figures(msgspec.Struct, frozen=True):
    """How much a snapshot has of everything: objects by type, links by reference and type, and its stored bytes.

    `unread` are the types, and the links, that Graph refused: nothing can be said of them, as the snapshot says itself.
    """

    counts: dict[str, int]
    unread: frozenset[str] = frozenset()


def figures_of(manifest: Manifest) -> Figures:
    """Return the figures of a snapshot."""
    counts = {SIZE: sum(file.length for file in manifest.files)}
    for name, facts in manifest.types.items():
        counts[name] = facts.objects
        counts |= {f"{reference} of {name}": number for reference, number in facts.links.items()}
    return Figures(counts, _unread(manifest))


def figures_since(manifest: Manifest, base: Figures) -> Figures:
    """Return the figures of the state that a restore point makes of its base, as far as the two manifests tell.

    Of a type that its increment holds whole, everything counts. Of any other it says what has come into the recycle
    bin since; what is new, and what has left the bin for good, the next whole snapshot tells. An object that was in the
    bin already and was stored again counts as gone here, so this may say too much and never too little.
    """
    counts = {name: number for name, number in base.counts.items() if name != SIZE}
    for name, facts in manifest.types.items():
        if facts.is_whole:
            counts[name] = facts.objects
            counts |= {f"{reference} of {name}": number for reference, number in facts.links.items()}
        elif name in counts:
            counts[name] = max(0, counts[name] - facts.soft_deleted)
    return Figures(counts, _unread(manifest) | {name for name in base.counts if name == SIZE})


def _unread(manifest: Manifest) -> frozenset[str]:
    """Return the types that were left out, and the links of which a derived type was."""
    links = {
        f"{reference.name} of {entry.name}"
        for entry in TYPES
        for reference in entry.references
        if reference.code in unread_references(entry, manifest.incomplete)
    }
    return frozenset({*manifest.incomplete, *links})


def jumps(now: Figures, recent: Sequence[Figures], *, gone_percent: float) -> list[str]:
    """Return what jumped, one sentence each, in order of names: gone first. Nothing when there is none before.

    Something jumped when more than `gone_percent` of the most there recently was is gone (of the bytes: a quarter at
    least), or when it has more than doubled.
    """
    gone, grown = [], []
    for name in sorted({name for figures in recent for name in figures.counts}):
        if name in now.unread or name.rpartition(" of ")[2] in now.unread:
            continue
        before = [figures.counts.get(name, 0) for figures in recent]
        most, present = max(before), now.counts.get(name, 0)
        limit = max(gone_percent, SIZE_GONE_PERCENT) if name == SIZE else gone_percent
        if (most - present) * 100 > limit * most:
            percent = (most - present) * 100 / most
            gone.append(f"{name}: {most} became {present}, {percent:.1f} % gone")
        elif most >= GROWN_FLOOR and (present - most) * 100 > GROWN_PERCENT_MAX * most:
            grown.append(f"{name}: {most} became {present}, more than doubled")
    return gone + grown
