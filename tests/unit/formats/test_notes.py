"""A queue message is a small pointer; anything else is refused before anything is done about it."""

from __future__ import annotations

import pytest

from shared.domain.errors import InputError
from shared.formats.notes import NOTE_BYTES_MAX, decode_note, encode_note
from tests.support.builders import TENANT, a_note, an_id


def test_a_note_is_read_back_as_it_was() -> None:
    note = a_note(batch=20_017, fencing_token=3)
    assert decode_note(encode_note(note)) == note


def test_the_largest_note_stays_far_below_the_cap() -> None:
    assert len(encode_note(a_note(batch=99_999, fencing_token=2**53))) < NOTE_BYTES_MAX / 4


def test_a_message_larger_than_the_cap_is_not_even_parsed() -> None:
    with pytest.raises(InputError, match="1025 bytes"):
        decode_note(b" " * (NOTE_BYTES_MAX + 1))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"\xff\xfe",
        b'{"tenant":"\xff"}',
        b"[" * 1000,
        b'{"tenant":"t"}',
        encode_note(a_note()).replace(b'"batch":1', b'"batch":"1"'),
        encode_note(a_note()).replace(b"{", b'{"object":{},', 1),
        encode_note(a_note()).replace(TENANT.encode(), b"contoso"),
        encode_note(a_note()).replace(an_id("job-1").encode(), b"../../other"),
    ],
    ids=[
        "empty",
        "null",
        "no text",
        "no utf-8",
        "nested",
        "members missing",
        "wrong type",
        "extra member",
        "tenant is no guid",
        "job is no guid",
    ],
)
def test_what_is_no_note_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        decode_note(content)
