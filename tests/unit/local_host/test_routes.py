"""Which function a path and method reach, and with which values."""

import re

import pytest

from local.host.routes import Entry, choose, parse_route

GUID = "8f14e45f-ceea-467f-a9b4-1c2d3e4f5a6b"


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("", "/", {}),
        ("jobs", "/jobs", {}),
        ("jobs", "/JOBS/", {}),
        ("jobs", "/jobs/1", None),
        ("jobs/{id}", "/jobs", None),
        ("jobs/{id}", "/jobs/a%20b", {"id": "a b"}),
        ("jobs/{id}", "/jobs/a%2520b", {"id": "a%20b"}),
        ("jobs/{id}", "/jobs/YWJj==", {"id": "YWJj=="}),
        ("jobs/{id}", "/jobs/YWJj%3D%3D", {"id": "YWJj=="}),
        ("jobs/{id}", "/jobs/a+b", {"id": "a+b"}),
        ("jobs/{id}", "/jobs/a%2fb", {"id": "a%2Fb"}),
        ("jobs/{id}/changes", "/jobs/7/Changes", {"id": "7"}),
        ("jobs/{id?}", "/jobs", {}),
        ("jobs/{id?}", "/jobs/7", {"id": "7"}),
        ("files/{*rest}", "/files", {"rest": ""}),
        ("files/{*rest}", "/files/a/b%3D/c", {"rest": "a/b=/c"}),
        ("{a}/{b}", "/x/y", {"a": "x", "b": "y"}),
        ("snapshots('{id}')", "/snapshots('s-1')", {"id": "s-1"}),
        ("{name}.{kind}", "/report.json", {"name": "report", "kind": "json"}),
        ("{id:guid}", f"/{GUID.upper()}", {"id": GUID.upper()}),
        ("{id:guid}", "/8f14e45f", None),
        ("{id:int}", "/-12", {"id": "-12"}),
        ("{id:int}", "/2147483648", None),
        ("{id:long}", "/2147483648", {"id": "2147483648"}),
        ("{id:alpha}", "/abc", {"id": "abc"}),
        ("{id:alpha}", "/abc1", None),
        ("{flag:bool}", "/TRUE", {"flag": "TRUE"}),
    ],
)
def test_a_template_matches_a_path(template: str, path: str, values: dict[str, str] | None) -> None:
    assert parse_route(template).match(path) == values


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{id:regex(^a$)}", "constraint 'regex(^a$)'"),
        ("{*rest}/tail", "'{*rest}' must be the whole last segment"),
        ("{id?}/tail", "'{id?}' must be the whole last segment"),
        ("{id=5}", "'{id=5}' is not a route segment"),
        ("{open", "'{open' is not a route segment"),
    ],
)
def test_a_template_this_host_cannot_match_is_refused_by_name(template: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_route(template)


def entry(name: str, template: str, *methods: str) -> Entry:
    return Entry(name, parse_route(template), frozenset(methods))


@pytest.mark.parametrize("order", [1, -1])
def test_the_most_exact_route_wins_whatever_the_order(order: int) -> None:
    entries = [
        entry("all", "jobs/{*rest}"),
        entry("any", "jobs/{id}"),
        entry("guid", "jobs/{id:guid}"),
        entry("latest", "jobs/latest"),
    ][::order]
    reached = {path: choose(entries, "GET", path).name for path in ("/jobs/latest", f"/jobs/{GUID}", "/jobs/x")}
    assert reached == {"/jobs/latest": "latest", f"/jobs/{GUID}": "guid", "/jobs/x": "any"}
    assert choose(entries, "GET", "/jobs/x/y").name == "all"


def test_one_path_may_lead_to_two_functions_by_method() -> None:
    entries = [entry("read", "jobs/{id}", "GET"), entry("cancel", "jobs/{id}", "DELETE")]
    assert choose(entries, "GET", "/jobs/1").name == "read"
    assert choose(entries, "DELETE", "/jobs/1").name == "cancel"


def test_a_known_path_with_another_method_tells_what_is_allowed() -> None:
    entries = [entry("read", "jobs/{id}", "GET"), entry("cancel", "jobs/{id}", "DELETE")]
    choice = choose(entries, "POST", "/jobs/1")
    assert choice.name is None
    assert choice.allowed == {"GET", "DELETE"}


def test_an_unknown_path_allows_nothing() -> None:
    choice = choose([entry("read", "jobs/{id}", "GET")], "GET", "/nowhere")
    assert choice.name is None
    assert not choice.allowed


def test_a_function_without_methods_takes_every_method() -> None:
    assert choose([entry("any", "jobs")], "PROPFIND", "/jobs").name == "any"
