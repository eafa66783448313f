"""A filter by bounds finds the objects that its own test fits, in the order of the listing, whatever was written."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.directory.state import Directory
from simulator.directory.store import Store
from simulator.filters import read
from simulator.operations.bounded import places_within

WORDS = st.text(alphabet="aAbBÄß é'1", max_size=3)
OPERATORS = st.sampled_from(("ge", "gt", "le", "lt"))


def _fitting(store: Store, option: str) -> list[int]:
    condition = read(option)
    return [place for place, each in store.order.since(0) if each in store.live and condition.fits(store.live[each])]


def _directory(names: list[str | None]) -> Directory:
    directory = Directory()
    directory.record()
    for number, name in enumerate(names):
        directory.add("group", {"id": f"g{number}", "displayName": name, "mailNickname": f"n{number}"}, 1.0)
    return directory


@given(names=st.lists(st.none() | WORDS, max_size=12), operator=OPERATORS, low=WORDS, high=WORDS)
def test_bounds_find_what_the_test_of_the_filter_fits(
    names: list[str | None], operator: str, low: str, high: str
) -> None:
    store = _directory(names).stores["group"]
    low, high = low.replace("'", "''"), high.replace("'", "''")
    for option in (f"displayName {operator} '{low}'", f"displayName {operator} '{low}' and displayName le '{high}'"):
        assert places_within(store, store.live, read(option)) == _fitting(store, option)


def test_bounds_follow_every_write() -> None:
    directory = _directory(["adam", "berta", "cecil"])
    store = directory.stores["group"]
    option = "displayName ge 'b'"
    assert places_within(store, store.live, read(option)) == [1, 2]
    directory.update("group", "g0", {"displayName": "zoe"}, 2.0)
    assert places_within(store, store.live, read(option)) == [0, 1, 2]
    directory.soft_delete("group", "g1", 3.0)
    assert places_within(store, store.live, read(option)) == [0, 2] == _fitting(store, option)


def test_anything_but_bounds_of_one_text_is_left_to_its_test() -> None:
    store = _directory(["adam", "berta"]).stores["group"]
    for option in (
        "displayName ge 'a' or mailNickname ge 'n'",
        "displayName ge 'a' and mailNickname ge 'n'",
        "not displayName ge 'a'",
        "displayName eq 'adam'",
        "createdDateTime ge 2026-01-01T00:00:00Z",
    ):
        assert places_within(store, store.live, read(option)) is None, option
    assert places_within(store, store.deleted, read("displayName ge 'a'")) is None
