"""What Tidemark knows about one type of directory object, as one declarative entry (decision D3).

Pure values: capture, compare, recovery, the permissions list and the docs all read the same entry, so they cannot
disagree. A new type is one module beside this one, its golden file and its row in docs/object-types.md.
"""

from __future__ import annotations

from collections.abc import Container, Set
from functools import cached_property
from typing import Any, Literal, TypeVar

import msgspec

from shared.catalogue.creation import Creation
from shared.catalogue.listing import PAGE_MAX, Listing, Shape
from shared.catalogue.members import Property, Reference, Secret
from shared.catalogue.waves import Wave

Part = TypeVar("Part", Property, Reference)


class ObjectType(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """One type of object.

    `code` is its number in index rows and never changes. `path` and `deleted_path` are collections below the version
    root; a type without a recycle bin has no `deleted_path`. `wire_name` is the member of Graph's resourceTypeName.
    `split_by` is the property by whose ranges a large collection is read; `split_by_null` is false where no object is
    without it and Graph need not be asked for those.
    `is_listed` types are read back by listing the whole collection, because a request per object would cost more
    (Conditional Access: one request a second). `waves` says when each action runs; a type with a wave for "enable" is
    switched on in that wave only, by itself.

    `key` is the property by which Graph addresses an object. `identity` are the properties that make Tidemark's id of
    it, where that is another: what a grant says is what it is, whatever id Graph gave it. `is_remade` types have no
    recycle bin, and one that is made again does all that the old one did: only they are created. `ends` are the
    properties that name directory objects it hangs on: it hides with them. `native` are the properties that Microsoft's
    own feature recovers ("*": all of them). `built_in` is the property and value that mark what Graph lets nobody
    write. `replaces` when an update is a PUT of the whole object. `kinds` are derived types in its collections.
    `is_synced` types may be mastered on premises. `names` says which properties hold ids of other objects and of which
    types those are; `creation` how one that is gone for good is created anew (`creations`: by derived type). `make` is
    the collection that takes the POST when it is not `path`; `make_with` are members that it needs besides.
    `is_removable` types say who may do what and nothing else, so that one that is newer may be removed when asked: its
    body, made again, does all that it did. It goes by a DELETE, or by a POST to `make` with `remove_with`.
    """

    name: str
    code: int
    wire_name: str
    odata_type: str
    path: str
    deleted_path: str = ""
    deleted_list_path: str = ""
    properties: tuple[Property, ...]
    references: tuple[Reference, ...] = ()
    has_delta: bool = False
    has_count: bool = False
    split_by: str = ""
    split_by_null: bool = True
    is_paged: bool = True
    is_listed: bool = False
    sends_select: bool = True
    shape: Shape = Shape.LIST
    parents: str = ""
    query: str = ""
    key: str = "id"
    identity: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = ()
    built_in: tuple[str, bool | str] | None = None
    is_synced: bool = False
    is_remade: bool = False
    names: dict[str, tuple[str, ...]] = {}
    creation: Creation | None = None
    creations: dict[str, Creation] = {}
    native: tuple[str, ...] = ()
    replaces: bool = False
    make: str = ""
    make_with: dict[str, str] = {}
    is_removable: bool = False
    remove_with: dict[str, str] = {}
    waves: dict[str, Wave]
    read_permissions: tuple[str, ...]
    write_permissions: tuple[str, ...]

    @property
    def select(self) -> tuple[str, ...]:
        """The names for $select: every property that all objects of the entry have, never `*`."""
        return tuple(known.name for known in self.properties if not known.of_kinds)

    def select_of(self, kind: str) -> tuple[str, ...]:
        """The names for $select of the objects of a derived type; without any of its own, it needs no such request."""
        own = tuple(known.name for known in self.properties if kind in known.of_kinds)
        return (*self.select, *own) if own else ()

    @property
    def own_kinds(self) -> tuple[str, ...]:
        """The plain names of derived types that have something of their own, in collections that may be refused."""
        return tuple(plain(kind) for kind in self.kinds if any(kind in known.of_kinds for known in self._known))

    def without(self, kinds: Container[str]) -> ObjectType:
        """Return the entry without what only those derived types have; `kinds` are plain names."""
        gone = {kind for kind in self.kinds if plain(kind) in kinds}
        if not gone:
            return self
        properties = tuple(_left(known, gone) for known in self.properties if not _is_gone(known, gone))
        references = tuple(_left(known, gone) for known in self.references if not _is_gone(known, gone))
        return msgspec.structs.replace(self, properties=properties, references=references)

    @property
    def _known(self) -> tuple[Property | Reference, ...]:
        return (*self.properties, *self.references)

    @property
    def has_bin(self) -> bool:
        """Whether Graph keeps deleted objects of the type for a while."""
        return bool(self.deleted_path)

    @property
    def is_plain(self) -> bool:
        """Whether every object is a member of a collection, known by Graph's id, with nothing to be left out of it.

        What Graph sends unasked is looked through for secrets, so only what is selected by name is plain.
        """
        is_known_by_id = self.shape is Shape.LIST and self.key == "id" and not self.identity
        return is_known_by_id and self.sends_select and not self.secrets

    @property
    def is_small(self) -> bool:
        """Whether all of the type is read in one go, together with other small types: it is one object or a few."""
        return not self.has_bin and (self.is_listed or self.shape is Shape.SINGLE)

    @property
    def is_late(self) -> bool:
        """Whether it is read when directory objects are rolled forward: it has no delta and hides with its ends."""
        return not self.has_delta and not self.has_bin

    @cached_property
    def properties_by_name(self) -> dict[str, Property]:
        """The properties by name: comparing asks for one per property that differs."""
        return {known.name: known for known in self.properties}

    def property(self, name: str) -> Property | None:
        """Return the entry's property of that name, None for one it does not know."""
        return self.properties_by_name.get(name)

    def reference(self, name: str) -> Reference:
        """Return the entry's reference of that name; KeyError is our own mistake."""
        return {known.name: known for known in self.references}[name]

    def creation_of(self, body: dict[str, Any]) -> Creation:
        """Return how an object with this body is created anew; only of types that can be."""
        assert self.creation is not None, self.name
        return self.creations.get(str(body.get("@odata.type") or ""), self.creation)

    def listings(self) -> tuple[Listing, ...]:
        """Return every collection that a full capture of this type reads, the live objects first."""
        select = self.select if self.sends_select else ()
        live = self._listing(self.name, "objects", self.path, select)
        deleted = (self._listing(f"{self.name}-deleted", "deleted", self.deleted_list_path, select),)
        derived = (
            self._listing(f"{self.name}-{plain(kind)}", "objects", self.cast_path(kind), self.select_of(kind))
            for kind in self.kinds
            if self.select_of(kind)
        )
        links = (
            msgspec.structs.replace(
                self._listing(f"{self.name}-{reference.name}{end}", "links", path, ("id",)),
                expand=reference.name,
                is_single=reference.is_single,
            )
            for reference in self.references
            for path, end in self._places(reference)
        )
        return (live, *(deleted if self.has_bin else ()), *derived, *links)

    def cast_path(self, kind: str) -> str:
        """Return the collection of the objects of one derived type."""
        return f"{self.path}/{kind.removeprefix('#')}"

    def _places(self, reference: Reference) -> list[tuple[str, str]]:
        """Return the collections through which a reference is read, with what tells their listings apart."""
        return [(self.cast_path(kind), f"-{plain(kind)}") for kind in reference.of_kinds] or [(self.path, "")]

    def _listing(
        self, name: str, kind: Literal["objects", "deleted", "links"], path: str, select: tuple[str, ...]
    ) -> Listing:
        return Listing(
            name=name,
            type=self.name,
            kind=kind,
            path=path,
            select=select,
            top=PAGE_MAX if self.is_paged else None,
            query=self.query,
            parents=self.parents,
            shape=self.shape,
        )


def _is_gone(known: Property | Reference, gone: Set[str]) -> bool:
    return bool(known.of_kinds) and gone >= set(known.of_kinds)


def _left(known: Part, gone: Set[str]) -> Part:
    kinds = tuple(kind for kind in known.of_kinds if kind not in gone)
    return known if kinds == known.of_kinds else msgspec.structs.replace(known, of_kinds=kinds)


def plain(kind: str) -> str:
    """Return the name of a derived type without its namespace."""
    return kind.rpartition(".")[2]
