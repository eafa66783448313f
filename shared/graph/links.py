"""Check the links Graph gives us as raw text, and keep only what may be asked again: a tail below our own base.

Pure. A link is never followed as it came: its tail is appended to our own base, so a poisoned answer cannot send a
token to another host. What is odd in a way no link of Graph's is gets refused before a parser could misread it.

Promises (tests/unit/graph/test_links.py):
  L1  a tail that passes, appended to the base, names the base's scheme, host, port and version root
  L2  a listing whose links form a circle of any length is stopped, with a constant amount of memory
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote, urlsplit

import msgspec

from shared.domain.errors import InputError

LINK_CHARS_MAX = 16_384
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# RFC 3986 path and query characters without @ in the path; what Graph writes raw besides ($, ', parentheses) is in it.
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:%-]+)+\Z")
_QUERY = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?%\[\]|{}^-]*\Z")
_BASE = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?(/[A-Za-z0-9._-]+)+\Z")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HIDDEN = re.compile(r"[\x00-\x20\x7f\\/#?@]")


class Trail(msgspec.Struct, frozen=True, array_like=True):
    """How far a chain of pages has come: how many links were followed, and the digest of one of them.

    The remembered link is renewed at every power of two (Brent's cycle detection), so any circle closes on it.
    """

    pages: int = 0
    remembered: str = ""


def checked_base(base_url: str) -> str:
    """Return `base_url` when it is an https version root, or an http one on loopback; raise InputError otherwise."""
    base = base_url.rstrip("/")
    match = _BASE.match(base)
    if match is None:
        raise InputError(f"{base_url[:200]!r} is no version root such as https://HOST/v1.0", member="base_url")
    if match[1] == "http" and urlsplit(base).hostname not in LOOPBACK:
        raise InputError(f"{base_url[:200]!r}: plain http is for loopback only", member="base_url")
    return base


def tail_of(link: str, base: str) -> str | None:
    """Return the path and query of `link` below `base`, None when it leads, or could be read to lead, elsewhere."""
    if len(link) > LINK_CHARS_MAX or not link.startswith(f"{base}/"):
        return None
    tail = link[len(base) :]
    return tail if is_tail(tail) else None


def is_tail(tail: str) -> bool:
    """Tell whether `tail` may be appended to the base: plain path segments and a query, nothing that escapes them."""
    path, _, query = tail.partition("?")
    if len(tail) > LINK_CHARS_MAX or _BAD_ESCAPE.search(tail):
        return False
    if not _PATH.match(path) or not _QUERY.match(query):
        return False
    segments = [unquote(segment) for segment in path.split("/")[1:]]
    return not any(segment in (".", "..") or _HIDDEN.search(segment) or "%" in segment for segment in segments)


def followed(trail: Trail, tail: str) -> Trail | None:
    """Return the trail after the link with `tail`, None when the listing has been here before."""
    digest = hashlib.sha256(tail.encode()).hexdigest()[:16]
    if digest == trail.remembered:
        return None
    pages = trail.pages + 1
    is_power_of_two = pages & (pages - 1) == 0
    return Trail(pages, digest if is_power_of_two else trail.remembered)
