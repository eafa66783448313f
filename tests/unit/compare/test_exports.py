"""Exports survive what a tenant can call its objects, say the same each time, and keep ids stable."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.compare.exports.cells import COLUMNS, visible
from shared.compare.exports.events import event, events_of
from shared.compare.exports.heading import ROWS_MAX, Heading, digest
from shared.compare.exports.page import content_security_policy, html_of
from shared.compare.exports.spreadsheet import FORMULA, csv_of
from shared.compare.exports.summary import markdown_of, plain
from shared.compare.rows import Row
from shared.domain.changes import Action
from shared.domain.explanations import Cause, Explanation, Log, Risk
from tests.properties.strategies import modest
from tests.support.builders import AT, SNAPSHOT_ID, TENANT, a_difference, a_link, an_id

HOSTILE = [
    '=HYPERLINK("http://evil","x")',
    "  =1+1",
    "@SUM(1)",
    "\t=1",
    "<script>alert(1)</script>",
    "</td></tr></table><img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    'a\r\nb,c"d',
    "| a | [x](javascript:alert(1)) **b** `c`",
    "\u202egnp.exe",
    "\x00\x1b[2J",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "&lt;b&gt;",
    "</style><script>alert(1)</script>",
    "<!-- --><![CDATA[x]]>",
]
HEADING = Heading(tenant=TENANT, target=SNAPSHOT_ID, target_at=AT, current="20261121T220000Z-0a1b2c3e", read_at=AT)


def a_row(name: str = "user-1", label: str = "user-1", *, risks: tuple[Risk, ...] = (), **members: Any) -> Row:
    cause = Cause(audit_id="a", at=AT, activity=name, actor_name=name, app_name=name, actor_id="i", app_id="p")
    found = a_difference(label, display_name=name, **{"target": {"city": name}, "current": {"city": None}, **members})
    explained = Explanation(
        type=found.type,
        object_id=found.object_id,
        log=Log.FOUND,
        cause=cause,
        risks=risks,
        names={an_id("user-2"): name},
    )
    return Row(difference=found, explanation=explained)


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_of_the_spreadsheet_is_a_formula_or_breaks_out_of_its_cell(name: str) -> None:
    linked = a_row(name, "group-1", type="group", target={name: name}, links=(a_link("user-2"),))
    rows = cells(csv_of([a_row(name), linked], has_header=True))
    assert rows[0] == COLUMNS
    assert [len(row) for row in rows] == [len(COLUMNS)] * 4
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(FORMULA)]


@modest
@given(name=st.text(max_size=20))
def test_every_text_stays_in_its_cell_and_is_no_formula(name: str) -> None:
    header, line = cells(csv_of([a_row(name)], has_header=True))
    assert len(header) == len(line)
    assert line[2].removeprefix("'") == visible(name)
    assert not line[2].startswith(FORMULA)


def test_parts_of_a_spreadsheet_together_are_the_whole() -> None:
    rows = [a_row(label, label) for label in ("a", "b", "c")]
    parts = csv_of(rows[:2], has_header=True) + csv_of(rows[2:], has_header=False)
    assert parts == csv_of(rows, has_header=True)


class Strict(HTMLParser):
    """Keeps every tag and attribute, the text of cells, and refuses tags that do not nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: dict[str, set[str]] = {}
        self.cells: list[str] = []
        self.open: list[str] = []
        self.comments = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.setdefault(tag, set()).update(name for name, _value in attrs)
        if tag != "meta":
            self.open.append(tag)
        if tag == "bdi":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "bdi" in self.open:
            self.cells[-1] += data

    def handle_comment(self, data: str) -> None:
        self.comments += 1


def parsed(content: bytes) -> Strict:
    parser = Strict()
    parser.feed(content.decode())
    parser.close()
    assert parser.open == []
    return parser


TAGS = {
    "html": {"lang"},
    "head": set(),
    "meta": {"charset", "http-equiv", "content"},
    "title": set(),
    "style": set(),
    "body": set(),
    "h1": set(),
    "p": set(),
    "table": set(),
    "caption": set(),
    "thead": set(),
    "tbody": set(),
    "tr": set(),
    "th": {"scope"},
    "td": set(),
    "bdi": set(),
}


def test_the_page_holds_hostile_names_as_text_and_no_tag_or_attribute_of_theirs() -> None:
    rows = [a_row(name, f"user-{number}", risks=(Risk.PRIVILEGE,)) for number, name in enumerate(HOSTILE)]
    page = parsed(html_of(HEADING, digest(rows)))
    assert page.tags == TAGS
    assert page.comments == 0
    assert {visible(name) for name in HOSTILE} <= set(page.cells)


