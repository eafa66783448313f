"""A proxy that leads clients here which know only Microsoft's own addresses, and nobody anywhere else.

Many clients have `https://graph.microsoft.com` built in, but all of them take a proxy. This one answers CONNECT for
the addresses of Graph, sign-in and Azure with a way to the simulated tenant's own HTTPS endpoint, whose certificate
then names them; every other address is refused, so nothing a client sends by mistake leaves this machine.
"""

import asyncio
import contextlib

HOSTS = ("graph.microsoft.com", "login.microsoftonline.com", "login.windows.net", "management.azure.com")
HEAD_BYTES_MAX = 8_192
HEAD_SECONDS_MAX = 10.0
_CHUNK_BYTES = 65_536
_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Tunnel:
    """Serves CONNECT by leading to a port of this machine."""

    def __init__(self, host: str, https_port: int) -> None:
        self._host, self._https_port = host, https_port
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> int:
        """Listen on `port`, 0 for a free one; return which it is. OSError when it is taken."""
        self._server = await asyncio.start_server(self._serve, self._host, port, limit=HEAD_BYTES_MAX)
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def stop(self) -> None:
        """Stop listening and cut what is open."""
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._lead(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass  # the client broke off, sent no head, or one too long: there is nobody to tell
        finally:
            self._open.discard(task)
            writer.close()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_SECONDS_MAX):
            head = await reader.readuntil(b"\r\n\r\n")
        refusal = refused(head)
        if refusal:
            writer.write(refusal)
            await writer.drain()
            return
        there_reader, there_writer = await asyncio.open_connection(self._host, self._https_port)
        try:
            writer.write(_OPEN)
            await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))
        finally:
            there_writer.close()


def refused(head: bytes) -> bytes:
    """Return the answer that refuses a request, or nothing when it asks for a way to an address of `HOSTS`."""
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    if len(words) != 3 or words[0] != "CONNECT":
        return _refusal("405 Method Not Allowed", "this proxy answers CONNECT only")
    host, _, port = words[1].lower().rpartition(":")
    if host not in HOSTS or port != "443":
        return _refusal("403 Forbidden", f"the simulated tenant stands for {', '.join(HOSTS)} and nothing else")
    return b""


def _refusal(status: str, why: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(why)}\r\nConnection: close\r\n\r\n{why}".encode()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes, then the end of it."""
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()
