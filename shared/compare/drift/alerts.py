"""What an alert says, for a program and for people in Microsoft Teams.

Pure. The same items give the same bytes and the same id, so whoever receives an alert twice can tell. Names come from
the tenant: a card shows them in text runs, which Teams does not read as markup.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import msgspec

from shared.catalogue.types import BY_NAME
from shared.compare.exports.cells import visible
from shared.domain.drift import DriftItem
from shared.domain.times import format_time

ITEMS_MAX = 100  # an alert names so many, and says how many there are
CARD_ITEMS_MAX = 10
FORMAT = "drift-alert/1"
CARD = "application/vnd.microsoft.card.adaptive"


def alert_id(tenant: str, snapshot_id: str, items: Sequence[DriftItem]) -> str:
    """Return the id of the alert about these items in this snapshot."""
    parts = [tenant, snapshot_id, *(f"{item.item_id} {item.value}" for item in items)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def webhook_body(identity: str, tenant: str, baseline: str, snapshot_id: str, items: Sequence[DriftItem]) -> bytes:
    """Return the JSON document for a program."""
    body = {
        "format": FORMAT,
        "alertId": identity,
        "tenant": tenant,
        "baseline": baseline,
        "snapshot": snapshot_id,
        "count": len(items),
        "items": [_named(item) for item in items[:ITEMS_MAX]],
    }
    return msgspec.json.encode(body, order="sorted")


def teams_body(tenant: str, baseline: str, snapshot_id: str, items: Sequence[DriftItem]) -> bytes:
    """Return the message with an adaptive card that a Teams workflow posts ("Adaptive Cards schema", version 1.4)."""
    lines = [_line(item) for item in items[:CARD_ITEMS_MAX]]
    if len(items) > len(lines):
        lines.append(f"and {len(items) - len(lines)} more: tidemark drift-items --state new")
    about = f"Snapshot {snapshot_id} against {baseline}, tenant {tenant}"
    blocks = [_block(f"{len(items)} new differences from the baseline", weight="Bolder", size="Medium"), _block(about)]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [*blocks, *(_block(line) for line in lines)],
    }
    attachment = {"contentType": CARD, "contentUrl": None, "content": content}
    return msgspec.json.encode({"type": "message", "attachments": [attachment]}, order="sorted")


def signature(secret: bytes, timestamp: str, content: bytes) -> str:
    """Return the HMAC-SHA-256 by which a receiver proves sender, time and content; over `timestamp.content`."""
    return hmac.new(secret, timestamp.encode() + b"." + content, hashlib.sha256).hexdigest()


def _named(item: DriftItem) -> dict[str, Any]:
    return {
        "itemId": item.item_id,
        "type": _wire(item.type),
        "id": item.object_id,
        "displayName": item.display_name,
        "what": item.what,
        "rules": list(item.rules),
        "risks": list(item.risks),
        "changedBy": item.changed_by,
        "firstSeen": format_time(item.first_seen_at),
    }


def _line(item: DriftItem) -> str:
    at_risk = f" [{', '.join(item.risks)}]" if item.risks else ""
    by = f" by {item.changed_by}" if item.changed_by else ""
    return visible(f"{_wire(item.type)} {item.display_name or item.object_id}: {item.what}{at_risk}{by}")[:300]


def _block(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _wire(name: str) -> str:
    return BY_NAME[name].wire_name if name in BY_NAME else name
