"""Links between directory objects (members, owners, manager, ...), kept from both ends.

A link survives the soft deletion of either end, hidden, and is gone only when one end is gone for good. That is how
memberships come back with a restored user (Microsoft Graph page "Restore deleted item").
"""

from collections.abc import Iterable, Iterator

from simulator.directory.ordered import StableOrder

_NOTHING = StableOrder()


class Links:
    """All links of the tenant, by relation name."""

    def __init__(self, relations: Iterable[str]) -> None:
        self._targets: dict[str, dict[str, StableOrder]] = {name: {} for name in sorted(relations)}
        self._sources: dict[str, dict[str, set[str]]] = {relation: {} for relation in self._targets}

    @property
    def relations(self) -> tuple[str, ...]:
        """Return the relation names."""
        return tuple(self._targets)

    def targets(self, source_id: str, relation: str) -> StableOrder:
        """Return where `source_id` points to, in the order of linking; not to be changed by the caller."""
        return self._targets[relation].get(source_id, _NOTHING)

    def sources(self, target_id: str, relation: str) -> list[str]:
        """Return who points to `target_id`, sorted."""
        return sorted(self._sources[relation].get(target_id, ()))

    def add(self, source_id: str, relation: str, target_id: str) -> bool:
        """Make one link; return False when it is there already."""
        order = self._targets[relation].get(source_id)
        if order is None:
            order = self._targets[relation][source_id] = StableOrder()
        if not order.add(target_id):
            return False
        sources = self._sources[relation].get(target_id)
        if sources is None:
            self._sources[relation][target_id] = {source_id}
        else:
            sources.add(source_id)
        return True

    def remove(self, source_id: str, relation: str, target_id: str) -> bool:
        """Take one link away; return False when it was not there."""
        order = self._targets[relation].get(source_id)
        if order is None or not order.remove(target_id):
            return False
        self._sources[relation][target_id].discard(source_id)
        return True

    def hide(self, source_id: str, relation: str, target_id: str) -> int:
        """Take one link out of sight for a while; return what `unhide` needs to bring it back."""
        self._sources[relation][target_id].discard(source_id)
        return self._targets[relation][source_id].hide(target_id)

    def unhide(self, source_id: str, relation: str, target_id: str, position: int) -> None:
        """Bring back a hidden link at its old position."""
        self._sources[relation][target_id].add(source_id)
        self._targets[relation][source_id].unhide(target_id, position)

    def lend(self, source_id: str, relation: str, target_id: str) -> None:
        """Show a link that is gone, until `take_back`; the last lent is taken back first."""
        self.add(source_id, relation, target_id)

    def take_back(self, source_id: str, relation: str, target_id: str) -> None:
        """End what `lend` began."""
        self._sources[relation][target_id].discard(source_id)
        self._targets[relation][source_id].take_back(target_id)

    def everything(self) -> Iterator[tuple[str, str, StableOrder]]:
        """Yield (relation, source id, targets) of every object that ever had a link."""
        for relation, by_source in self._targets.items():
            for source_id, order in by_source.items():
                yield relation, source_id, order
