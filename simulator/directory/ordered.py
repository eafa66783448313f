"""An order in which every id keeps its place, so that pages stay right while others write.

A reader holds a position, never an offset among the living: what is removed leaves a hole, what is added goes to the
end. So whoever stays from the first page to the last is seen exactly once.
"""

from collections.abc import Iterable, Iterator
from random import Random


class StableOrder:
    """Ids in the order they were added; positions never move."""

    __slots__ = ("_ids", "_positions")

    def __init__(self) -> None:
        self._ids: list[str | None] = []
        self._positions: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._positions)

    def __contains__(self, object_id: object) -> bool:
        return object_id in self._positions

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def add(self, object_id: str) -> bool:
        """Append `object_id`; return False when it is there already."""
        if object_id in self._positions:
            return False
        self._positions[object_id] = len(self._ids)
        self._ids.append(object_id)
        return True

    def remove(self, object_id: str) -> bool:
        """Take `object_id` out, leaving a hole; return False when it was not there."""
        position = self._positions.pop(object_id, None)
        if position is None:
            return False
        self._ids[position] = None
        return True

    def since(self, position: int) -> Iterator[tuple[int, str]]:
        """Yield (position, id) from `position` on."""
        ids = self._ids
        for at in range(position, len(ids)):
            object_id = ids[at]
            if object_id is not None:
                yield at, object_id

    def at(self, positions: Iterable[int]) -> Iterator[tuple[int, str]]:
        """Yield (position, id) of those of the positions that are not holes."""
        for position in positions:
            object_id = self._ids[position]
            if object_id is not None:
                yield position, object_id

    def hide(self, object_id: str) -> int:
        """Take `object_id` out for a while; return the position it comes back to."""
        position = self._positions.pop(object_id)
        self._ids[position] = None
        return position

    def unhide(self, object_id: str, position: int) -> None:
        """Bring back what `hide` took out."""
        self._positions[object_id] = position
        self._ids[position] = object_id

    def take_back(self, object_id: str) -> None:
        """Undo the `add` of `object_id` just done, leaving no hole."""
        if self._positions.pop(object_id) != len(self._ids) - 1:
            raise ValueError(f"{object_id} was not added last")
        self._ids.pop()

    def any(self, chance: Random) -> str | None:
        """Return one of the ids, None when there is none; looks at a hole as at nothing and tries again."""
        while self._positions:
            object_id = self._ids[chance.randrange(len(self._ids))]
            if object_id is not None:
                return object_id
        return None
