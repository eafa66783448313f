"""One small, fixed value of every stored format: what the golden files hold.

Changing a value here changes golden files, so add a new one instead; only a new version of a format needs it.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from shared.domain.changes import Action, Difference, Outcome, Result, UnknownObject
from shared.domain.confirmations import Confirmation, Overwriter, Standing
from shared.domain.drift import Allowance, DriftItem, DriftRule, DriftState, PendingAlert, Watch
from shared.domain.explanations import Cause, Explanation, Log, Risk
from shared.domain.exposures import Exposed, Exposure
from shared.domain.holds import Hold, HoldEntry
from shared.domain.ids import object_key
from shared.domain.jobs import Batch, BatchState, Job, Kind, Options, SnapshotSummary, State, Step
from shared.domain.ledgers import SealedLedger
from shared.domain.manual import ManualStep, Setting, Task
from shared.domain.protection import Lock, Protection
from shared.domain.pruning import Pruned
from shared.domain.renewals import Renewal
from shared.domain.scope import Scope, ScopePart
from shared.domain.verification import Mode, Verification
from shared.formats.change_index import LINKED_BY, OBJECT, ROW, UNLINKED, Block, ChangeIndex, IndexFile, Run
from shared.formats.digests import body_digest
from shared.formats.ledgers import LedgerHead, LedgerPart
from shared.formats.links import LinkSpool
from shared.formats.manifests import Consistency, Manifest, TypeFacts, UnfoundLink, seal
from shared.formats.merkle import type_root
from shared.formats.objects import SOFT_DELETED, TOMBSTONE
from shared.formats.segments import File, Segment, ShardRange
from shared.formats.signatures import sign_es256
from shared.formats.spooling import Spool
from shared.jobs.lease import LeaseRow
from shared.runs.outcomes import BeforeImage
from tests.support.builders import AT, SNAPSHOT_ID, TENANT, a_change, a_difference, a_link, a_link_change, a_note, an_id

JOB_ID = an_id("job-1")

DIFFERENCE_ROWS = [
    a_difference(links=(), display_name="Åse Ødegård"),
    a_difference(
        "group-1", type="group", target={}, current={}, links=(a_link("user-1"), a_link("user-2", action=Action.UNLINK))
    ),
    Difference(
        type="user",
        object_id=an_id("user-3"),
        display_name="user-3",
        action=Action.RECREATE,
        target={"id": an_id("user-3"), "displayName": "user-3"},
        refusal="deleted for good: it can only be created anew, with another id",
    ),
]
CAUSE_ROWS = [
    Cause(
        audit_id="Directory_5a9d1c1e_1",
        at=AT,
        activity="Update user",
        actor_id=an_id("script"),
        actor_name="Careless script",
        app_id=an_id("app"),
        app_name="Careless script",
        properties=("city",),
        targets=(an_id("user-1"),),
        new_values={"city": '"Rome"'},
    )
]
EXPLANATION_ROWS = [
    Explanation(type="user", object_id=an_id("user-1"), log=Log.FOUND, cause=CAUSE_ROWS[0]),
    Explanation(
        type="group",
        object_id=an_id("group-1"),
        log=Log.NOT_IN_LOG,
        risks=(Risk.PRIVILEGE,),
        names={an_id("user-1"): "Åse Ødegård"},
    ),
]
DRIFT_ROWS = [
    DriftItem(
        item_id="0" * 32,
        type="user",
        object_id=an_id("user-1"),
        display_name="Åse Ødegård",
        what="city",
        state=DriftState.ACCEPTED,
        value="1" * 32,
        rules=("cities",),
        risks=(),
        changed_by="Careless script",
        first_seen_at=AT,
        last_seen_at=AT,
        decided_by=an_id("operator"),
        decided_at=AT,
        note="moved",
    )
]
WATCH = Watch(
    is_on=True,
    baseline=SNAPSHOT_ID,
    rules=(DriftRule(name="cities", types=("user",), properties=("city",), risks=(Risk.PRIVILEGE,), at_least=2),),
    allowed=(Allowance(type="user", object_id=an_id("user-2"), owner="HR", reason="moving", expires_at=AT),),
    compared=SNAPSHOT_ID,
    compared_with=SNAPSHOT_ID,
    items={"name": f"{TENANT}/drift/items-{'2' * 32}.ndz", "sha256": "2" * 64},
    counts={"accepted": 1},
    pending=(
        PendingAlert(
            alert_id="3" * 32, channel="webhook", name=f"{TENANT}/drift/{'3' * 32}-webhook-00000000.json", not_before=AT
        ),
    ),
)
SCOPE_PARTS = [
    ScopePart(type="user", ids=(an_id("user-1"), an_id("user-2"))),
    ScopePart(type="group", ids=(an_id("group-1"),)),
]
EXPOSURE_ROWS = [
    Exposure(
        accounts={an_id("user-1"): (an_id("group-1"),)},
        usable=(an_id("user-1"),),
        policies=(
            Exposed(
                policy_id=an_id("app-1"),
                display_name="Block legacy",
                groups=(an_id("group-1"),),
                is_hard=True,
                reached=(),
                reachable=(an_id("user-1"),),
            ),
        ),
    )
]
UNKNOWN_ROWS = [UnknownObject(type="user", object_id=an_id("user-1"))]
CHANGE_ROWS = [
    a_change(target={"city": "Oslo", "businessPhones": ["+47 1"], "employeeId": None}),
    a_change("user-2", action=Action.RESTORE),
    a_link_change("user-1"),
]
CONFIRMATION_ROWS = [
    Confirmation(
        change_id=a_change().change_id,
        type="user",
        object_id=a_change().object_id,
        display_name="user-1",
        action=Action.UPDATE,
        standing=Standing.OVERWRITTEN,
        found={"city": "Rome"},
    )
]
OUTCOME_ROWS = [
    Outcome(
        change_id=a_change().change_id,
        type="user",
        object_id=an_id("user-1"),
        display_name="user-1",
        action=Action.UPDATE,
        result=Result.APPLIED,
        before={"city": "Rome"},
        target={"city": "Oslo"},
        request_id="00000000-0000-4000-8000-00000000000a",
    ),
    Outcome(
        change_id=a_link_change("user-1").change_id,
        type="group",
        object_id=an_id("group-1"),
        display_name="group-1",
        action=Action.LINK,
        result=Result.FAILED,
        before={"members": False},
        reference="members",
        other_id=an_id("user-1"),
        error_code="Authorization_RequestDenied",
        message="Insufficient privileges to complete the operation.",
        request_id="00000000-0000-4000-8000-00000000000b",
    ),
]
OUTCOME_ROWS_OF_ALL_KINDS = [
    *OUTCOME_ROWS,
    Outcome(
        change_id=f"recreate:user:{an_id('user-3')}",
        type="user",
        object_id=an_id("user-3"),
        display_name="user-3",
        action=Action.RECREATE,
        result=Result.APPLIED,
        before={"isDeleted": True},
        target={"displayName": "user-3"},
        new_id=an_id("user-3 anew"),
        next_steps=("have the person register every authentication method again",),
    ),
]
ID_MAP_ROWS = [
    Renewal(
        type="user",
        old_id=an_id("user-3"),
        new_id=an_id("user-3 anew"),
        job_id=JOB_ID,
        at=AT,
        display_name="user-3",
    ),
    Renewal(
        type="application",
        old_id=an_id("app-1"),
        new_id=an_id("app-1 anew"),
        job_id=JOB_ID,
        at=AT,
        display_name="CRM",
        old_app_id=an_id("app-1 appId"),
        new_app_id=an_id("app-1 appId anew"),
    ),
]
BEFORE_ROWS = [
    BeforeImage(change_id=a_change().change_id, before={"city": "Rome"}),
    BeforeImage(change_id=a_link_change("user-1").change_id, before={"members": False}),
]
JOB = Job(
    tenant=TENANT,
    job_id=JOB_ID,
    kind=Kind.RECOVERY,
    state=State.RUNNING,
    snapshot_id=SNAPSHOT_ID,
    created_at=AT,
    started_at=AT,
    scope=Scope(ids={"user": (an_id("user-1"),)}),
    options=Options(soft_delete_newer=True),
    requested_by=an_id("operator"),
)
BATCH = Batch(
    job_id=JOB_ID,
    number=30_000,
    wave=8,
    step=Step.APPLY,
    state=BatchState.RUNNING,
    attempt=2,
    owner=an_id("worker"),
    argument={"name": f"{TENANT}/{JOB_ID}/plan/30000-1.ndz", "sha256": "0" * 64, "changes": 3, "wave": 2},
    cursor={"groups": 1},
    outputs=[{"name": f"{TENANT}/{JOB_ID}/outcomes/30000-00000-2.ndz", "sha256": "1" * 64, "records": 2}],
    counts={"done": 2, "objects.applied": 1, "links.failed": 1},
)
SUMMARY = SnapshotSummary(
    tenant=TENANT,
    snapshot_id=SNAPSHOT_ID,
    job_id=JOB_ID,
    created_at=AT,
    sealed_at=AT,
    sequence=2,
    manifest_name=f"{TENANT}/{SNAPSHOT_ID}/manifest.json",
    manifest_sha256="2" * 64,
    counts={"objects": 3, "softDeleted": 1, "links": 2},
    protection=Protection(lock=Lock.LOCKED, days=35),
    alerts=("user: 4 became 2, 50.0 % gone",),
)
HOLD = Hold(
    snapshot_id=SNAPSHOT_ID,
    entries=(
        HoldEntry(is_held=True, at=AT, by="tidemark", reason="held because of an alert of the next snapshot"),
        HoldEntry(is_held=False, at=AT, by=an_id("caller"), reason="the users were removed on purpose"),
    ),
)
VERIFICATION = Verification(
    snapshot_id=SNAPSHOT_ID,
    at=AT,
    mode=Mode.FULL,
    full_at=AT,
    is_signed=True,
    is_chained=True,
    files=4,
    bytes=800,
    objects=4,
    links=2,
    requested_by="timer",
)
PRUNED = Pruned(
    at=AT,
    removed=("20261001T220000Z-0a1b2c3d",),
    leaving=("20261002T220000Z-0a1b2c3d",),
    refused={"20261003T220000Z-0a1b2c3d": "BlobImmutableDueToPolicy"},
    kept={"younger than 35 days": 34, "held": 1},
    leftovers=2,
    work_files=7,
)
LEASE = LeaseRow(job_id=JOB_ID, kind=Kind.RECOVERY, fencing_token=7, is_held=True, ttl_seconds=60)
NOTE = a_note(batch=30_000, fencing_token=7)


OVERWRITER_ROWS = [
    Overwriter(change_id=a_change().change_id, log=Log.FOUND, cause=CAUSE_ROWS[0]),
    Overwriter(change_id=a_change("user-2").change_id, log=Log.NOT_IN_LOG),
]
MANUAL_ROWS = [
    ManualStep(
        type="application",
        object_id=an_id("app"),
        display_name="Payroll",
        task=Task.RENEW,
        reason="nothing can bring a secret back",
        where="Entra admin center, App registrations",
        settings=(
            Setting(
                name="passwordCredentials",
                now=[],
                wanted=[{"displayName": "ci", "keyId": an_id("key")}],
                reason="nobody can give a secret back",
            ),
        ),
        notes=("make a new secret or certificate",),
    )
]
LEDGER_HEAD = LedgerHead(
    tenant=TENANT,
    job_id=JOB_ID,
    snapshot_id=SNAPSHOT_ID,
    state=State.ABANDONED,
    requested_by=an_id("operator"),
    created_at=AT,
    started_at=AT,
    completed_at=AT + timedelta(seconds=40),
    plan_digest="9" * 64,
    scope=Scope(types=("user", "group")),
    options=Options(soft_delete_newer=True),
    counts={"links.failed": 1, "objects.applied": 1},
    confirmation={"confirmed": 0, "overwritten": 1},
    seconds=40.0,
    changes_per_second=0.0,
    parts=(
        LedgerPart(kind="outcomes", batch=30_000, records=2, length=0, sha256="", at=AT),
        LedgerPart(kind="confirmations", batch=99_999, records=1, length=0, sha256=""),
    ),
)
SEALED_LEDGER = SealedLedger(
    name=f"{TENANT}/{JOB_ID}/ledger.ndz", sha256="a" * 64, sealed_at=AT, records=2, is_signed=True
)


def _file(part: str, extension: str, rows: int) -> File:
    described = {"part": part, "name": f"{TENANT}/{SNAPSHOT_ID}/00000.{part}.{extension}", "length": 200, "rows": rows}
    shards = (ShardRange(0, 0, 120, rows, 3735928559), ShardRange(1, 120, 80, 0, 305419896))
    return msgspec.convert({**described, "sha256": "3" * 64, "shards": msgspec.to_builtins(shards)}, File)


SEGMENT = Segment(
    shard_count=2,
    is_increment=True,
    files=(_file("objects", "ndz", 4), _file("index", "idx", 4), _file("links", "zst", 2)),
)


def _changes(states: str, length: int) -> IndexFile:
    name = f"{TENANT}/{SNAPSHOT_ID}/history/{states}.00003.changes.zst"
    return IndexFile(name=name, length=length, blocks=(Block(3, 0, length, 4, "8" * 32),))


MANIFEST = Manifest(
    tenant=TENANT,
    snapshot_id=SNAPSHOT_ID,
    job_id=JOB_ID,
    sequence=2,
    previous_sha256="4" * 64,
    created_at=AT,
    rolled_forward_at=AT,
    shard_count=2,
    types={
        "user": TypeFacts(
            objects=2,
            soft_deleted=1,
            links={},
            select=("id", "displayName"),
            root=type_root(("5" * 64, "6" * 64)),
            shard_roots=("5" * 64, "6" * 64),
        ),
        "group": TypeFacts(
            objects=1,
            soft_deleted=0,
            links={"members": 2, "owners": 0},
            select=("id", "displayName"),
            root="7" * 64,
            shard_roots=("", "7" * 64),
        ),
        "namedLocation": TypeFacts(
            objects=0, soft_deleted=0, links={}, select=(), root=type_root(()), shard_roots=("", "")
        ),
    },
    files=(
        _file("objects", "ndz", 4),
        _file("index", "idx", 4),
        _file("links", "zst", 2),
        _file("deleted", "zst", 1),
    ),
    tool="tidemark/0.1.0",
)
INCREMENT = msgspec.structs.replace(
    MANIFEST,
    snapshot_id="20261120T230000Z-1a2b3c4d",
    base_id=SNAPSHOT_ID,
    base_sha256="8" * 64,
    sequence=3,
    types={
        "user": msgspec.structs.replace(MANIFEST.types["user"], way="delta", is_whole=False, full_at=AT),
        "namedLocation": msgspec.structs.replace(
            MANIFEST.types["namedLocation"], why="Graph has no delta for this type", full_at=AT
        ),
    },
    incomplete={"group": "Graph answered 403 Authorization_RequestDenied: Insufficient privileges (request-id none)"},
    consistency=Consistency(
        began_at=AT,
        lagged=1,
        unfound={"group.members": 1},
        unfound_links=(UnfoundLink(reference="group.members", source="a" * 32, other="b" * 32),),
    ),
)
CHANGE_INDEX = ChangeIndex(
    tenant=TENANT,
    snapshot_id=SNAPSHOT_ID,
    manifest_sha256="3" * 64,
    since=1,
    sequence=11,
    shard_count=64,
    omitted=(5,),
    runs=(
        Run(first=2, last=9, level=1, files=(_changes("00000002-00000009", 180),)),
        Run(first=10, last=10, level=0, files=()),
        Run(first=11, last=11, level=0, files=(_changes("00000011-00000011", 90),)),
    ),
)
SIGNATURE = sign_es256(ec.derive_private_key(1, ec.SECP256R1()), bytes.fromhex(seal(MANIFEST)[1]))


def spool() -> Spool:
    """Return one shard of objects: one as Graph sent it, one soft-deleted, one gone for good."""
    objects = Spool(shard_count=1)
    objects.add(an_id("user-1"), f'{{"id":"{an_id("user-1")}","displayName":"Åse"}}'.encode(), type_code=1)
    objects.add(an_id("user-2"), f'{{"id":"{an_id("user-2")}"}}'.encode(), type_code=1, flags=SOFT_DELETED)
    objects.add(an_id("user-3"), b"", type_code=1)
    return objects


def links(*, is_increment: bool) -> LinkSpool:
    """Return one shard of links: two members of a group, which an increment holds as all there are."""
    spooled = LinkSpool(shard_count=1, is_increment=is_increment)
    if is_increment:
        spooled.reset(1, an_id("group-1"))
    spooled.add(1, an_id("group-1"), an_id("user-1"))
    spooled.add(1, an_id("group-1"), an_id("user-2"))
    return spooled


def told_links() -> LinkSpool:
    """Return one shard of an increment: a group of whose many members one came and one went."""
    spooled = LinkSpool(shard_count=1, is_increment=True)
    spooled.add(1, an_id("group-1"), an_id("user-1"))
    spooled.take(1, an_id("group-1"), an_id("user-2"))
    return spooled


def change_rows() -> list[bytes]:
    """Return rows of the change index in the order of their states: a user that changed, joined a group and is gone."""
    user, group = object_key(an_id("user-1")), object_key(an_id("group-1"))
    return [
        ROW.pack(user, 1, OBJECT, 0, 2, body_digest(b'{"city":"Rome"}')),
        ROW.pack(user, 1, LINKED_BY, 0, 3, group),
        ROW.pack(group, 1, UNLINKED, 0, 4, user),
        ROW.pack(user, 1, OBJECT, TOMBSTONE, 4, bytes(16)),
    ]
