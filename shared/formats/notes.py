"""Queue messages: pointers of under one kilobyte, checked before anything is done about them."""

from __future__ import annotations

import msgspec

from shared.domain.errors import InputError
from shared.domain.ids import guid
from shared.domain.jobs import Note

NOTE_BYTES_MAX = 1024


def encode_note(note: Note) -> bytes:
    """Return the message that carries `note`."""
    return msgspec.json.encode(note)


def decode_note(content: bytes) -> Note:
    """Return the note of a message; raise InputError when it is none."""
    if len(content) > NOTE_BYTES_MAX:
        raise InputError(f"a message of {len(content)} bytes is no note", member="message")
    try:
        note = msgspec.json.decode(content, type=Note)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a note: {error}", member="message") from error
    guid(note.tenant, member="tenant")
    guid(note.job_id, member="job_id")
    return note
