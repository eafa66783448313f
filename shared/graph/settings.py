"""What can be set about the gateway to Graph, with the number each default comes from.

Pure values; shared/wiring.py fills them from the app's settings.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

GRAPH_BASE_URL = "https://graph.microsoft.com/v1.0"
BATCH_PARTS_MAX = 20  # "JSON batching": requests in one $batch


class Shortcut(StrEnum):
    """A way of asking that saves requests and was never proven against Graph itself; each may be avoided.

    EXPANDED_CHILDREN: collections below service principals and applications come with their parents by `$expand`;
    avoided, each parent's collection is a GET of its own, 20 to a $batch.
    ID_LISTS: many objects are read again by `$filter=id in (...)`; avoided, each is a GET of its own, 20 to a $batch.
    TOLD_LINKS: links that are more than one page are brought up to date by `members@delta` and `owners@delta`
    (docs/decisions/0016); avoided, the links of every changed object are read whole.
    RANGES: listings of more than 50,000 objects are read side by side by ranges of one property
    (docs/decisions/0011); avoided, each is one chain of pages.
    AUDITED_LINKS: the audit log takes `$filter` by several beginnings of activities, and has records of owners and
    sponsors (docs/decisions/0027); avoided, changes of those are found by whole readings.
    AGENTS: collections of agents' own types (`microsoft.graph.agentIdentity` and others) are there; avoided, they are
    taken to be empty, which is right only in a cloud that has no agents and answers 400.
    """

    EXPANDED_CHILDREN = "expandedChildren"
    ID_LISTS = "idLists"
    TOLD_LINKS = "toldLinks"
    RANGES = "ranges"
    AGENTS = "agents"
    AUDITED_LINKS = "auditedLinks"


class QuotaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How fast to ask. Defaults: "Microsoft Graph service-specific throttling limits", one app in one large tenant.

    Shrink them to leave room for other apps of the tenant; Graph's own headers slow us down further when needed.
    """

    read_units: float = 8_000
    read_window_seconds: float = 10
    writes: float = 3_000
    write_window_seconds: float = 150
    tenant_writes: float = 18_000
    tenant_write_window_seconds: float = 300
    audits: float = 5
    audit_window_seconds: float = 10
    conditional_access_interval_seconds: float = 1.05  # the limit is 1/s per tenant; the rest is clock slack


class GraphSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where Graph is, how fast it may be asked, and the ceilings on what it may answer.

    `base_url` is the version root; plain http is accepted for loopback only. `answer_bytes_max` counts decompressed
    bytes of one answer: the largest real page, 999 users with every property, is about 3 MB. `avoids` are the shortcuts
    not to be taken.
    """

    base_url: str = GRAPH_BASE_URL
    quota: QuotaSettings = QuotaSettings()
    answer_bytes_max: int = 64 * 1024 * 1024
    pages_max: int = 100_000
    batches_in_flight_max: int = 4
    avoids: frozenset[Shortcut] = frozenset()
    connect_timeout_seconds: float = 15
    answer_timeout_seconds: float = 100