@modest
@given(name=st.text(alphabet=st.sampled_from("<>&\"'/=!-x\u202e\x00 "), max_size=30))
def test_no_text_adds_a_tag_to_the_page(name: str) -> None:
    page = parsed(html_of(HEADING, digest([a_row(name, risks=(Risk.PRIVILEGE,))])))
    assert page.tags.keys() <= TAGS.keys()
    assert all(page.tags[tag] <= TAGS[tag] for tag in page.tags)


def test_the_page_carries_a_policy_that_lets_nothing_run_or_load() -> None:
    content = html_of(HEADING, digest([a_row()])).decode()
    assert content.count("http-equiv") == 1
    assert "default-src 'none'" in content_security_policy()
    assert "unsafe" not in content_security_policy()
    assert "script" not in content.lower()
    assert "http://" not in content
    assert "https://" not in content


def test_a_page_shows_risky_rows_first_and_says_how_many_it_leaves_out() -> None:
    rows = [a_row(f"n{number}", f"u{number}") for number in range(3)]
    found = digest([*rows, a_row("risky", "r", risks=(Risk.CONSENT,))])
    assert [row.difference.display_name for row in found.shown] == ["risky", "n0", "n1", "n2"]
    found.rows += ROWS_MAX
    assert f"{ROWS_MAX} more objects" in html_of(HEADING, found).decode()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_plain_text_in_the_summary(name: str) -> None:
    content = markdown_of(HEADING, digest([a_row(name, risks=(Risk.LOCK_OUT,))])).decode()
    lines = [line for line in content.splitlines() if "lockOut |" in line and "user" in line]
    assert len(lines) == 1
    assert lines[0].replace("\\|", "").count("|") == 6
    assert "<script" not in content
    assert plain("[x](y)") == "\\[x\\]\\(y\\)"
    assert plain("http://a www.b.c d@e <i> 22:00") == "http\\://a www\\.b.c d\\@e &lt;i&gt; 22:00"


def test_the_summary_counts_by_type_action_risk_and_actor() -> None:
    rows = [a_row("eve", risks=(Risk.LOCK_OUT, Risk.PRIVILEGE)), a_row("eve", "user-2", action=Action.RESTORE)]
    content = markdown_of(HEADING, digest(rows)).decode()
    for line in (
        "| user | restore | 1 |",
        "| user | update | 1 |",
        "| lockOut | 1 |",
        "| privilege | 1 |",
        "| eve | 2 |",
    ):
        assert line in content


def test_events_have_ecs_names_and_ids_that_follow_what_they_say() -> None:
    row = a_row("eve", risks=(Risk.CREDENTIAL, Risk.CONSENT))
    body = event(HEADING, row)
    assert body["event"] | {"id": ""} == {
        "id": "",
        "kind": "alert",
        "category": ["iam"],
        "type": ["change"],
        "action": "eve",
        "provider": "tidemark",
        "dataset": "tidemark.difference",
        "severity": 70,
        "reference": "a",
    }
    assert (body["@timestamp"], body["user"]["name"], body["organization"]["id"]) == (
        "2026-11-20T22:00:00Z",
        "eve",
        TENANT,
    )
    same = event(HEADING, a_row("eve", risks=()))
    assert body["event"]["id"] == same["event"]["id"]
    others = [
        event(HEADING, a_row("mallory")),
        event(HEADING, a_row("eve", "user-2")),
        event(HEADING, a_row("eve", action=Action.RESTORE)),
        event(msgspec.structs.replace(HEADING, current=""), row),
    ]
    ids = {body["event"]["id"], *(other["event"]["id"] for other in others)}
    assert len(ids) == 5
    assert [event(HEADING, a_row(action=action))["event"]["type"] for action in list(Action)[1:4]] == [
        ["deletion"],
        ["creation"],
        ["deletion"],
    ]


def test_the_same_report_gives_the_same_bytes() -> None:
    rows = [a_row(name, f"user-{number}", risks=(Risk.PRIVILEGE,)) for number, name in enumerate(HOSTILE)]
    again = msgspec.json.decode(msgspec.json.encode(rows), type=list[Row])
    assert events_of(HEADING, rows) == events_of(HEADING, again)
    assert html_of(HEADING, digest(rows)) == html_of(HEADING, digest(again))
    assert markdown_of(HEADING, digest(rows)) == markdown_of(HEADING, digest(again))
    assert all(msgspec.json.decode(line) for line in events_of(HEADING, rows).splitlines())
