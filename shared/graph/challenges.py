"""Read what a refusal with a claims challenge asks the next token to have.

Pure: "Claims challenges, claims requests and client capabilities". A request that is answered so was not carried out,
so repeating it with such a token is safe whatever it does.
"""

from __future__ import annotations

import base64
import binascii
import re

from shared.graph.exchange import Reply

CLAIMS = re.compile(r'\bclaims="([^"]+)"')


def claims_of(reply: Reply) -> str:
    """Return the JSON text of the challenge in a 401, empty for any other reply and for a challenge nobody can read."""
    if reply.status != 401:
        return ""
    found = CLAIMS.search(reply.headers.get("www-authenticate", ""))
    try:
        return decoded(found[1]) if found else ""
    except ValueError:
        return ""


def decoded(challenge: str) -> str:
    """Return the JSON text that a WWW-Authenticate header carries in base64; raise ValueError for anything else."""
    try:
        return base64.b64decode(challenge + "=" * (-len(challenge) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("a claims challenge is not base64") from error
