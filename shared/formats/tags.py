"""Format tags: read before anything else of a document, so that a newer one is refused by its name."""

from __future__ import annotations

import msgspec

from shared.domain.errors import IntegrityError


class _Tagged(msgspec.Struct):
    format: str


def check_tag(content: bytes, tag: str, *, name: str) -> None:
    """Raise IntegrityError naming the document unless `content` is JSON whose format is `tag`."""
    try:
        found = msgspec.json.decode(content, type=_Tagged).format
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityError(name, f"not a document of {tag}: {error}") from error
    if found != tag:
        raise IntegrityError(name, f"format {found!r} is unknown; this version of Tidemark reads {tag!r}")
