"""Golden files are read as what they are, and written again byte for byte.

Of zstd files, what they hold is compared and not the packed bytes: another build of the zstd library may pack the same
content differently, and every reader must accept that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from shared.domain.changes import Change, Difference, Outcome, UnknownObject
from shared.domain.confirmations import Confirmation, Overwriter
from shared.domain.drift import DriftItem
from shared.domain.errors import IntegrityError
from shared.domain.explanations import Cause, Explanation
from shared.domain.exposures import Exposure
from shared.domain.ids import object_key
from shared.domain.manual import ManualStep
from shared.domain.renewals import Renewal
from shared.domain.scope import ScopePart
from shared.formats.change_index import LINKED_BY, OBJECT, block_digest, decode_rows, rows_of
from shared.formats.change_index import decode_index as decode_change_index
from shared.formats.deleted import decode_deleted
from shared.formats.digests import sha256
from shared.formats.frames import decompress
from shared.formats.ledgers import decode_ledger
from shared.formats.links import decode_links
from shared.formats.manifests import unseal
from shared.formats.notes import decode_note
from shared.formats.objects import SOFT_DELETED, TOMBSTONE, body_at, decode_index, lines_of
from shared.formats.records import (
    BEFORE_IMAGES,
    CAUSES,
    CHANGES,
    CONFIRMATIONS,
    DIFFERENCES,
    EXPLANATIONS,
    EXPOSURE,
    ID_MAP,
    MANUAL_STEPS,
    OUTCOMES,
    OVERWRITTEN,
    SCOPE,
    UNKNOWN_OBJECTS,
    decode_records,
)
from shared.formats.rows import batch_of, hold_of, job_of, pruned_of, snapshot_of, verification_of
from shared.formats.segments import decode_segment
from shared.formats.signatures import decode_signature, refusal
from shared.formats.watches import DRIFT_ITEMS, watch_of
from shared.jobs.lease import lease_row
from shared.runs.outcomes import BeforeImage
from tests.golden import documents, samples
from tests.golden.write import shown
from tests.support.builders import an_id

FOLDER = Path(__file__).parent
EXACT, FRAMED = documents.exact(), documents.framed()


def golden(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def golden_row(kind: str) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.json.decode(golden(f"row-{kind}.json"))
    return values


@pytest.mark.parametrize("name", sorted(EXACT))
def test_the_newest_golden_file_is_written_byte_for_byte(name: str) -> None:
    assert EXACT[name] == golden(name)


@pytest.mark.parametrize("name", sorted(FRAMED))
def test_what_the_newest_golden_frame_holds_is_written_byte_for_byte(name: str) -> None:
    assert decompress(FRAMED[name], name=name) == decompress(golden(name), name=name)
    assert shown(name, golden(name)) == golden(f"{name}.txt")


def test_the_golden_segment_is_read() -> None:
    content = golden("segment.json")
    assert decode_segment(content, name="segment.json", expected=sha256(content)) == samples.SEGMENT


def test_the_golden_manifest_is_read() -> None:
    content = golden("manifest.json")
    assert unseal(content, name="manifest.json", expected=sha256(content)) == samples.MANIFEST


def test_the_golden_signature_is_read_and_proves_the_golden_manifest() -> None:
    signature = decode_signature(golden("manifest.sig"), name="manifest.sig")
    assert signature == samples.SIGNATURE
    key = load_der_public_key(signature.public_key)
    assert isinstance(key, EllipticCurvePublicKey)
    digest = bytes.fromhex(sha256(golden("manifest.json")))
    assert refusal(signature, digest, {signature.key_id: key}) == ""


def test_the_golden_change_index_is_read() -> None:
    assert decode_change_index(golden("change-index.json"), name="change-index.json") == samples.CHANGE_INDEX


def test_the_golden_change_rows_are_read() -> None:
    content = golden("changes.zst")
    packed = decode_rows(content, name="changes.zst", digest=block_digest(content))
    user = list(rows_of(packed, object_key(an_id("user-1"))))
    assert [(row.kind, row.flags, row.sequence) for row in user] == [(OBJECT, 0, 2), (LINKED_BY, 0, 3), (OBJECT, 1, 4)]


def test_the_golden_note_is_read() -> None:
    assert decode_note(golden("note.json")) == samples.NOTE


def test_the_golden_rows_are_read() -> None:
    assert job_of(golden_row("job"), key="k") == samples.JOB
    assert batch_of(golden_row("batch"), key="k") == samples.BATCH
    assert snapshot_of(golden_row("snapshot"), key="k") == samples.SUMMARY
    assert watch_of(golden_row("drift")) == samples.WATCH
    assert hold_of(golden_row("hold"), key="k") == samples.HOLD
    assert verification_of(golden_row("verification"), key="k") == samples.VERIFICATION
    assert pruned_of(golden_row("pruned"), key="k") == samples.PRUNED
    assert lease_row(golden_row("lease")) == samples.LEASE


def test_a_snapshot_row_from_before_alerts_and_protection_is_read() -> None:
    document = msgspec.json.decode(golden_row("snapshot")["document"])
    older = {name: value for name, value in document.items() if name not in {"alerts", "protection"}}
    row = {"format": "snapshot-row/1", "document": msgspec.json.encode(older).decode()}
    assert snapshot_of(row, key="k") == msgspec.structs.replace(samples.SUMMARY, alerts=(), protection=None)


@pytest.mark.parametrize(
    ("name", "kind", "tag", "records"),
    [
        ("differences.ndz", Difference, DIFFERENCES, samples.DIFFERENCE_ROWS),
        ("causes.ndz", Cause, CAUSES, samples.CAUSE_ROWS),
        ("explanations.ndz", Explanation, EXPLANATIONS, samples.EXPLANATION_ROWS),
        ("drift-items.ndz", DriftItem, DRIFT_ITEMS, samples.DRIFT_ROWS),
        ("unknown-objects.ndz", UnknownObject, UNKNOWN_OBJECTS, samples.UNKNOWN_ROWS),
        ("scope.ndz", ScopePart, SCOPE, samples.SCOPE_PARTS),
        ("exposure.ndz", Exposure, EXPOSURE, samples.EXPOSURE_ROWS),
        ("changes.ndz", Change, CHANGES, samples.CHANGE_ROWS),
        ("confirmations.ndz", Confirmation, CONFIRMATIONS, samples.CONFIRMATION_ROWS),
        ("overwritten.ndz", Overwriter, OVERWRITTEN, samples.OVERWRITER_ROWS),
        ("manual-steps.ndz", ManualStep, MANUAL_STEPS, samples.MANUAL_ROWS),
        ("id-map.ndz", Renewal, ID_MAP, samples.ID_MAP_ROWS),
        ("outcomes.ndz", Outcome, OUTCOMES, samples.OUTCOME_ROWS_OF_ALL_KINDS),
        ("before-images.ndz", BeforeImage, BEFORE_IMAGES, samples.BEFORE_ROWS),
    ],
)
def test_the_golden_records_are_read(name: str, kind: type[Any], tag: str, records: list[Any]) -> None:
    assert decode_records(golden(name), kind, tag, name=name) == records


def test_an_outcome_from_before_objects_were_created_anew_is_read() -> None:
    known = msgspec.to_builtins(samples.OUTCOME_ROWS[0])
    older = {name: value for name, value in known.items() if name not in {"new_id", "new_app_id", "next_steps"}}
    assert msgspec.convert(older, Outcome) == samples.OUTCOME_ROWS[0]


def test_the_golden_objects_are_found_by_the_golden_index() -> None:
    frame, rows = golden("objects.ndz"), decode_index(golden("index.idx"), name="index.idx")
    assert [row.key for row in rows] == sorted(object_key(an_id(label)) for label in ("user-1", "user-2", "user-3"))
    flags = {row.key: row.flags for row in rows}
    assert flags[object_key(an_id("user-2"))] == SOFT_DELETED
    assert flags[object_key(an_id("user-3"))] == TOMBSTONE
    [row] = [row for row in rows if row.flags == 0]
    body = body_at(lines_of(frame[row.offset : row.offset + row.length], name="o"), row, name="o")
    assert msgspec.json.decode(body) == {"id": an_id("user-1"), "displayName": "Åse"}


def test_the_golden_links_are_read() -> None:
    head = bytes([1]) + object_key(an_id("group-1"))
    others = {object_key(an_id(label)) for label in ("user-1", "user-2")}
    assert set(decode_links(golden("links.zst"), name="l")) == {head + other for other in others}
    increment = set(decode_links(golden("links-increment.zst"), name="l", is_increment=True))
    assert increment == {head + bytes(16) + b"=", *(head + other + b"+" for other in others)}


def test_the_golden_links_that_were_told_are_read() -> None:
    head = bytes([1]) + object_key(an_id("group-1"))
    told = set(decode_links(golden("links-told.zst"), name="l", is_increment=True))
    assert told == {head + object_key(an_id("user-1")) + b"+", head + object_key(an_id("user-2")) + b"-"}


def test_the_golden_deleted_keys_are_read() -> None:
    assert decode_deleted(golden("deleted.zst"), name="d") == {object_key(an_id("user-2"))}


def test_no_golden_file_is_left_over() -> None:
    known = {*EXACT, *FRAMED, *(f"{name}.txt" for name in FRAMED), "functions.json", "ledger.ndz"}
    found = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    assert {name for name in found if not name.endswith((".py", ".pyc"))} <= known


def test_a_sealed_ledger_is_read_from_the_golden_file_part_by_part() -> None:
    content = (FOLDER / "ledger.ndz").read_bytes()
    head, parts = decode_ledger(content, name="ledger.ndz", expected=None)
    said = tuple(msgspec.structs.replace(part, length=0, sha256="") for part in head.parts)
    assert msgspec.structs.replace(head, parts=said) == samples.LEDGER_HEAD
    assert decode_records(parts[0], Outcome, OUTCOMES, name="outcomes") == samples.OUTCOME_ROWS
    assert decode_records(parts[1], Confirmation, CONFIRMATIONS, name="confirmations") == samples.CONFIRMATION_ROWS


@pytest.mark.parametrize("harm", ["cut", "longer", "altered part", "altered head"])
def test_a_ledger_that_is_not_as_it_was_sealed_is_refused_by_name(harm: str) -> None:
    content = bytearray((FOLDER / "ledger.ndz").read_bytes())
    if harm == "cut":
        content = content[:-10]
    elif harm == "longer":
        content += b"x"
    else:
        content[-20 if harm == "altered part" else 20] ^= 1
    with pytest.raises(IntegrityError, match=r"ledger\.ndz"):
        decode_ledger(bytes(content), name="ledger.ndz", expected=None)
