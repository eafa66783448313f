"""What delta tells of one object's links: ids that were added, ids that were removed.

Pure. Promises (tests/properties/test_told_links.py checks each by name):
  T1  whatever the order, the pages and the repetitions of what is told, the links come out the same
  T2  told once more, it changes nothing
  T3  an id told both as added and as removed settles nothing: what came last cannot be known
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Told(msgspec.Struct, frozen=True):
    """The other ends that were told as added and as removed."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    @property
    def is_settled(self) -> bool:
        """Whether the links of now follow from those of before and this."""
        return not self.added & self.removed


def joined(parts: Iterable[Told]) -> Told:
    """Return what all `parts` tell of the same links."""
    known = tuple(parts)
    return Told(
        frozenset().union(*(part.added for part in known)), frozenset().union(*(part.removed for part in known))
    )
