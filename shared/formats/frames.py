"""Zstandard frames, read under a running cap so that a small hostile file cannot become a large one in memory.

Pure. Frames written here carry a checksum and concatenate: `zstd -dc` on a file of them prints what they hold.
"""

from __future__ import annotations

import sys
import threading

from shared.domain.errors import IntegrityError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 3  # "Snapshot format, difference, plan": capture stays at 9 microseconds an object with it
# Keys and digests are random, so a higher level finds nothing in index rows. In links it finds the other ends that come
# again, a tenth to a quarter of the bytes, for up to twice the time; a link stays below the 25 B of the format study.
ROWS_LEVEL = 1
WINDOW_LOG_MAX = 23  # 8 MiB: what any reader must be ready to keep
FRAME_BYTES_MAX = 64 * 1024 * 1024  # 128 objects of Graph's largest size stay far below


class _Kept(threading.local):
    """One compressor a thread and level, kept for the next frame: a new one's tables cost as much as a small frame."""

    def __init__(self) -> None:
        self.by_level: dict[int, zstd.ZstdCompressor] = {}


_KEPT = _Kept()


def _options(level: int) -> dict[int, int]:
    return {zstd.CompressionParameter.compression_level: level, zstd.CompressionParameter.checksum_flag: 1}


def compress(content: bytes | bytearray, *, level: int = LEVEL) -> bytes:
    """Return one frame that holds `content`; the same content at the same level always gives the same frame."""
    # Out of the way until the frame is whole: whatever stops it, none goes on from the middle of another.
    compressor = _KEPT.by_level.pop(level, None) or zstd.ZstdCompressor(options=_options(level))
    frame = compressor.compress(content, mode=zstd.ZstdCompressor.FLUSH_FRAME)
    _KEPT.by_level[level] = compressor
    return frame


def compress_rows(content: bytes | bytearray) -> bytes:
    """Return one frame that holds index rows or link rows."""
    return compress(content, level=ROWS_LEVEL)


def compress_pieces(pieces: list[bytes]) -> bytes:
    """Return one frame that holds the rows of all pieces, which are taken out of the list, each as soon as it is in.

    One piece gives the frame of `compress_rows`; of several, the frame may have other bytes than their whole would.
    """
    if len(pieces) <= 1:
        return compress_rows(pieces.pop() if pieces else b"")
    compressor = zstd.ZstdCompressor(options=_options(ROWS_LEVEL))
    compressor.set_pledged_input_size(sum(map(len, pieces)))
    pieces.reverse()
    frame = [compressor.compress(pieces.pop()) for _piece in range(len(pieces))]
    return b"".join([*frame, compressor.flush(zstd.ZstdCompressor.FLUSH_FRAME)])


def decompress(frame: bytes | memoryview, *, name: str, bytes_max: int = FRAME_BYTES_MAX) -> bytes:
    """Return what the single frame holds; raise IntegrityError naming `name` when it is not one whole frame.

    The cap counts bytes as they come out and does not trust the size a frame claims.
    """
    content, end = first_frame(frame, name=name, bytes_max=bytes_max)
    if end != len(frame):
        raise IntegrityError(name, f"{len(frame) - end} bytes follow a frame")
    return content


def first_frame(content: bytes | memoryview, *, name: str, bytes_max: int = FRAME_BYTES_MAX) -> tuple[bytes, int]:
    """Return what the first of several frames holds, and where the next one begins; raise IntegrityError likewise."""
    reader = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: WINDOW_LOG_MAX})
    try:
        held = reader.decompress(content, max_length=bytes_max + 1)
    except zstd.ZstdError as error:
        raise IntegrityError(name, f"not a readable zstd frame: {error}") from error
    if len(held) > bytes_max:
        raise IntegrityError(name, f"a frame grows beyond {bytes_max} bytes")
    if not reader.eof:
        raise IntegrityError(name, "a frame is cut short")
    return held, len(content) - len(reader.unused_data)
