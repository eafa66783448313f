"""The machine's clock and randomness; the only module of the product that asks for either."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from datetime import UTC, datetime

PASSWORD_BYTES = 24


class SystemClock:
    """Time as the machine knows it. Ages of rows come from the storage service's clock, never from this one."""

    def now(self) -> datetime:
        """Return the present as aware UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Return `seconds` later."""
        await asyncio.sleep(seconds)


class RandomPasswords:
    """Passwords from the machine's randomness: 192 bits, and a character of each kind that Entra asks for."""

    def new(self) -> str:
        """Return a new password."""
        return f"{secrets.token_urlsafe(PASSWORD_BYTES)}aA1!"


class RandomIds:
    """Ids from the machine's randomness."""

    def new(self) -> str:
        """Return a new random GUID."""
        return str(uuid.uuid4())
