"""What is never shown of an object, should Graph ever send it: secret values, which are then withheld.

Pure. Graph answers secrets with null ("passwordCredential resource type", "keyCredential resource type"); this is for
the day it does not, or a property that nobody knows carries one.
"""

from __future__ import annotations

from typing import Any

WITHHELD = "withheld"
SECRET = frozenset({"secretText", "secretKey", "password", "clientSecret", "privateKey", "sharedSecret"})
KEYS, KEY = "keyCredentials", "key"


def without_secrets(value: Any, *, is_key: bool = False) -> Any:
    """Return `value` with every secret in it replaced; null and the empty text are no secrets."""
    if isinstance(value, dict):
        return {
            name: WITHHELD
            if inner and (name in SECRET or (is_key and name == KEY))
            else without_secrets(inner, is_key=name == KEYS)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(inner, is_key=is_key) for inner in value]
    return value
