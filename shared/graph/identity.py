"""Who we are to Graph: the application id in our own access token.

The token is ours and came from the authority, so nothing in it is verified here; a token that cannot be read says
nothing, and the setting TIDEMARK_OWN_APPLICATIONS names who we are then.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

CLAIMS = ("appid", "azp")  # "Access token claims reference": version 1.0 has the one, version 2.0 the other


def app_id_of(token: str) -> str:
    """Return the application id a token was issued to, "" when it does not say."""
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return ""
    if not isinstance(claims, dict):
        return ""
    return next((claims[name] for name in CLAIMS if isinstance(claims.get(name), str)), "")
