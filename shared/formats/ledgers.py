"""The file of a sealed recovery ledger: a head, then the job's files of records as they are (docs/formats/ledgers.md).

Pure. Everything is zstd frames one after the other, so `zstd -dc` prints the whole ledger as lines of JSON. The head
says where each part lies and proves it; the digest of the file, kept in the job's row, proves the head.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from shared.domain.errors import IntegrityError
from shared.domain.jobs import Options, State
from shared.domain.scope import Scope
from shared.formats.digests import checked, sha256
from shared.formats.frames import compress, first_frame
from shared.formats.tags import check_tag

FORMAT = "recovery-ledger/1"
LEDGER_NAME = "ledger.ndz"
LEDGER_BYTES_MAX = 1024 * 1024 * 1024  # 500,000 changes take some 30 MB; a block blob of one request may have 5,000 MiB


class LedgerPart(msgspec.Struct, frozen=True, kw_only=True):
    """One file of records in the ledger, `length` bytes long: what it holds, of which batch, and when it was written.

    `inFlight` are before-images of a group whose worker broke off: nobody knows which of its changes took effect.
    """

    kind: Literal["outcomes", "inFlight", "confirmations", "overwritten", "manualSteps"]
    batch: int
    records: int
    length: int
    sha256: str
    at: datetime | None = None


class LedgerHead(msgspec.Struct, frozen=True, kw_only=True):
    """What the recovery was, how it ended, and which parts follow, in their order.

    `seconds` is the recovery time, from the job's start to its end; `changes_per_second` what was applied in it.
    """

    format: str = FORMAT
    tenant: str
    job_id: str
    snapshot_id: str
    state: State
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    error_code: str = ""
    error: str = ""
    plan_digest: str = ""
    scope: Scope
    options: Options
    counts: dict[str, int] = {}
    confirmation: dict[str, int] = {}
    seconds: float | None = None
    changes_per_second: float | None = None
    parts: tuple[LedgerPart, ...] = ()


def ledger_name(tenant: str, job_id: str) -> str:
    """Return the blob name of a recovery's ledger."""
    return f"{tenant}/{job_id}/{LEDGER_NAME}"


def encode_ledger(head: LedgerHead, parts: Sequence[bytes]) -> tuple[bytes, str]:
    """Return the file and its SHA-256; `parts` are the files that the head lists."""
    assert [len(part) for part in parts] == [listed.length for listed in head.parts]
    content = b"".join([compress(msgspec.json.encode(head, order="sorted") + b"\n"), *parts])
    return content, sha256(content)


def decode_ledger(content: bytes, *, name: str, expected: str | None) -> tuple[LedgerHead, list[bytes]]:
    """Return the head and the files it lists, each proven; raise IntegrityError naming what is not as it was sealed.

    `expected` is the file's SHA-256 where the caller has it recorded.
    """
    if expected is not None:
        checked(content, name=name, length=len(content), expected=expected)
    if len(content) > LEDGER_BYTES_MAX:
        raise IntegrityError(name, f"a ledger of {len(content)} bytes is absurd")
    document, at = first_frame(content, name=name)
    check_tag(document, FORMAT, name=name)
    try:
        head = msgspec.json.decode(document, type=LedgerHead)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(name, f"not the head of a ledger: {error}") from error
    parts = []
    for listed in head.parts:
        part = content[at : at + listed.length]
        parts.append(checked(part, name=name, length=listed.length, expected=listed.sha256))
        at += listed.length
    if at != len(content):
        raise IntegrityError(name, f"{len(content) - at} bytes follow the last part")
    return head, parts
