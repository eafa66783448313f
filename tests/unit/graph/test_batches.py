"""A $batch is written as Graph wants it, and its answer is believed part by part only."""

from __future__ import annotations

import msgspec
import pytest

from shared.graph.answers.batches import batch_replies, batch_request
from shared.graph.exchange import Reply, Request

PATCH = Request(method="PATCH", tail="/users/a", body=b'{"jobTitle":"Chef"}')


def an_answer(rows: object, *, kind: str = "application/json") -> Reply:
    """Return the outer reply that carries `rows`."""
    headers = {"content-type": kind, "request-id": "outer"}
    return Reply(status=200, headers=headers, body=msgspec.json.encode({"responses": rows}))


def test_parts_carry_relative_urls_unique_ids_and_a_content_type_where_there_is_a_body() -> None:
    request = batch_request([PATCH, Request(tail="/users/b?$select=id")], "low")
    assert (request.method, request.tail, request.priority) == ("POST", "/$batch", "low")
    assert msgspec.json.decode(request.body) == {
        "requests": [
            {
                "id": "0",
                "method": "PATCH",
                "url": "/users/a",
                "headers": {"Content-Type": "application/json"},
                "body": {"jobTitle": "Chef"},
            },
            {"id": "1", "method": "GET", "url": "/users/b?$select=id"},
        ]
    }


def test_answers_are_put_back_into_the_order_of_the_parts() -> None:
    rows = [{"id": "1", "status": 404}, {"id": "0", "status": 429, "headers": {"Retry-After": "1.5"}}]
    replies = batch_replies(an_answer(rows), 2)
    assert replies is not None
    first, second = replies
    assert first is not None
    assert second is not None
    assert (first.status, first.headers["retry-after"], first.request_id) == (429, "1.5", "outer")
    assert second.status == 404


def test_a_part_left_out_or_answered_twice_is_not_answered() -> None:
    rows = [{"id": "0", "status": 200}, {"id": "0", "status": 404}, {"id": "7", "status": 200}]
    assert batch_replies(an_answer(rows), 2) == [None, None]


@pytest.mark.parametrize(
    "rows", [None, {}, "x", [{"id": "0"}], [{"id": 0, "status": 200}], [{"id": "0", "status": "x"}]]
)
def test_what_is_no_batch_answer_is_not_read_as_one(rows: object) -> None:
    assert batch_replies(an_answer(rows), 1) is None


def test_an_html_page_or_a_cut_body_is_no_batch_answer() -> None:
    assert batch_replies(an_answer([], kind="text/html"), 1) is None
    assert batch_replies(Reply(status=200, headers={"content-type": "application/json"}, cut="cut"), 1) is None
