"""Zstandard frames, read under a running cap so that a small hostile file cannot become a large one in memory.

Pure. Frames written here carry a checksum and concatenate: `zstd -dc` on a file of them prints what they hold.
"""

from __future__ import annotations

import sys

from shared.domain.errors import IntegrityError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 3  # "Snapshot format, difference, plan": capture stays at 9 microseconds an object with it
WINDOW_LOG_MAX = 23  # 8 MiB: what any reader must be ready to keep
FRAME_BYTES_MAX = 64 * 1024 * 1024  # 128 objects of Graph's largest size stay far below


def compress(content: bytes) -> bytes:
    """Return one frame that holds `content`."""
    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: LEVEL,
        zstd.CompressionParameter.checksum_flag: 1,
    }
    return zstd.compress(content, options=options)


def checked_rows(frame: bytes, width: int, *, name: str, bytes_max: int = FRAME_BYTES_MAX) -> bytes:
    """Return what a frame of fixed-width rows holds; raise IntegrityError when it is no whole number of them."""
    content = decompress(frame, name=name, bytes_max=bytes_max)
    if len(content) % width:
        raise IntegrityError(name, f"{len(content)} bytes are no whole number of {width}-byte rows")
    return content


def decompress(frame: bytes, *, name: str, bytes_max: int = FRAME_BYTES_MAX) -> bytes:
    """Return what the single frame holds; raise IntegrityError naming `name` when it is not one whole frame.

    The cap counts bytes as they come out and does not trust the size a frame claims.
    """
    reader = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: WINDOW_LOG_MAX})
    try:
        content = reader.decompress(frame, max_length=bytes_max + 1)
    except zstd.ZstdError as error:
        raise IntegrityError(name, f"not a readable zstd frame: {error}") from error
    if len(content) > bytes_max:
        raise IntegrityError(name, f"a frame grows beyond {bytes_max} bytes")
    if not reader.eof:
        raise IntegrityError(name, "a frame is cut short")
    if reader.unused_data:
        raise IntegrityError(name, f"{len(reader.unused_data)} bytes follow a frame")
    return content
