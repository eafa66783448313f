"""What of an object from Graph may be kept: everything but secrets, with its parent's id where it does not say it.

Pure. Every body that is stored or compared passes here first, so a secret Graph should ever answer with goes no
further. Of a credential only members that are known to be harmless are kept; an unknown one is not. Types that are read
without $select keep properties nobody knows, so whatever in them is called like a secret is withheld. Bodies of users,
groups and others that are plain (catalogue/entry.py) have nothing but what was selected by name, and no secret is.
"""

from __future__ import annotations

import re

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.identity import PARENT, object_id
from shared.domain.secrets import KEYS, SECRET, without_secrets
from shared.graph.answers.faults import incomplete
from shared.graph.exchange import Reply

_CALLED_SECRET = re.compile(rb'"(?:%s)"\s*:' % b"|".join(name.encode() for name in sorted((*SECRET, KEYS))))
_Members = dict[str, msgspec.Raw]
_MEMBERS = msgspec.json.Decoder(_Members)
_ITEMS = msgspec.json.Decoder(list[_Members] | None)


def admitted(entry: ObjectType, body: bytes, reply: Reply, *, parent: str = "") -> bytes:
    """Return `body` as it may be kept; it is a JSON object on one line.

    Raises IncompleteListingError when a collection of credentials is none: what is in it cannot be told.
    """
    if entry.secrets:
        body = _without_secrets(entry, body, reply)
    if not entry.sends_select and _CALLED_SECRET.search(body):
        body = _withheld(entry, body, reply)
    if parent and PARENT in entry.identity:
        body = b'{"%s":%s,%s' % (PARENT.encode(), msgspec.json.encode(parent), body.lstrip()[1:].lstrip())
    return body


def identified(what: str, entry: ObjectType, body: bytes, reply: Reply) -> str:
    """Return Tidemark's id of an object; raise IncompleteListingError when it does not say what it is known by."""
    try:
        return object_id(entry, body)
    except msgspec.DecodeError as error:
        raise incomplete(what, f"an object does not say what it is known by ({error})", reply) from error


def _withheld(entry: ObjectType, body: bytes, reply: Reply) -> bytes:
    """Return `body` with every value in it replaced that is called like a secret."""
    try:
        return msgspec.json.encode(without_secrets(msgspec.json.decode(body)))
    except (msgspec.DecodeError, RecursionError) as error:
        raise incomplete(entry.name, f"an object that may hold a secret cannot be read ({error})", reply) from error


def _without_secrets(entry: ObjectType, body: bytes, reply: Reply) -> bytes:
    members = _MEMBERS.decode(body)
    is_changed = False
    for secret in entry.secrets:
        held = members.get(secret.name)
        if held is None or bytes(held) in (b"[]", b"null"):
            continue
        try:
            items = _ITEMS.decode(held) or []
        except msgspec.DecodeError as error:
            raise incomplete(f"{entry.name} {secret.name}", f"no list of credentials ({error})", reply) from error
        kept = [{name: item[name] for name in secret.kept if name in item} for item in items]
        members[secret.name] = msgspec.Raw(msgspec.json.encode(kept))
        is_changed = True
    return msgspec.json.encode(members) if is_changed else body
