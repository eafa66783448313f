"""A Merkle root is moved by every change of what it is over, and by nothing else."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from shared.formats.merkle import leaf, leaf_prefix, root, shard_roots, type_root
from shared.formats.objects import SOFT_DELETED, IndexRow
from shared.formats.segments import shard_of

TENANT, SNAPSHOT_ID = "11111111-2222-4333-8444-555555555555", "20261120T220000Z-0a1b2c3d"
PREFIXES = {code: leaf_prefix(TENANT, SNAPSHOT_ID, name) for code, name in ((1, "user"), (2, "group"))}
NODES = st.lists(st.binary(min_size=32, max_size=32), max_size=40)
ROWS = st.dictionaries(
    st.tuples(st.binary(min_size=16, max_size=16), st.sampled_from([1, 2])),
    st.tuples(st.binary(min_size=16, max_size=16), st.sampled_from([0, SOFT_DELETED])),
    min_size=1,
    max_size=30,
).map(lambda found: [IndexRow(key, digest, 0, 9, 0, code, flags) for (key, code), (digest, flags) in found.items()])


def plainly(nodes: list[bytes]) -> bytes:
    """Return the root as the page of the format says it, one pair at a time."""
    if not nodes:
        return sha256(b"\x02").digest()
    while len(nodes) > 1:
        above = []
        for start in range(0, len(nodes), 2):
            pair = nodes[start : start + 2]
            above.append(sha256(b"\x01" + pair[0] + pair[1]).digest() if len(pair) == 2 else pair[0])
        nodes = above
    return nodes[0]


@given(NODES)
def test_the_root_is_that_of_the_page(nodes: list[bytes]) -> None:
    assert root(nodes) == plainly(list(nodes))


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_in_which_rows_come_does_not_matter(rows: list[IndexRow], chance: object) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert shard_roots(shuffled, PREFIXES) == shard_roots(rows, PREFIXES)


@given(ROWS)
def test_where_a_body_lies_does_not_matter(rows: list[IndexRow]) -> None:
    moved = [row._replace(offset=row.offset + 5, line=3, length=7) for row in rows]
    assert shard_roots(moved, PREFIXES) == shard_roots(rows, PREFIXES)


@given(ROWS, st.data())
def test_every_change_of_an_object_moves_the_root_of_its_type(rows: list[IndexRow], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    row = rows[at]
    other = bytes([row.digest[0] ^ 1]) + row.digest[1:]
    key = bytes([row.key[0] ^ 1]) + row.key[1:]
    before = shard_roots(rows, PREFIXES)[row.type_code]
    others = [one for one in rows if one is not row]
    for changed in ([row._replace(digest=other)], [row._replace(key=key)], [row._replace(flags=row.flags ^ 2)], []):
        if not any(one.key == key and one.type_code == row.type_code for one in others):
            assert shard_roots([*others, *changed], PREFIXES).get(row.type_code) != before


@given(ROWS)
def test_no_other_tenant_snapshot_or_type_has_the_same_leaf(rows: list[IndexRow]) -> None:
    strangers = [
        leaf_prefix(TENANT[::-1], SNAPSHOT_ID, "user"),
        leaf_prefix(TENANT, SNAPSHOT_ID[:-1] + "0", "user"),
        leaf_prefix(TENANT, SNAPSHOT_ID, "users"),
        leaf_prefix(TENANT + "2", SNAPSHOT_ID[1:], "user"),
        leaf_prefix(TENANT, SNAPSHOT_ID + "u", "ser"),
        PREFIXES[2],
    ]
    assert leaf(PREFIXES[1], rows[0]) not in {leaf(prefix, rows[0]) for prefix in strangers}


@given(NODES.filter(lambda nodes: len(nodes) > 1))
def test_a_node_cannot_pass_for_a_leaf(nodes: list[bytes]) -> None:
    above = sha256(b"\x01" + nodes[0] + nodes[1]).digest()
    assert above != sha256(b"\x00" + nodes[0] + nodes[1]).digest()
    assert root(nodes[:2]) == above


@given(ROWS, st.sampled_from([1, 2, 4]))
def test_the_root_of_a_type_is_over_the_shards_that_have_it(rows: list[IndexRow], shards: int) -> None:
    by_shard = [
        shard_roots([row for row in rows if shard_of(row.key, shards) == shard], PREFIXES) for shard in range(shards)
    ]
    for code in PREFIXES:
        roots = [found.get(code, "") for found in by_shard]
        assert type_root(roots) == root([bytes.fromhex(known) for known in roots if known]).hex()
        assert type_root([*roots, ""]) == type_root(roots)


def test_nothing_has_a_root_of_its_own() -> None:
    assert type_root(["", ""]) == root([]).hex() == sha256(b"\x02").hexdigest()
