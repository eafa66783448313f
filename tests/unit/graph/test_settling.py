"""What became of a restore that had no clear answer is looked up, not guessed."""

from __future__ import annotations

import msgspec
import pytest

from shared.domain.errors import DirectoryError
from shared.graph import settling
from shared.graph.exchange import Reply

JSON = {"content-type": "application/json"}
GONE = b'{"error":{"code":"Request_ResourceNotFound","message":"gone"}}'


@pytest.mark.parametrize(
    ("tail", "answer"),
    [
        ("/directory/deletedItems/a/restore", True),
        ("/identity/conditionalAccess/deletedItems/policies/a/restore", True),
        ("/directory/deletedItems/a", False),
        ("/users/restore", False),
    ],
)
def test_only_a_restore_is_one(tail: str, answer: bool) -> None:
    assert settling.is_restore(tail) is answer


def test_a_directory_object_is_looked_for_among_all_live_ones() -> None:
    request = settling.question("/directory/deletedItems/a/restore")
    assert (request.method, request.tail) == ("POST", "/directoryObjects/getByIds?$select=id")
    assert msgspec.json.decode(request.body)["ids"] == ["a"]
    there = Reply(status=200, headers=JSON, body=b'{"value":[{"id":"a"}]}')
    absent = Reply(status=200, headers=JSON, body=b'{"value":[]}')
    assert settling.is_yes(request, there)
    assert not settling.is_yes(request, absent)


def test_a_policy_is_looked_for_where_policies_live() -> None:
    request = settling.question("/identity/conditionalAccess/deletedItems/policies/a/restore")
    assert (request.method, request.tail) == ("GET", "/identity/conditionalAccess/policies/a")
    assert settling.is_yes(request, Reply(status=200, headers=JSON, body=b'{"id":"a"}'))
    assert not settling.is_yes(request, Reply(status=404, headers=JSON, body=GONE))


def test_a_refused_question_is_no_answer() -> None:
    request = settling.question("/identity/conditionalAccess/deletedItems/policies/a/restore")
    with pytest.raises(DirectoryError):
        settling.is_yes(request, Reply(status=404, body=b"<html>not graph</html>"))
