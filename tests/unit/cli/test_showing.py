"""What is shown: text that cannot steer a terminal, rates that follow the job, a page of docs that tells the truth."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.arguments.parser import parser
from cli.errors import MEANING
from cli.pace import Pace
from cli.settings import EXPLAINED
from cli.tables.jobs import job_facts
from cli.text import HIDDEN, duration, json_text, moment, visible
from cli.watching import PATIENCE_SECONDS, Clock, figures
from tests.unit.cli.worlds import Answers, command

DOCS = Path(__file__).resolve().parents[3] / "docs" / "cli.md"
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt.exe\u2066\u200b\r\n\x7f"


def is_drawn(text: str) -> bool:
    return all(unicodedata.category(letter) not in HIDDEN for letter in text)


@settings(deadline=None)
@given(st.text())
def test_whatever_a_name_holds_only_drawable_characters_are_shown(text: str) -> None:
    assert is_drawn(visible(text))


@settings(deadline=None)
@given(st.recursive(st.text() | st.integers(-(2**53), 2**53), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_says_the_same_with_escapes(document: Any) -> None:
    try:
        msgspec.json.encode(document)
    except UnicodeEncodeError:  # half a surrogate pair never comes out of JSON
        return
    line = json_text(document)
    assert is_drawn(line)
    assert msgspec.json.decode(line) == document


@pytest.mark.parametrize("name", ["Ärztekammer", "東京 営業部", "محمد", "Zoë 🙂"])
def test_names_of_every_script_stay_as_they_are(name: str) -> None:
    assert visible(name) == name


def hostile(request: httpx.Request) -> httpx.Response:
    """Answer as a server whose tenant holds a hostile display name."""
    if request.url.path.endswith("/jobs/j"):
        job = {"id": "j", "status": HOSTILE, "tidemark.kind": "report", "tidemark.wireSnapshotId": "s"}
        return httpx.Response(200, json=job | {"tidemark.error": {"code": HOSTILE, "message": HOSTILE}})
    if request.url.path.endswith("/getChanges"):
        return httpx.Response(200, json={"value": [{"displayName": HOSTILE, "deltaFromCurrent": {HOSTILE: 1}}]})
    return httpx.Response(400, json={"error": {"code": "BadRequest", "message": HOSTILE}})


@pytest.mark.parametrize("arguments", [("changes", "j"), ("job", "j"), ("snapshots",)])
def test_a_hostile_name_controls_neither_a_terminal_nor_a_pipe(arguments: tuple[str, ...]) -> None:
    for is_terminal in (True, False):
        ran = command(*arguments, transport=Answers(hostile), is_terminal=is_terminal)
        for written in (ran.out, ran.err):
            for steering in ("\x1b]", "\x1b[2J", "\x9b", "\x07", "\u202e", "\u2066", "\u200b", "\r", "\x7f"):
                assert steering not in written


def test_markup_in_a_name_is_text() -> None:
    rows = {"value": [{"id": "s", "createdDateTime": "[red]:smile:"}]}
    ran = command("snapshots", transport=Answers(lambda _request: httpx.Response(200, json=rows)), is_terminal=True)
    assert "[red]:smile:" in ran.out


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (400, b'{"error": {"code": "BadRequest", "message": "m"}}', 2),
        (404, b'{"error": {"code": "ResourceNotFound", "message": "m"}}', 3),
        (401, b'{"error": {"code": "Unauthorized", "message": "m"}}', 4),
        (403, b'{"error": {"code": "Forbidden", "message": "m"}}', 4),
        (409, b'{"error": {"code": "Conflict", "message": "m"}}', 5),
        (503, b'{"error": {"code": "ServiceUnavailable", "message": "m"}}', 6),
        (500, b"", 6),
        (404, b"<html>not ours</html>", 6),
        (302, b"", 6),
        (200, b"<html>a sign-in page</html>", 6),
        (200, b"[]", 6),
        (200, b"{}", 6),
    ],
)
def test_every_answer_has_its_exit_status_and_one_line(status: int, body: bytes, wanted: int) -> None:
    ran = command("snapshots", transport=Answers(lambda _request: httpx.Response(status, content=body)))
    assert (ran.status, ran.out, ran.err.count("\n")) == (wanted, "", 1)


def test_a_network_that_is_down_is_exit_status_six() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    ran = command("snapshots", transport=Answers(answer))
    assert (ran.status, ran.err) == (6, "tidemark: the API cannot be reached: no route\n")


class Restarting:
    """A server that is away from second 5 until `back_at`, and a clock that the waiting moves."""

    def __init__(self, back_at: float) -> None:
        self.now, self.back_at = 0.0, back_at
        self.clock = Clock(lambda: self.now, self._pass)

    def _pass(self, seconds: float) -> None:
        self.now += seconds

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer, unless away."""
        if 5 <= self.now < self.back_at:
            raise httpx.ConnectError("refused", request=request)
        status = "successful" if self.now >= self.back_at else "running"
        progress = {"done": int(self.now), "planned": 100}
        return httpx.Response(200, json={"id": "j", "status": status, "tidemark.progress": progress})


