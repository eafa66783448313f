"""The pages about formats are enough: a reader written from them alone opens what the product seals."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from shared.domain.ids import object_key
from shared.formats.signatures import decode_signature
from tests.support import page_reader
from tests.support.builders import a_user_body, an_id
from tests.support.page_reader import PageReader
from tests.support.states import States

GROUP = an_id("group-1")
USERS = [a_user_body(f"user-{number}", city="Ålesund", jobTitle=None) for number in range(300)]
DELETED = [a_user_body(f"deleted-{number}") for number in range(7)]
MEMBERS = [user["id"] for user in USERS[:50]]


def sealed(shards: int) -> States:
    async def story() -> States:
        states = States()
        await states.seal(USERS[1:], {GROUP: MEMBERS[1:]}, shards=shards)
        await states.seal(USERS, {GROUP: MEMBERS}, deleted=DELETED, shards=shards)
        return states

    return asyncio.run(story())


def opened(states: States) -> PageReader:
    known = states.listed[-1]
    signature = states.vault.contents[known.manifest_name.replace(".json", ".sig")]
    trusted = decode_signature(signature, name="manifest.sig").public_key
    return PageReader(states.vault.contents.__getitem__, known.manifest_name, known.manifest_sha256, trusted)


@pytest.mark.parametrize("shards", [1, 4])
def test_it_lists_every_object_and_link_that_was_sealed(shards: int) -> None:
    states = sealed(shards)
    reader = opened(states)
    found = {one.body["id"]: one for one in reader.objects()}
    assert len(found) == len(USERS) + len(DELETED) + 1
    assert [found[user["id"]].body for user in USERS] == USERS
    assert {one for one, stored in found.items() if stored.is_soft_deleted} == {body["id"] for body in DELETED}
    assert {stored.type for stored in found.values()} == {"user", "group"}
    assert reader.links() == {(1, object_key(GROUP), object_key(member)) for member in MEMBERS}
    assert reader.deleted() == {(1, object_key(body["id"])) for body in DELETED}
    assert reader.manifest["previous_sha256"] == states.listed[0].manifest_sha256


def test_it_finds_what_changed_in_the_change_index() -> None:
    states = sealed(4)
    (index,) = states.files("history/index.json")
    read = states.vault.contents.__getitem__
    assert page_reader.changes(read, index, USERS[0]["id"]) == [(2, 0, 0), (2, 3, 0)]
    assert page_reader.changes(read, index, GROUP) == [(2, 1, 0)]
    assert page_reader.changes(read, index, DELETED[0]["id"]) == [(2, 0, 2)]
    assert page_reader.changes(read, index, USERS[1]["id"]) == []


def test_it_notices_damage_to_any_file() -> None:
    states = sealed(1)
    known = states.listed[-1]
    names = [name for name in states.files(f"/{known.snapshot_id}/") if "/history/" not in name]
    assert len(names) == 6
    for name in names:
        whole = states.vault.contents[name]
        states.damage(name)
        with pytest.raises((AssertionError, InvalidSignature, ValueError)):
            opened(states).objects()
        states.vault.contents[name] = whole
    assert opened(states).objects()


def test_it_shares_no_code_with_the_product() -> None:
    source = Path(page_reader.__file__).read_text()
    imported = {
        name
        for node in ast.walk(ast.parse(source))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    roots = {name.partition(".")[0] for name in imported}
    assert "struct" in roots
    assert not roots & {"shared", "functions", "bench", "cli", "tests", "msgspec"}
