"""Frames hold exactly what they say, and a hostile one is refused before it fills memory."""

from __future__ import annotations

import sys

import pytest

from shared.domain.errors import IntegrityError
from shared.formats.frames import compress, compress_pieces, compress_rows, decompress

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip"


def test_a_frame_gives_back_what_was_put_in() -> None:
    assert decompress(compress(b"body" * 1000), name="f") == b"body" * 1000


def test_an_empty_frame_holds_nothing() -> None:
    assert decompress(compress(b""), name="f") == b""


def test_a_frame_carries_a_checksum_of_its_content() -> None:
    frame = bytearray(compress(b"body" * 10))
    frame[-1] ^= 1
    with pytest.raises(IntegrityError, match="not a readable zstd frame"):
        decompress(bytes(frame), name="f")


def test_frames_one_after_another_are_one_stream_to_any_zstd_reader() -> None:
    stream = compress(b"one\n") + compress(b"two\n")
    assert zstd.decompress(stream) == b"one\ntwo\n"


def test_a_frame_does_not_depend_on_those_before_it_even_one_that_failed() -> None:
    alone = compress(b"body" * 1000)
    with pytest.raises(TypeError):
        compress("no bytes")  # type: ignore[arg-type]
    assert compress(b"other" * 500) != alone
    assert compress(b"body" * 1000) == alone


@pytest.mark.parametrize("sizes", [[], [0], [5], [5, 7], [300_000, 0, 1, 600_000]])
def test_pieces_are_one_frame_and_are_taken_out_of_their_list(sizes: list[int]) -> None:
    whole = bytes(range(256)) * 4_000
    pieces = [whole[:size] for size in sizes]
    content, frame = b"".join(pieces), compress_pieces(pieces)
    assert decompress(frame, name="f") == content
    assert pieces == []
    if len(sizes) < 2:
        assert frame == compress_rows(content)
    again = [whole[:size] for size in sizes]
    assert compress_pieces(again) == frame, "the same pieces make the same frame"


def test_a_decompression_bomb_is_refused_by_the_cap_and_named() -> None:
    bomb = compress(bytes(50_000_000))
    assert len(bomb) < 10_000
    with pytest.raises(IntegrityError, match=r"frame\.ndz: a frame grows beyond 1000000 bytes"):
        decompress(bomb, name="frame.ndz", bytes_max=1_000_000)


def test_a_bomb_that_hides_its_size_is_refused_all_the_same() -> None:
    writer = zstd.ZstdCompressor(level=3)
    bomb = b"".join(writer.compress(bytes(1_000_000)) for _piece in range(20)) + writer.flush()
    with pytest.raises(IntegrityError, match="grows beyond"):
        decompress(bomb, name="f", bytes_max=1_000_000)


def test_content_of_exactly_the_cap_is_read() -> None:
    assert len(decompress(compress(bytes(1000)), name="f", bytes_max=1000)) == 1000
    with pytest.raises(IntegrityError):
        decompress(compress(bytes(1001)), name="f", bytes_max=1000)


def test_a_frame_that_wants_more_memory_than_readers_keep_is_refused() -> None:
    parameters = zstd.CompressionParameter
    wide = zstd.ZstdCompressor(options={parameters.window_log: 27, parameters.compression_level: 3})
    frame = wide.compress(b"x" * 100) + wide.flush()
    with pytest.raises(IntegrityError, match="not a readable zstd frame"):
        decompress(frame, name="f")


@pytest.mark.parametrize("tail", [b"\0", compress(b"more"), SKIPPABLE])
def test_what_follows_a_frame_is_refused(tail: bytes) -> None:
    with pytest.raises(IntegrityError, match="follow a frame"):
        decompress(compress(b"body") + tail, name="f")


def test_every_shortening_of_a_frame_is_refused() -> None:
    frame = compress(b"body" * 100)
    for length in range(len(frame)):
        with pytest.raises(IntegrityError):
            decompress(frame[:length], name="f")


@pytest.mark.parametrize("content", [b"", b"plain text", b"{}", SKIPPABLE + b"x"])
def test_what_is_no_frame_is_refused(content: bytes) -> None:
    with pytest.raises(IntegrityError):
        decompress(content, name="f")
