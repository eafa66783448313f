"""The pages about formats show real examples and describe every member there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.domain.changes import Change, Difference, LinkDifference, Outcome, UnknownObject
from shared.domain.confirmations import Confirmation, Overwriter
from shared.domain.drift import Allowance, DriftItem, DriftRule, PendingAlert, Watch
from shared.domain.explanations import Cause, Explanation
from shared.domain.exposures import Exposed, Exposure
from shared.domain.holds import Hold, HoldEntry
from shared.domain.jobs import Batch, Job, Note, Options, SnapshotSummary
from shared.domain.ledgers import SealedLedger
from shared.domain.manual import ManualStep, Setting
from shared.domain.protection import Protection
from shared.domain.pruning import Pruned
from shared.domain.renewals import Renewal
from shared.domain.scope import Scope, ScopeFile, ScopePart
from shared.domain.verification import Verification
from shared.formats.change_index import ChangeIndex, ChangeRow, IndexFile, Run
from shared.formats.frames import first_frame
from shared.formats.ledgers import LedgerHead, LedgerPart
from shared.formats.manifests import Consistency, Manifest, TypeFacts, UnfoundLink
from shared.formats.objects import IndexRow
from shared.formats.records import Header
from shared.formats.segments import File, Segment
from shared.formats.signatures import Signature
from shared.jobs.lease import LeaseRow
from shared.runs.outcomes import BeforeImage

GOLDEN = Path(__file__).parent
PAGES = GOLDEN.parents[1] / "docs" / "formats"
MEMBERS: list[tuple[str, type[Any]]] = [
    ("segments", Segment),
    ("segments", File),
    ("manifests", Manifest),
    ("manifests", TypeFacts),
    ("manifests", Consistency),
    ("manifests", UnfoundLink),
    ("manifests", Signature),
    ("change-index", ChangeIndex),
    ("change-index", Run),
    ("change-index", IndexFile),
    ("records", Header),
    ("records", Difference),
    ("records", LinkDifference),
    ("records", Cause),
    ("records", Explanation),
    ("records", UnknownObject),
    ("records", ScopePart),
    ("records", Exposure),
    ("records", Exposed),
    ("records", Change),
    ("records", BeforeImage),
    ("records", Outcome),
    ("id-map", Renewal),
    ("records", Confirmation),
    ("records", Overwriter),
    ("records", ManualStep),
    ("records", Setting),
    ("ledgers", LedgerHead),
    ("ledgers", LedgerPart),
    ("rows", SealedLedger),
    ("rows", LeaseRow),
    ("rows", Job),
    ("rows", Scope),
    ("rows", ScopeFile),
    ("rows", Options),
    ("rows", Batch),
    ("rows", SnapshotSummary),
    ("drift", Watch),
    ("drift", DriftRule),
    ("drift", Allowance),
    ("drift", PendingAlert),
    ("drift", DriftItem),
    ("rows", Protection),
    ("rows", Hold),
    ("rows", HoldEntry),
    ("rows", Verification),
    ("rows", Pruned),
    ("notes", Note),
]


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text()


def golden(name: str) -> str:
    return (GOLDEN / name).read_text()


def examples(name: str) -> list[str]:
    """Return the JSON examples of a page, in order."""
    return re.findall(r"```json\n(.*?)\n```", page(name), re.DOTALL)


@pytest.mark.parametrize(("name", "kind"), MEMBERS, ids=lambda value: getattr(value, "__name__", value))
def test_every_member_of_a_stored_document_is_described(name: str, kind: type[Any]) -> None:
    words = set(re.findall(r"[A-Za-z_0-9]+", page(name)))
    assert [member for member in kind.__struct_fields__ if member not in words] == []


def test_every_field_of_an_index_row_is_described() -> None:
    rows = page("segments").replace("| 42 | type |", "| 42 | type_code |")
    assert [name for name in IndexRow._fields if f"| {name} |" not in rows] == []


def test_every_field_of_a_change_row_is_described() -> None:
    assert [name for name in ChangeRow._fields if f"| {name} |" not in page("change-index")] == []


def test_the_example_of_a_change_index_is_the_golden_file() -> None:
    assert msgspec.json.decode(examples("change-index")[0]) == msgspec.json.decode(golden("change-index.json"))
    lines = [line.replace(" ", "") for line in re.findall(r"^[0-9a-f ]{40,}$", page("change-index"), re.MULTILINE)]
    assert lines == golden("changes.zst.txt").splitlines()


@pytest.mark.parametrize(
    ("name", "file"), [("notes", "note.json"), ("rows", "row-batch.json"), ("drift", "row-drift.json")]
)
def test_the_example_of_a_page_is_the_golden_file(name: str, file: str) -> None:
    assert examples(name) == [golden(file).strip()]


def test_every_example_of_a_record_is_a_line_of_a_golden_file() -> None:
    known = {line for path in GOLDEN.glob("*.ndz.txt") for line in path.read_text().splitlines()}
    shown = [line for example in examples("records") for line in example.splitlines()]
    assert len(shown) == 13
    assert set(shown) <= known


def test_the_example_of_a_ledgers_head_is_the_golden_file() -> None:
    head, _at = first_frame((GOLDEN / "ledger.ndz").read_bytes(), name="ledger.ndz")
    assert msgspec.json.decode(examples("ledgers")[0]) == msgspec.json.decode(head)


def test_the_example_of_the_id_map_is_its_golden_file() -> None:
    assert examples("id-map")[0].splitlines() == golden("id-map.ndz.txt").splitlines()


@pytest.mark.parametrize(("name", "file"), [("segments", "segment.json"), ("manifests", "manifest.json")])
def test_a_shortened_example_leaves_out_files_and_nothing_else(name: str, file: str) -> None:
    example = msgspec.json.decode(examples(name)[0])
    whole: dict[str, Any] = msgspec.json.decode(golden(file))
    [shown] = example.pop("files")
    assert shown in whole.pop("files")
    assert example == whole


def test_the_example_of_a_signature_is_the_golden_file() -> None:
    assert msgspec.json.decode(examples("manifests")[1]) == msgspec.json.decode(golden("manifest.sig"))


def test_binary_examples_are_rows_of_golden_files() -> None:
    lines = [line.replace(" ", "") for line in page("segments").splitlines() if re.fullmatch(r"[0-9a-f ]{40,}", line)]
    known = golden("index.idx.txt").splitlines() + golden("links-increment.zst.txt").splitlines()
    assert len(lines) == 4
    assert set(lines) <= set(known)
