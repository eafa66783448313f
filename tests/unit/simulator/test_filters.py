"""`$filter`, `$orderby`, `$count` and `$search`: what is understood, what needs the index, what is refused."""

from typing import Any

import pytest

from simulator import filters
from simulator.errors import GraphError
from tests.unit.simulator.client import a_client

THING: dict[str, Any] = {
    "id": "A-1",
    "displayName": "Ana O'Brien",
    "accountEnabled": True,
    "createdDateTime": "2026-03-01T10:00:00Z",
    "otherMails": ["ana@a.example", "ana@b.example"],
    "assignedLicenses": [{"skuId": "s1"}, {"skuId": "s2"}],
    "orgData": {"division": "North"},
    "size": 7,
}


@pytest.mark.parametrize(
    ("option", "fits"),
    [
        ("displayName eq 'ana o''brien'", True),
        ("displayName ne 'ana o''brien'", False),
        ("accountEnabled eq true", True),
        ("accountEnabled eq false or displayName eq 'Bo'", False),
        ("not (accountEnabled eq true)", False),
        ("startsWith(displayName,'an') and accountEnabled eq true", True),
        ("endsWith(displayName,'brien')", True),
        ("createdDateTime ge 2026-03-01T10:00:00Z and createdDateTime lt 2026-03-01T10:00:01Z", True),
        ("createdDateTime ge 2026-03-01T11:00:00+00:00", False),
        ("createdDateTime le 2026-03-01", False),
        ("size gt 6 and size le 7", True),
        ("id in ('b-2', 'a-1')", True),
        ("otherMails/any(m:m eq 'ANA@b.example')", True),
        ("otherMails/any(m:startsWith(m,'bo'))", False),
        ("assignedLicenses/any(l:l/skuId eq 's2')", True),
        ("assignedLicenses/$count eq 2", True),
        ("orgData/division eq 'north'", True),
        ("otherMails/all(m:endsWith(m,'.example'))", True),
        ("otherMails/all(m:startsWith(m,'ana@a'))", False),
        ("imAddresses/all(m:m eq 'x')", True),
        ("mail eq null", True),
        ("displayName eq null", False),
        ("(size eq 1 or size eq 7) and not (id eq 'x')", True),
    ],
)
def test_an_expression_is_read_as_graph_reads_it(option: str, fits: bool) -> None:
    assert filters.read(option).fits(THING) is fits


@pytest.mark.parametrize(
    "option", ["", "displayName", "displayName eq", "eq 'x'", "(id eq 'x'", "id eq 'x' id", "a b c"]
)
def test_what_is_no_filter_is_a_bad_request(option: str) -> None:
    with pytest.raises(GraphError) as refused:
        filters.read(option)
    assert refused.value.status == 400


def test_only_ids_joined_by_or_are_a_question_for_ids() -> None:
    assert filters.read("id eq 'A' or id in ('b','C')").ids == ("a", "b", "c")
    assert filters.read("id eq 'A' and accountEnabled eq true").ids is None


@pytest.mark.parametrize(
    "query",
    [
        "$filter=displayName ne 'x'",
        "$filter=not startsWith(displayName,'x')",
        "$filter=endsWith(mail,'x')",
        "$filter=startsWith(displayName,'a')&$orderby=displayName",
    ],
)
def test_an_advanced_query_needs_the_index(query: str) -> None:
    client = a_client(objects=60)
    refused = client.get(f"/users?{query}")
    assert (refused.status, refused.code) == (400, "Request_UnsupportedQuery")
    assert client.get(f"/users?{query}&$count=true", ConsistencyLevel="eventual").status == 200


def test_a_filter_is_answered_over_pages_with_a_count() -> None:
    client = a_client(objects=300)
    everyone = client.every("/users?$select=id,accountEnabled")
    wanted = [each["id"] for each in everyone if each["accountEnabled"] is False]
    query = "/users?$select=id&$top=5&$filter=accountEnabled eq false&$count=true"
    page = client.get(query, ConsistencyLevel="eventual")
    assert page.body["@odata.count"] == len(wanted) > 5
    assert [each["id"] for each in client.every("/users?$select=id&$filter=accountEnabled eq false")] == wanted


def test_a_listing_is_sorted_over_all_its_pages() -> None:
    client = a_client(objects=120)
    names = [each["displayName"].lower() for each in client.every("/users?$orderby=displayName&$top=25")]
    assert names == sorted(names)
    down = [each["displayName"].lower() for each in client.every("/users?$orderby=displayName desc&$top=25")]
    assert down == sorted(names, reverse=True)


def test_a_listing_is_sorted_by_several_properties_the_first_weighs_most() -> None:
    client = a_client(objects=120)
    rows = client.every("/users?$select=department,displayName&$orderby=department desc,displayName&$top=30")
    keys = [(each["department"] or "", each["displayName"].lower()) for each in rows]
    departments = [department.lower() for department, _ in keys]
    assert departments == sorted(departments, reverse=True)
    assert len(set(departments)) > 1
    for one in set(departments):
        names = [name for department, name in keys if department.lower() == one]
        assert names == sorted(names)
    assert client.get("/users?$orderby=department,shoeSize").status == 400
    assert client.get("/users?$orderby=department,,displayName").status == 400


def test_what_fits_a_filter_is_counted_alone() -> None:
    client = a_client(objects=300)
    off = sum(1 for each in client.directory.stores["user"].live.values() if each["accountEnabled"] is False)
    counted = client.get("/users/$count?$filter=accountEnabled eq false", ConsistencyLevel="eventual")
    assert 0 < int(counted.body) == off


def test_search_and_unknown_properties_are_refused_plainly() -> None:
    client = a_client(objects=5)
    assert client.get("/users?$search=%22displayName:x%22", ConsistencyLevel="eventual").status == 501
    assert client.get("/users?$filter=shoeSize eq 4").status == 400
    assert client.get("/users?$orderby=shoeSize").status == 400
