"""A file of records is whole, of the expected kind and of a known version, or it is refused by name."""

from __future__ import annotations

import msgspec
import pytest

from shared.domain.changes import Change, Difference, Outcome
from shared.domain.errors import IntegrityError
from shared.formats.frames import compress, decompress
from shared.formats.records import CHANGES, DIFFERENCES, OUTCOMES, decode_records, encode_records
from tests.support.builders import a_change, a_difference


def lines_of(content: bytes) -> list[bytes]:
    return decompress(content, name="f").splitlines()


def test_records_are_read_back_in_their_order() -> None:
    differences = [a_difference("user-2"), a_difference("user-1", target={"city": None})]
    content, digest = encode_records(DIFFERENCES, differences)
    assert decode_records(content, Difference, DIFFERENCES, name="f", expected=digest) == differences


def test_a_file_without_records_is_a_file() -> None:
    content, digest = encode_records(OUTCOMES, [])
    assert decode_records(content, Outcome, OUTCOMES, name="f", expected=digest) == []


def test_the_first_line_says_the_format_and_how_many_records_follow() -> None:
    content, _digest = encode_records(CHANGES, [a_change("a"), a_change("b")])
    assert msgspec.json.decode(lines_of(content)[0]) == {"format": "changes/1", "records": 2}


def test_the_same_records_always_give_the_same_bytes() -> None:
    one = encode_records(CHANGES, [a_change(target={"city": "Oslo", "state": "x"})])
    other = encode_records(CHANGES, [a_change(target={"state": "x", "city": "Oslo"})])
    assert one == other


def test_line_breaks_inside_a_value_do_not_break_a_record() -> None:
    change = a_change(target={"city": "a\nb\r\nc\u2028d\u0085e"})
    content, _digest = encode_records(CHANGES, [change])
    assert decode_records(content, Change, CHANGES, name="f") == [change]


def test_a_file_of_another_kind_is_refused_by_its_tag() -> None:
    content, _digest = encode_records(OUTCOMES, [])
    with pytest.raises(IntegrityError, match=r"plan/1\.ndz: format 'outcomes/1' is unknown; .* reads 'changes/1'"):
        decode_records(content, Change, CHANGES, name="plan/1.ndz")


def test_a_file_of_a_newer_version_is_refused_by_its_tag() -> None:
    content, _digest = encode_records("changes/2", [])
    with pytest.raises(IntegrityError, match="format 'changes/2'"):
        decode_records(content, Change, CHANGES, name="f")


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_file_that_lost_lines_is_refused(kept: int) -> None:
    content, _digest = encode_records(CHANGES, [a_change("a"), a_change("b")])
    cut = compress(b"\n".join(lines_of(content)[:kept]))
    with pytest.raises(IntegrityError):
        decode_records(cut, Change, CHANGES, name="f")


def test_a_file_that_gained_a_line_is_refused() -> None:
    content, _digest = encode_records(CHANGES, [a_change("a")])
    lines = lines_of(content)
    with pytest.raises(IntegrityError, match="2 records instead of 1"):
        decode_records(compress(b"\n".join([*lines, lines[-1]])), Change, CHANGES, name="f")


def test_a_file_whose_digest_is_not_the_recorded_one_is_never_opened() -> None:
    _content, digest = encode_records(CHANGES, [a_change("a")])
    with pytest.raises(IntegrityError, match="it was altered"):
        decode_records(b"anything", Change, CHANGES, name="f", expected=digest)


@pytest.mark.parametrize(
    "lines",
    [
        b"",
        b"not json\n",
        b'{"format":"changes/1","records":1}\n{"change_id":1}\n',
        b'{"format":"changes/1","records":1}\n{}\n',
        b'{"format":"changes/1","records":1}\n{"change_id":"\xff"}\n',
        b'{"format":"changes/1"}\n',
    ],
    ids=["empty", "no json", "wrong type", "missing members", "no utf-8", "no count"],
)
def test_what_is_no_file_of_records_is_refused(lines: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode_records(compress(lines), Change, CHANGES, name="f")
