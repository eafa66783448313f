"""The HTTP transport of the storage clients: the SDK's own, with large bodies sent piece by piece.

aiohttp writes a body given as bytes in one go, during which nothing else in the process runs, and warns of it above
1 MiB. A file of up to 64 MiB would hold up a lease renewal, so it goes out as a stream.
"""

from __future__ import annotations

import io
from typing import Any

from azure.core.pipeline.transport import AioHttpTransport

WHOLE_BYTES_MAX = 1024 * 1024


class StreamingTransport(AioHttpTransport):  # type: ignore[misc]  # the SDK imports it lazily, so it has no type
    """One connection pool; the client that uses it closes it."""

    async def send(self, request: Any, **config: Any) -> Any:
        """Send one request and return its response; the request keeps its bytes, so that it can be repeated."""
        body = request.data
        if not isinstance(body, bytes) or len(body) <= WHOLE_BYTES_MAX:
            return await super().send(request, **config)
        request.data = io.BytesIO(body)
        try:
            return await super().send(request, **config)
        finally:
            request.data = body
