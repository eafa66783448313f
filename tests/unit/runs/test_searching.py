"""Searching a snapshot: what is found is proven, and what is not found is not there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.domain.errors import InputError, IntegrityError, NotFoundError
from shared.domain.secrets import WITHHELD, without_secrets
from shared.runs import searching
from shared.runs.searching import START, Searching
from tests.support.builders import TENANT, a_user_body, an_id
from tests.support.states import States

NAMES = ["Åse Ødegård", "ase", "Anna", "anna maria", "O'Hara", 'He said "hi"', "Straße", "Жанна", "Zoë", "日本"]


async def found(states: States, text: str, top: int = 100, **named: Any) -> list[str]:
    """Return the names of what is found, page after page."""
    place, names = START, list[str]()
    while True:
        matches, after = await Searching(states.snapshots).search(
            TENANT, states.listed[-1].snapshot_id, text, start=place, top=top, **named
        )
        names += [str(match.body["displayName"]) for match in matches]
        if after is None:
            return sorted(names)
        place = after


async def a_vault(shards: int = 4) -> States:
    states = States()
    users = [a_user_body(f"user-{place}", displayName=name) for place, name in enumerate(NAMES)]
    await states.seal(users, {an_id("group-1"): [users[0]["id"], users[1]["id"]]}, shards=shards)
    return states


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("åse", ["Åse Ødegård"]),
        ("AN", ["Anna", "anna maria"]),
        ("o'h", ["O'Hara"]),
        ('he said "', ['He said "hi"']),
        ("stra", ["Straße"]),
        ("жа", ["Жанна"]),
        ("日", ["日本"]),
        ("nna", []),
        ("displayName", []),
    ],
)
def test_names_are_found_by_how_they_begin_in_any_script(text: str, names: list[str]) -> None:
    async def story() -> None:
        assert await found(await a_vault(), text) == sorted(names)

    asyncio.run(story())


@pytest.mark.parametrize("top", [1, 2, 100])
def test_pages_together_are_the_whole(top: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        assert await found(await a_vault(), "a", top=top) == ["Anna", "a group", "anna maria", "ase"]

    monkeypatch.setattr(searching, "OBJECTS_A_CALL", 1)
    asyncio.run(story())


def test_ids_are_looked_up_and_types_narrow_the_search() -> None:
    async def story() -> None:
        states = await a_vault()
        assert await found(states, an_id("user-2").upper()) == ["Anna"]
        assert await found(states, an_id("nobody")) == []
        assert await found(states, "a", type_name="group") == ["a group"]
        with pytest.raises(InputError):
            await found(states, "a", type_name="robot")

    asyncio.run(story())


def test_a_damaged_file_is_refused_and_never_taken_for_nothing_found() -> None:
    async def story() -> None:
        for part in (".objects.ndz", ".index.idx"):
            states = await a_vault()
            for name in states.files(part):
                states.damage(name)
            with pytest.raises(IntegrityError, match=part):
                await found(states, "nothing begins so")

    asyncio.run(story())


@pytest.mark.parametrize("shards", [1, 8])
def test_a_whole_object_has_the_links_of_both_directions(shards: int) -> None:
    async def story() -> None:
        states = await a_vault(shards)
        look, snapshot_id = Searching(states.snapshots), states.listed[-1].snapshot_id
        group = await look.whole(TENANT, snapshot_id, an_id("group-1"))
        assert sorted(link.other_id for link in group.outgoing) == sorted([an_id("user-0"), an_id("user-1")])
        assert group.incoming == []
        user = await look.whole(TENANT, snapshot_id, an_id("user-1"))
        assert [(link.type, link.reference, link.other_id) for link in user.incoming or []] == [
            ("group", "members", an_id("group-1"))
        ]
        assert (await look.whole(TENANT, snapshot_id, an_id("user-1"), with_incoming=False)).incoming is None
        with pytest.raises(NotFoundError, match="user-1"):
            await look.whole(TENANT, snapshot_id, "user-1")

    asyncio.run(story())


def test_secrets_are_withheld_wherever_they_stand_and_nothing_else_is() -> None:
    body = {
        "id": "x",
        "passwordCredentials": [{"keyId": "1", "hint": "abc", "secretText": "s3cret"}, {"secretText": None}],
        "keyCredentials": [{"keyId": "2", "key": "MIIE", "displayName": "cert"}],
        "passwordProfile": {"password": "pw", "forceChangePasswordNextSignIn": True},
        "key": "not a secret here",
    }
    shown = without_secrets(body)
    assert shown["passwordCredentials"] == [
        {"keyId": "1", "hint": "abc", "secretText": WITHHELD},
        {"secretText": None},
    ]
    assert shown["keyCredentials"] == [{"keyId": "2", "key": WITHHELD, "displayName": "cert"}]
    assert shown["passwordProfile"] == {"password": WITHHELD, "forceChangePasswordNextSignIn": True}
    assert (shown["id"], shown["key"]) == ("x", "not a secret here")
