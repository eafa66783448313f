"""How the objects of a type are read: as which collections, and with what in the request.

Pure values.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

PAGE_MAX = 999  # Graph: largest $top on directory collections


class Shape(StrEnum):
    """How the objects of a type are read: as a collection, alone at a path, or as a collection below each parent."""

    LIST = "list"
    SINGLE = "single"
    CHILDREN = "children"


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One collection that capture reads to its end, or one object that stands alone at its path.

    `query` is what else is asked, encoded. `parents` is the collection whose objects each have the collection at
    `path`, in which `{parent}` stands for their id. `expand` names the reference that is read through the listing; a
    links listing pages a member collection by itself when the expanded one may have been cut (Graph: at most 20 items).
    `within` is the $filter of one range of it.
    """

    name: str
    type: str
    kind: Literal["objects", "deleted", "links"]
    path: str
    select: tuple[str, ...]
    top: int | None = PAGE_MAX
    expand: str = ""
    is_single: bool = False
    query: str = ""
    within: str = ""
    parents: str = ""
    shape: Shape = Shape.LIST

    @property
    def is_of_kind(self) -> bool:
        """Whether it is a collection of one derived type."""
        return self.kind != "deleted" and "/microsoft.graph." in self.path
