"""Settle what became of a restore whose first try had no clear answer.

Every other write of a recovery can be repeated and read (already there, not there: success). A restore cannot: when
the first try did take effect, the second finds nothing in the recycle bin, which looks like an object gone for good.
So a 404 to a repeated restore is settled by looking for the live object, several times: the replica that answers may
not know of it yet.
"""

from __future__ import annotations

import re

import msgspec

from shared.graph.answers import pages
from shared.graph.answers.faults import is_gone
from shared.graph.exchange import Reply, Request

# Before each further look: "Microsoft Graph: facts and rules", what was just made may be 404 for a while.
LOOK_AGAIN_SECONDS = (2.0, 5.0, 10.0, 20.0)

_RESTORE = re.compile(r"(?P<root>.*)/deletedItems(?P<kind>/[A-Za-z.]+)?/(?P<id>[^/]+)/restore\Z")


def is_restore(tail: str) -> bool:
    """Tell whether a POST to `tail` restores an object from a recycle bin."""
    return _RESTORE.match(tail) is not None


def question(tail: str) -> Request:
    """Return the read that tells whether the object that `tail` restores is live."""
    match = _RESTORE.match(tail)
    assert match is not None, tail
    if match["root"] != "/directory":
        return Request(tail=f"{match['root']}{match['kind'] or ''}/{match['id']}")
    body = msgspec.json.encode({"ids": [match["id"]], "types": ["directoryObject"]})
    headers = {"content-type": "application/json"}
    return Request(method="POST", tail="/directoryObjects/getByIds?$select=id", body=body, headers=headers)


def is_yes(asked: Request, reply: Reply) -> bool:
    """Tell whether `reply` says that the object is live; a refusal of the question is raised."""
    if is_gone(reply):
        return False
    if asked.method == "GET":
        pages.one_object("restored object", reply)
        return True
    return bool(pages.id_page("restored object", reply)[0])
