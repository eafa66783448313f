"""The product over its ports: every run made once, and the step that each batch names.

Pure wiring, for the app's settings and for tests and simulations with ports of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.compare.jumps import GONE_PERCENT_DEFAULT
from shared.domain.jobs import Step
from shared.jobs.retention import RULES_DEFAULT, Rules
from shared.memory.alerts import MemoryAlerts
from shared.ports import (
    Alerts,
    Blobs,
    Callers,
    Clock,
    Directory,
    Ids,
    Passwords,
    Rows,
    Shelf,
    Signer,
    Verifier,
    WorkQueue,
)
from shared.runs.applying import Applying
from shared.runs.approving import Approving
from shared.runs.asking import Asking
from shared.runs.beginning import Beginning
from shared.runs.checking import Checking
from shared.runs.choosing import CaptureSettings, Choosing
from shared.runs.closing import Closing
from shared.runs.comparing import Comparing
from shared.runs.confirming import Confirming
from shared.runs.damaging import Damaging
from shared.runs.drifting import Drifting
from shared.runs.enabling import Enabling
from shared.runs.entries import Entries
from shared.runs.explaining import Explaining
from shared.runs.exporting import Exporting
from shared.runs.finishing import Finishing
from shared.runs.guarding import Guarding
from shared.runs.history import History
from shared.runs.holding import Holding
from shared.runs.importing import Importing
from shared.runs.indexing import Indexing
from shared.runs.ledger import Ledger
from shared.runs.manual import Manual
from shared.runs.opposing import Opposing
from shared.runs.pairing import Pairing
from shared.runs.patience import Patience
from shared.runs.picking import Picking
from shared.runs.planning import Planning
from shared.runs.preparing import Preparing
from shared.runs.pruning import Pruning
from shared.runs.reading import Reading
from shared.runs.reading_by_ids import ReadingByIds
from shared.runs.rechecking import Rechecking
from shared.runs.recreating import Recreating
from shared.runs.relinking import Relinking
from shared.runs.replanning import Replanning
from shared.runs.returning import Returning
from shared.runs.reusing import Reusing
from shared.runs.rolling import Rolling
from shared.runs.scheduling import Scheduling
from shared.runs.scopes import Scopes
from shared.runs.sealing import Sealing
from shared.runs.searching import Searching
from shared.runs.showing import Showing
from shared.runs.signing import Signing
from shared.runs.snapshots import Snapshots
from shared.runs.standing import Standing
from shared.runs.starting import Starting
from shared.runs.tracing import Tracing
from shared.runs.verifying import Verifying
from shared.runs.watchdog import Watchdog
from shared.runs.worker import StepRun, Worker

LEASE_SECONDS_DEFAULT = 60  # "Azure Storage: the lease": renewed every 20 s, a dead holder is noticed after 62 s


@dataclass(frozen=True)
class Ports:
    """Everything the runs need from outside; without a signer and a verifier, snapshots are unsigned.

    Without a shelf, nothing is ever removed from the vault or the work container; without `audit`, no ledger is sealed.
    """

    rows: Rows
    work: Blobs
    vault: Blobs
    queue: WorkQueue
    directory: Directory
    clock: Clock
    ids: Ids
    passwords: Passwords
    signer: Signer | None = None
    verifier: Verifier | None = None
    alerts: Alerts | None = None
    vault_shelf: Shelf | None = None
    work_shelf: Shelf | None = None
    audit: Blobs | None = None


@dataclass(frozen=True)
class Upkeep:
    """What keeps the vault: proving, holding, removing what has expired, and telling how it all stands."""

    verifying: Verifying
    rechecking: Rechecking
    holding: Holding
    pruning: Pruning
    standing: Standing


@dataclass(frozen=True)
class Product:
    """The product, ready to be called: one attribute per thing a trigger may do."""

    tenant: str
    scheduling: Scheduling
    starting: Starting
    approving: Approving
    asking: Asking
    entries: Entries
    manual: Manual
    snapshots: Snapshots
    history: History
    searching: Searching
    exporting: Exporting
    importing: Importing
    showing: Showing
    drifting: Drifting
    upkeep: Upkeep
    worker: Worker
    watchdog: Watchdog
    ledger: Ledger
    clock: Clock
    callers: Callers

    @property
    def pairing(self) -> Pairing:
        """What knows which objects were created anew."""
        return Pairing(self.snapshots)

    @property
    def verifying(self) -> Verifying:
        """What proves stored snapshots."""
        return self.upkeep.verifying


def assemble(
    tenant: str,
    ports: Ports,
    callers: Callers,
    *,
    lease_seconds: int = LEASE_SECONDS_DEFAULT,
    emergency_accounts: Sequence[str] = (),
    own_applications: Sequence[str] = (),
    approvals: int = 0,
    captures: CaptureSettings | None = None,
    rules: Rules = RULES_DEFAULT,
    gone_percent: float = GONE_PERCENT_DEFAULT,
    writers: int = 1,
) -> Product:
    """Return the product over the given ports; recoveries never lock `emergency_accounts` (object ids) out.

    Nor do they touch `own_applications` (application ids). `approvals` is how many others must agree to a plan;
    `captures` says how captures go. `rules` say how long snapshots are kept; more than `gone_percent` of a type missing
    from one raises an alert. `writers` is how many identities `ports.directory` writes as, which plans reckon with.
    """
    ledger = Ledger(ports.rows, ports.clock, ports.ids, lease_seconds=lease_seconds)
    scopes, signing = Scopes(ports.work), Signing(ports.signer, ports.verifier)
    snapshots = Snapshots(ports.rows, ports.vault, signing)
    finishing = Finishing(snapshots, ports.clock, rules, gone_percent)
    upkeep = _upkeep(ports, snapshots, ledger, rules)
    comparing = Comparing(ledger, ports.work, snapshots)
    guarding = Guarding(ports.directory, emergency_accounts, own_applications)
    steps = {
        **_reading_steps(ports, ledger, snapshots, captures or CaptureSettings(), comparing, finishing),
        **_writing_steps(ports, ledger, comparing, guarding, writers),
        **_telling_steps(ports, ledger, snapshots, comparing),
        Step.VERIFY: upkeep.rechecking.verify,
    }
    closing = _closing(ports, ledger, signing, scopes)
    worker = Worker(ledger, ports.queue, steps, scopes, damaging := Damaging(snapshots, ports.clock), closing)
    approving, picking = Approving(ledger, ports.rows, approvals, scopes), Picking(ledger, comparing)
    beginning = Beginning(ledger, worker)
    starting = Starting(ledger, beginning, snapshots, approving, picking, ports.clock, ports.ids, scopes, damaging)
    return Product(
        tenant=tenant,
        scheduling=Scheduling(ledger, beginning, snapshots, ports.clock),
        starting=starting,
        showing=(showing := Showing(ledger, ports.work, comparing)),
        drifting=Drifting(ports.rows, ports.work, snapshots, ledger, starting, showing, _alerts(ports), ports.clock),
        approving=approving,
        asking=Asking(ledger, ports.work, comparing),
        entries=Entries(ledger, ports.work, closing),
        manual=Manual(ledger, ports.work, comparing),
        snapshots=snapshots,
        history=History(snapshots),
        searching=Searching(snapshots),
        exporting=Exporting(snapshots),
        importing=Importing(snapshots, ports.work, ports.clock),
        upkeep=upkeep,
        worker=worker,
        watchdog=Watchdog(ledger, worker, closing),
        ledger=ledger,
        clock=ports.clock,
        callers=callers,
    )


def _closing(ports: Ports, ledger: Ledger, signing: Signing, scopes: Scopes) -> Closing | None:
    if ports.audit is None:
        return None
    return Closing(ledger, ports.work, ports.audit, signing, ports.clock, scopes)


def _alerts(ports: Ports) -> Alerts:
    return ports.alerts or MemoryAlerts()


def _reading_steps(
    ports: Ports,
    ledger: Ledger,
    snapshots: Snapshots,
    captures: CaptureSettings,
    comparing: Comparing,
    finishing: Finishing,
) -> dict[Step, StepRun]:
    """Return the steps that read a tenant and compare it."""
    sealing = Sealing(ledger, ports.work, snapshots, ports.clock, finishing)
    choosing = Choosing(ledger, snapshots, ports.directory, ports.clock, captures)
    by_ids = ReadingByIds(ports.directory, ports.work, snapshots, ports.clock)
    reusing = Reusing(ledger, ports.clock, captures.live_minutes)
    preparing = Opposing(Preparing(ports.directory, choosing, ports.clock), comparing, reusing)
    return {
        Step.PREPARE: preparing.prepare,
        Step.READ: Reading(ports.directory, ports.work, by_ids).read,
        Step.ROLL_FORWARD: Rolling(ports.directory, ports.work, ports.clock, snapshots).roll_forward,
        Step.SEAL: sealing.seal,
        Step.MANIFEST: sealing.manifest,
        Step.COMPARE: comparing.compare,
    }


def _telling_steps(ports: Ports, ledger: Ledger, snapshots: Snapshots, comparing: Comparing) -> dict[Step, StepRun]:
    """Return the steps that tell more of what was captured or compared."""
    return {
        Step.INDEX_CHANGES: Indexing(snapshots).index_changes,
        Step.CHECK: Checking(ports.directory, ports.work, snapshots, ports.clock).check,
        Step.EXPLAIN: Explaining(ledger, ports.directory, ports.work, comparing, ports.clock).explain,
    }


def _writing_steps(
    ports: Ports, ledger: Ledger, comparing: Comparing, guarding: Guarding, writers: int
) -> dict[Step, StepRun]:
    """Return the steps that plan a recovery, write it or leave it to people, and look at it again."""
    patience = Patience(ports.directory, ports.clock)
    planning = Planning(ledger, ports.work, comparing, guarding, writers)
    relinking = Relinking(ledger, ports.directory, ports.work, comparing, patience)
    return {
        Step.PLAN: planning.plan,
        Step.MANUAL: Manual(ledger, ports.work, comparing).write,
        Step.REPLAN: Replanning(ledger, ports.work, comparing, guarding, writers).replan,
        Step.RELINK: relinking.relink,
        Step.APPLY: Applying(
            ledger,
            ports.directory,
            ports.work,
            Recreating(ports.directory, ports.vault, ports.clock, ports.passwords),
            patience,
            Enabling(guarding.again, comparing, ports.directory, patience),
            Returning(ports.directory, patience),
        ).apply,
        Step.TRACE: Tracing(ledger, ports.directory, ports.work, ports.clock).trace,
        Step.CONFIRM: Confirming(ledger, ports.directory, ports.work, ports.clock).confirm,
    }


def _upkeep(ports: Ports, snapshots: Snapshots, ledger: Ledger, rules: Rules) -> Upkeep:
    verifying = Verifying(snapshots)
    pruning = Pruning(snapshots, ledger, ports.clock, rules, vault_shelf=ports.vault_shelf, work_shelf=ports.work_shelf)
    return Upkeep(
        verifying=verifying,
        rechecking=Rechecking(snapshots, verifying, ledger, ports.clock),
        holding=Holding(snapshots, ports.clock),
        pruning=pruning,
        standing=Standing(snapshots, pruning, ports.clock, rules),
    )
