"""One digest over everything a tenant holds: equal digests mean nothing that matters differs."""

import hashlib

import msgspec

from simulator.directory.state import Directory

VOLATILE = frozenset({"deletedDateTime", "lastModifiedDateTime", "modifiedDateTime", "renewedDateTime"})


def fingerprint(directory: Directory, ignoring: frozenset[str] = frozenset()) -> str:
    """Return sha256 over all objects, live and deleted, and all links; times that any write moves are left out.

    Objects whose ids are in `ignoring` count as not being there, links to and from them included.
    """
    digest = hashlib.sha256()
    encoder = msgspec.json.Encoder(order="sorted")
    for name, store in sorted(directory.stores.items()):
        for place, things in (("live", store.live), ("deleted", store.deleted)):
            for object_id in sorted(things.keys() - ignoring):
                kept = {key: value for key, value in things[object_id].items() if key not in VOLATILE}
                digest.update(encoder.encode([name, place, kept]))
    for relation, source_id, order in sorted(directory.links.everything(), key=lambda link: link[:2]):
        targets = sorted(target_id for target_id in order if target_id not in ignoring)
        if targets and source_id not in ignoring:
            digest.update(encoder.encode([relation, source_id, targets]))
    return digest.hexdigest()