def test_a_server_that_restarts_does_not_end_the_watching() -> None:
    server = Restarting(back_at=5 + PATIENCE_SECONDS - 2)
    ran = command("job", "j", "--wait", transport=Answers(server.answer), clock=server.clock)
    assert (ran.status, ran.json["status"]) == (0, "successful")


def test_a_server_that_stays_away_ends_it() -> None:
    server = Restarting(back_at=1e9)
    ran = command("job", "j", "--wait", transport=Answers(server.answer), clock=server.clock)
    assert ran.status == 6
    assert PATIENCE_SECONDS <= server.now <= PATIENCE_SECONDS + 10


def test_whoever_stops_watching_is_told_that_the_job_goes_on() -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    server = Restarting(back_at=1e9)
    ran = command("job", "j", "--wait", transport=Answers(server.answer), clock=Clock(lambda: 0.0, interrupted))
    assert ran.status == 130
    assert "goes on" in ran.err


def test_the_rate_is_that_of_the_last_half_minute_and_tells_the_time_left() -> None:
    pace = Pace(0.0)
    first = pace.standing(0.0, status="running", done=0, planned=1000)
    assert (first.per_second, first.seconds_left) == (None, None)
    for second in range(1, 100):
        done = second if second < 50 else 49 + (second - 49) * 10
        last = pace.standing(float(second), status="running", done=done, planned=1000)
    assert (last.per_second, last.seconds_left) == (10.0, (1000 - 549) / 10)
    assert figures(last) == "549 of 1000, 10.0/s, 0:00:45 left"


def test_a_job_that_begins_to_count_something_else_begins_a_new_rate() -> None:
    pace = Pace(0.0)
    pace.standing(0.0, status="loadingData", done=5000, planned=None)
    again = pace.standing(1.0, status="running", done=3, planned=10)
    assert again.per_second is None
    assert pace.standing(2.0, status="running", done=5, planned=10).per_second == 2.0


def test_a_job_that_stands_still_has_no_time_left_to_tell() -> None:
    pace = Pace(0.0)
    pace.standing(0.0, status="running", done=3, planned=10)
    still = pace.standing(5.0, status="running", done=3, planned=10)
    assert (still.per_second, still.seconds_left) == (0.0, None)


def test_times_are_shown_in_utc_and_spans_in_hours() -> None:
    assert moment("2026-11-20T22:00:00Z") == "2026-11-20 22:00:00Z"
    assert (moment(None), moment("soon")) == ("", "soon")
    assert duration(3725.4) == "1:02:05"


def test_types_that_were_read_alike_share_a_line_and_the_others_stand_out() -> None:
    ways = {f"type{number}": "full: no delta" for number in range(9)} | {
        "user": "full: token expired",
        "group": "delta",
    }
    rows = [row for row in job_facts({"tidemark.notes": {"ways": ways}}) if str(row[0]).startswith("read ")]
    assert rows == [
        ("read 9 types", ("full: no delta",)),
        ("read user", ("full: token expired",)),
        ("read group", ("delta",)),
    ]
    few = job_facts({"tidemark.notes": {"ways": {"user": "delta", "group": "delta"}}})
    assert ("read 2 types", ("delta", "user, group")) in list(few)


def test_options_are_not_abbreviated() -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["recover", "latest", "--soft"])
    assert ended.value.code == 2


def test_the_docs_explain_every_command_setting_and_exit_status() -> None:
    text = DOCS.read_text()
    for status, meaning in MEANING.items():
        assert f"| {status.value} | {meaning} |" in text
    for name, meaning in EXPLAINED.items():
        assert f"| `{name}` | {meaning} |" in text
    usage = parser().format_help().partition("positional arguments:")[2].partition("options:")[0]
    names = [line.split()[0] for line in usage.splitlines()[2:] if line.startswith("    ") and line[4] != " "]
    assert len(names) > 12
    for name in names:
        assert f"| `{name}" in text
