"""Alter a sealed snapshot in every way we can think of, and count what verification notices.

Half of the flips in the manifest, and every other attack on it, are made twice over: the attacker also writes the new
digest into the mutable list of snapshots, so that nothing but the signature can tell.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from bench.small_vault import SmallVault
from shared.domain.errors import IntegrityError
from shared.domain.jobs import SnapshotSummary
from shared.formats.digests import sha256
from shared.formats.manifests import Manifest, seal
from shared.formats.signatures import signature_name

FLIPS_DEFAULT = 10_000
SEED = 4711
ALARM_CHECK_EVERY = 500  # attacks between two looks at the untouched snapshot
TENANT, STRANGER = "7d1de5a0-0000-4000-8000-00000000c0de", "7d1de5a0-0000-4000-8000-000000000bad"
OURS, EARLIER = "20261120T220000Z-0a1b2c3d", "20261119T220000Z-0a1b2c3d"


@dataclass(frozen=True)
class Attack:
    """Other bytes for some blobs; `is_listed`: the list of snapshots is made to agree with the new manifest."""

    kind: str
    blobs: Mapping[str, bytes]
    is_listed: bool = False


@dataclass(frozen=True)
class Target:
    """The snapshot that is attacked, the tenant's snapshot before it, and one of another tenant, in one vault."""

    vault: SmallVault
    known: SnapshotSummary
    earlier: SnapshotSummary
    foreign: SnapshotSummary


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this measurement."""
    parser.add_argument("--flips", type=int, default=FLIPS_DEFAULT, help="single bits to flip, one at a time")


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Return how many attacks of each kind were made, how many were detected and missed, and the false alarms."""
    return asyncio.run(_measure(options.flips))


async def _measure(flips: int) -> dict[str, float]:
    target = await _target()
    counts: Counter[str] = Counter()
    for number, attack in enumerate(_attacks(target, flips)):
        if number % ALARM_CHECK_EVERY == 0:
            counts["false_alarms"] += await _is_refused(target)
        counts[attack.kind] += 1
        counts["detected" if await _is_noticed(target, attack) else "missed"] += 1
    counts["false_alarms"] += await _is_refused(target)
    return {name: counts[name] for name in ("flips", "truncations", "swaps", "detected", "missed", "false_alarms")}


async def _target() -> Target:
    vault = SmallVault()
    foreign = await vault.seal(STRANGER, OURS, "Rome")
    earlier = await vault.seal(TENANT, EARLIER, "Bergen")
    return Target(vault, await vault.seal(TENANT, OURS, "Oslo"), earlier, foreign)


async def _is_refused(target: Target) -> bool:
    """Tell whether a full verification of the target names something that is wrong."""
    try:
        await target.vault.verifying.verify(TENANT, OURS)
    except IntegrityError:
        return True
    return False


async def _is_noticed(target: Target, attack: Attack) -> bool:
    """Make the attack, verify, and put everything back."""
    vault, known = target.vault, target.known
    original = {name: vault.blobs.contents[name] for name in attack.blobs}
    vault.blobs.contents.update(attack.blobs)
    if attack.is_listed:
        digest = sha256(vault.blobs.contents[known.manifest_name])
        await vault.list_as(msgspec.structs.replace(known, manifest_sha256=digest))
    try:
        return await _is_refused(target)
    finally:
        vault.blobs.contents.update(original)
        if attack.is_listed:
            await vault.list_as(known)


def _attacks(target: Target, flips: int) -> Iterator[Attack]:
    files = target.vault.files(target.known)
    yield from _flips(files, target.known.manifest_name, flips)
    yield from _truncations(files, target.known.manifest_name)
    yield from _swaps(target, files)


def _flips(files: Mapping[str, bytes], manifest: str, flips: int) -> Iterator[Attack]:
    """Flip single bits, as many in each blob, so that small ones and headers are hit as well."""
    chance = random.Random(SEED)  # noqa: S311  the same flips in every run; nothing secret depends on it
    names = sorted(name for name, content in files.items() if content)
    for number in range(flips):
        name = names[number % len(names)]
        changed = bytearray(files[name])
        bit = chance.randrange(8 * len(changed))
        changed[bit // 8] ^= 1 << bit % 8
        yield Attack("flips", {name: bytes(changed)}, is_listed=name == manifest and chance.random() < 1 / 2)


def _truncations(files: Mapping[str, bytes], manifest: str) -> Iterator[Attack]:
    """Cut every blob at every length; the manifest also where the list agrees with what is left."""
    for name, content in files.items():
        for length in range(len(content)):
            yield Attack("truncations", {name: content[:length]})
            if name == manifest:
                yield Attack("truncations", {name: content[:length]}, is_listed=True)


def _swaps(target: Target, files: Mapping[str, bytes]) -> Iterator[Attack]:
    """Exchange parts among themselves, replay earlier ones, bring in foreign ones, and put parts in another order."""
    manifest, signature = target.known.manifest_name, signature_name(target.known.manifest_name)
    for one in files:
        for other in files:
            if one < other and files[one] != files[other]:
                yield Attack("swaps", {one: files[other], other: files[one]})
    for source in (target.earlier, target.foreign):
        theirs = target.vault.files(source)
        ours = {name: theirs[source.manifest_name.rpartition("/")[0] + name[name.rindex("/") :]] for name in files}
        for name, content in ours.items():
            if content != files[name]:
                yield Attack("swaps", {name: content})
        for names in ((manifest,), (manifest, signature), tuple(ours)):
            yield Attack("swaps", {name: ours[name] for name in names})
            yield Attack("swaps", {name: ours[name] for name in names}, is_listed=True)
    for reordered in _reordered(msgspec.json.decode(files[manifest], type=Manifest)):
        yield Attack("swaps", {manifest: seal(reordered)[0]})
        yield Attack("swaps", {manifest: seal(reordered)[0]}, is_listed=True)


def _reordered(manifest: Manifest) -> Iterator[Manifest]:
    """Return manifests that list the same parts, whole and proven, in another order or for another snapshot."""
    replace = msgspec.structs.replace
    yield replace(manifest, files=manifest.files[::-1])
    yield replace(manifest, files=tuple(replace(file, shards=file.shards[::-1]) for file in manifest.files))
    yield replace(manifest, files=manifest.files[:-1])
    yield replace(manifest, previous_sha256="0" * 64)
    yield replace(manifest, sequence=manifest.sequence + 1)
    yield replace(manifest, snapshot_id=EARLIER)
    yield replace(manifest, tenant=STRANGER)
