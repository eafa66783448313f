"""A page that is not whole, or not a page, is refused by name; a whole one gives its objects unopened."""

from __future__ import annotations

import gzip

import msgspec
import pytest

from shared.domain.errors import DirectoryError, IncompleteListingError, TransientError
from shared.graph.answers import pages
from shared.graph.exchange import NO_ANSWER, Reply

JSON = "application/json;odata.metadata=minimal;charset=utf-8"


def a_reply(body: bytes, *, status: int = 200, kind: str = JSON, cut: str = "") -> Reply:
    """Return a reply with the request-id the tests look for."""
    return Reply(status=status, headers={"content-type": kind, "request-id": "r-1"}, body=body, cut=cut)


MALFORMED = {
    "cut in the middle of an object": b'{"value":[{"id":"a","displayName":"x',
    "cut between objects": b'{"value":[{"id":"a"},',
    "cut before the last brace": b'{"value":[{"id":"a"}]',
    "empty body": b"",
    "two documents": b'{"value":[]}{"value":[]}',
    "text after the page": b'{"value":[]} trailing',
    "a list": b'[{"id":"a"}]',
    "a string": b'"value"',
    "null": b"null",
    "no value": b'{"@odata.context":"x"}',
    "value is an object": b'{"value":{"id":"a"}}',
    "value is null": b'{"value":null}',
    "an object is a string": b'{"value":["a"]}',
    "an object is null": b'{"value":[null]}',
    "an object is a list": b'{"value":[["id","a"]]}',
    "no id": b'{"value":[{"displayName":"x"}]}',
    "id is a number": b'{"value":[{"id":7}]}',
    "id is null": b'{"value":[{"id":null}]}',
    "id is empty": b'{"value":[{"id":""}]}',
    "one id twice": b'{"value":[{"id":"a"},{"id":"b"},{"id":"a"}]}',
    "next link is a number": b'{"value":[],"@odata.nextLink":1}',
    "next link is null": b'{"value":[],"@odata.nextLink":null}',
    "next link is empty": b'{"value":[],"@odata.nextLink":""}',
    "delta link is empty": b'{"value":[],"@odata.deltaLink":""}',
    "type is a number": b'{"value":[{"id":"a","@odata.type":1}]}',
    "not utf-8": b'{"value":[{"id":"a","displayName":"\xff\xfe"}]}',
    "utf-16": '{"value":[]}'.encode("utf-16"),
    "still compressed": gzip.compress(b'{"value":[]}'),
    "a comment": b'{"value":[]/* */}',
    "NaN": b'{"value":[{"id":"a","age":NaN}]}',
    "10,000 deep": b'{"value":[{"id":"a","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}]}",
    "10,000 deep outside": b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b',"value":[]}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_page_is_refused_with_its_listing_and_request_id(body: bytes) -> None:
    with pytest.raises(IncompleteListingError, match=r"^user: .*request-id r-1") as refused:
        pages.object_page("user", a_reply(body))
    assert refused.value.request_id == "r-1"


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/xml", "", "application/json+evil"])
def test_a_page_of_another_content_type_is_refused(kind: str) -> None:
    with pytest.raises(IncompleteListingError, match="not application/json"):
        pages.object_page("user", a_reply(b'{"value":[]}', kind=kind))


def test_a_page_whose_transfer_was_cut_is_refused_though_its_json_is_whole() -> None:
    with pytest.raises(IncompleteListingError, match="gzip body ends too early"):
        pages.object_page("user", a_reply(b'{"value":[]}', cut="the gzip body ends too early"))


def test_bodies_are_the_bytes_graph_sent_unknown_properties_included() -> None:
    raw = b'{"id":"a","unheardOf":{"deep":[1.10,1e400,"\\u00e9"]},"big":123456789012345678901234567890}'
    page = pages.object_page("user", a_reply(b'{"value":[' + raw + b"]}"))
    assert page.ids == ["a"]
    assert page.bodies == [raw]
    assert page.next_link is None


def test_a_body_over_several_lines_is_put_on_one_line_with_its_numbers_untouched() -> None:
    raw = b'{\r\n  "id": "a",\n  "n": 1.10,\n  "text": "one\\ntwo"\n}'
    page = pages.object_page("user", a_reply(b'{"value": [' + raw + b"]}"))
    assert page.bodies == [b'{"id":"a","n":1.10,"text":"one\\ntwo"}']


def test_an_empty_page_with_a_next_link_is_a_page() -> None:
    page = pages.object_page("user", a_reply(b'{"value":[],"@odata.nextLink":"https://x/y"}'))
    assert (page.ids, page.next_link) == ([], "https://x/y")


def test_a_delta_page_may_name_an_object_twice() -> None:
    body = b'{"value":[{"id":"a"},{"id":"a","@removed":{"reason":"changed"}}],"@odata.deltaLink":"https://x/y"}'
    page = pages.object_page("user-delta", a_reply(body), repeats=True)
    assert (page.ids, page.delta_link) == (["a", "a"], "https://x/y")


def test_a_cast_listing_takes_kinds_of_its_type_and_nothing_else() -> None:
    user, agent, group = (f'{{"@odata.type":"#microsoft.graph.{kind}","id":"{kind}"}}' for kind in KINDS)
    only = ("#microsoft.graph.user", "#microsoft.graph.agentUser")
    page = pages.object_page("user-deleted", a_reply(f'{{"value":[{user},{agent}]}}'.encode()), only=only)
    assert page.ids == ["user", "agentUser"]
    with pytest.raises(IncompleteListingError, match=r"is a #microsoft\.graph\.group"):
        pages.object_page("user-deleted", a_reply(f'{{"value":[{user},{group}]}}'.encode()), only=only)


KINDS = ("user", "agentUser", "group")


def test_an_expanded_reference_of_20_may_be_cut_and_one_of_19_may_not() -> None:
    rows = [{"id": f"g{size}", "members": [{"id": f"u{n}"} for n in range(size)]} for size in (0, 19, 20)]
    found, _ = pages.expanded_page("group-members", a_reply(msgspec.json.encode({"value": rows})), "members")
    assert [(row.object_id, len(row.other_ids), row.is_cut) for row in found] == [
        ("g0", 0, False),
        ("g19", 19, False),
        ("g20", 20, True),
    ]


def test_an_expanded_reference_with_a_next_link_of_its_own_is_cut() -> None:
    body = b'{"value":[{"id":"g","members":[{"id":"u"}],"members@odata.nextLink":"https://x"}]}'
    found, _ = pages.expanded_page("group-members", a_reply(body), "members")
    assert found[0].is_cut


@pytest.mark.parametrize(
    "row", ['{"id":"g"}', '{"id":"g","members":null}', '{"id":"g","members":[{}]}', '{"id":"g","members":[{"id":""}]}']
)
def test_a_listing_that_leaves_the_reference_out_is_not_an_empty_reference(row: str) -> None:
    with pytest.raises(IncompleteListingError, match="group-members"):
        pages.expanded_page("group-members", a_reply(f'{{"value":[{row}]}}'.encode()), "members")


CHILD = '{"id":"c","resourceId":"p","principalId":"u"}'


def test_children_that_come_with_their_parents_stay_unopened_but_for_what_they_are_known_by() -> None:
    body = f'{{"value":[{{"id":"p","below":[{CHILD},{{"id":"d","resourceId":"p"}}]}},{{"id":"q","below":[]}}]}}'
    rows, _ = pages.parents_page("assignments", a_reply(body.encode()), "below", ("resourceId", "principalId"))
    assert [(row.object_id, row.is_cut) for row in rows] == [("p", False), ("q", False)]
    assert rows[0].bodies[0] == CHILD.encode()
    assert rows[0].said == [("p", "u"), ("p", None)]


@pytest.mark.parametrize(
    "below",
    [
        "null",
        '"text"',
        '["text"]',
        '[{"resourceId":"p"}]',
        '[{"id":"","resourceId":"p"}]',
        '[{"id":7,"resourceId":"p"}]',
        '[{"id":"c"}]',
        '[{"id":"c","resourceId":7}]',
        '[{"id":"c","resourceId":"p","principalId":[]}]',
        f"[{CHILD},{CHILD}]",
    ],
)
def test_children_that_do_not_say_who_they_are_fail_the_page_by_name_and_request_id(below: str) -> None:
    body = f'{{"value":[{{"id":"p","below":{below}}}]}}'.encode()
    with pytest.raises(IncompleteListingError, match=r"^assignments: .*request-id r-1"):
        pages.parents_page("assignments", a_reply(body), "below", ("resourceId", "principalId"))


def test_an_object_read_alone_loses_its_context_and_nothing_else() -> None:
    body = b'{"@odata.context":"c","@odata.type":"#microsoft.graph.ipNamedLocation","id":"a","n":1.10}'
    kind, kept = pages.one_object("namedLocation a", a_reply(body))
    assert kind == "#microsoft.graph.ipNamedLocation"
    assert kept == b'{"@odata.type":"#microsoft.graph.ipNamedLocation","id":"a","n":1.10}'


@pytest.mark.parametrize(
    "body", [b'{"id":""}', b"{}", b"[]", b'{"id":"a"', b'{"id":"a","x":"\xff"}', b'{"id":"a","x":' + b"[" * 10_000]
)
def test_an_object_read_alone_is_as_strictly_checked_as_a_page(body: bytes) -> None:
    with pytest.raises(IncompleteListingError, match=r"^user a: .*r-1"):
        pages.one_object("user a", a_reply(body))


def test_a_refusal_carries_graphs_code_status_and_request_id() -> None:
    body = b'{"error":{"code":"Authorization_RequestDenied","message":"no","innerError":{"request-id":"inner"}}}'
    with pytest.raises(DirectoryError, match="Authorization_RequestDenied") as refused:
        pages.object_page("user", a_reply(body, status=403))
    error = refused.value
    assert (error.status, error.graph_code, error.request_id) == (403, "Authorization_RequestDenied", "r-1")


@pytest.mark.parametrize("status", [NO_ANSWER, 429, 500, 503, 504])
def test_what_repeating_the_message_may_mend_is_transient(status: int) -> None:
    with pytest.raises(TransientError):
        pages.object_page("user", a_reply(b"", status=status))


@pytest.mark.parametrize("status", [204, 206, 301, 302, 304, 400, 401, 404, 410])
def test_no_other_status_is_ever_taken_for_a_page(status: int) -> None:
    with pytest.raises(DirectoryError):
        pages.object_page("user", a_reply(b"<html></html>", status=status, kind="text/html"))
