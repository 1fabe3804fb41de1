"""Header fields and the edits recorded for them."""

from __future__ import annotations

import pytest

from twisted_kong.core.headers import HeaderEdits, Headers


def test_names_compare_without_case_and_keep_their_spelling() -> None:
    """A field is found under any spelling and shown as it came."""
    headers = Headers([(b"X-A", b"1"), (b"x-a", b"2"), (b"B", b"3")])
    assert headers.get(b"X-a") == b"1"
    assert headers.get_all(b"x-A") == [b"1", b"2"]
    assert headers.items() == [(b"X-A", b"1"), (b"x-a", b"2"), (b"B", b"3")]
    assert headers.get(b"none") is None
    assert headers.get(b"none", b"d") == b"d"
    assert b"b" in headers
    assert len(headers) == 3


def test_changes_are_seen_at_once() -> None:
    """Set, add and remove show in every later look, whatever was looked at before."""
    headers = Headers([(b"A", b"1"), (b"B", b"2")])
    assert headers.get(b"a") == b"1"
    headers.set(b"a", b"9")
    headers.add(b"b", b"3")
    assert headers.get_all(b"A") == [b"9"]
    assert headers.get_all(b"B") == [b"2", b"3"]
    headers.remove(b"B")
    assert b"b" not in headers
    assert list(headers) == [(b"a", b"9")]


def test_a_copy_is_independent() -> None:
    """Changing a copy leaves the first one alone."""
    headers = Headers([(b"A", b"1")])
    twin = headers.copy()
    twin.set(b"A", b"2")
    assert headers.get(b"A") == b"1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"A", b"x\r\nEvil: 1"),
        (b"A", b"x\ny"),
        (b"A", b"x\0"),
        (b"A", b"\x7f"),
        (b"A B", b"x"),
        (b"", b"x"),
        (b"A:", b"x"),
        (b"A\r\n", b"x"),
    ],
)
def test_what_would_split_a_message_is_refused(name: bytes, value: bytes) -> None:
    """Neither fields nor edits take what could not be sent as one line."""
    with pytest.raises(ValueError, match="not a header"):
        Headers().add(name, value)
    with pytest.raises(ValueError, match="not a header"):
        HeaderEdits().set(name, value)


def test_outer_white_space_is_not_part_of_a_value() -> None:
    """Blanks around a value are dropped, inner ones and high bytes stay."""
    headers = Headers()
    headers.add(b"A", b" \tb \xff c ")
    assert headers.get(b"a") == b"b \xff c"


def test_the_later_edit_wins() -> None:
    """Edits apply in the order in which they were made."""
    edits = HeaderEdits()
    assert not edits
    edits.add(b"A", b"1")
    edits.set(b"a", b"2")
    edits.add(b"B", b"3")
    edits.remove(b"b")
    edits.add(b"b", b"4")
    headers = Headers([(b"A", b"0"), (b"C", b"5"), (b"B", b"0")])
    assert edits
    assert edits.get_all(b"A", headers) == [b"2"]
    assert edits.get_all(b"c", headers) == [b"5"]
    edits.apply(headers)
    assert headers.items() == [(b"C", b"5"), (b"a", b"2"), (b"b", b"4")]


def test_lines_given_as_they_are_sent() -> None:
    """They replace what had their names, are seen like other fields, and give way to later edits."""
    edits = HeaderEdits()
    edits.set(b"X-A", b"old")
    edits.put_lines(frozenset((b"x-a", b"x-gone")), b"X-A: 1\r\nX-A: 2\r\n")
    edits.add(b"X-B", b"b")
    received = Headers([(b"x-a", b"0"), (b"X-Gone", b"0"), (b"X-Kept", b"k")])
    assert edits.added == ((b"X-B", b"b"),)
    assert edits.lines == b"X-A: 1\r\nX-A: 2\r\n"
    assert edits.get_all(b"X-A", received) == [b"1", b"2"]
    assert edits.fields() == ((b"X-A", b"1"), (b"X-A", b"2"), (b"X-B", b"b"))
    edits.put_lines(frozenset((b"x-c",)), b"X-C: c\r\n")
    edits.put_lines(frozenset((b"x-a",)), b"X-A: 3\r\n")
    edits.set(b"X-C", b"other")
    edits.apply(received)
    assert sorted(received.items()) == [(b"X-A", b"3"), (b"X-B", b"b"), (b"X-C", b"other"), (b"X-Kept", b"k")]
    assert edits
