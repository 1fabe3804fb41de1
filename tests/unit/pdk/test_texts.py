"""Text and bytes of headers are turned into one another without loss, and never into two headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.headers import HeaderEdits, Headers
from twisted_kong.pdk.texts import (
    PreparedHeaders,
    entity_text,
    fields_of,
    number_text,
    table_of,
    to_body,
    to_value,
)


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ("a", b"a"),
        ("\xe9", b"\xe9"),
        ("\u20ac", b"\xe2\x82\xac"),
        (b"\xff", b"\xff"),
        (3, b"3"),
        (3.0, b"3"),
        (0.5, b"0.5"),
        (True, b"true"),
        (False, b"false"),
    ],
)
def test_values(value: object, raw: bytes) -> None:
    """Latin-1 where it can be, else UTF-8; numbers and booleans as Kong writes them."""
    assert to_value(value) == raw  # type: ignore[arg-type]


def test_other_values_are_refused() -> None:
    """A table is no header's value."""
    with pytest.raises(TypeError):
        to_value({})  # type: ignore[arg-type]


def test_bodies() -> None:
    """Text is UTF-8, bytes of any kind are bytes, nothing else is a body."""
    assert (to_body("\u20ac"), to_body(memoryview(b"a"))) == (b"\xe2\x82\xac", b"a")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        to_body(3)  # type: ignore[arg-type]


@given(st.binary(max_size=20))
def test_received_values_come_back_as_they_were(raw: bytes) -> None:
    """Reading and setting a value changes no byte of it."""
    assert to_value(raw.decode("latin-1")) == raw


def test_tables() -> None:
    """Repeated headers are lists, in both directions; no more than the limit is read."""
    fields = [(b"A", b"1"), (b"b", b"2"), (b"a", b"3"), (b"A", b"4")]
    assert table_of(fields, 100) == {"a": ["1", "3", "4"], "b": "2"}
    assert table_of(fields, 2) == {"a": "1", "b": "2"}
    assert fields_of({"b": "2", "a": ["1", 3]}) == [(b"a", b"1"), (b"a", b"3"), (b"b", b"2")]


def test_entity_text_cannot_break_a_header() -> None:
    """Names of entities are sent as UTF-8, without control characters."""
    assert entity_text("J\u00f3\r\nX: 1") == "J\u00f3X: 1".encode()


def test_numbers() -> None:
    """A whole number has no fraction."""
    assert (number_text(5), number_text(5.0), number_text(2.5)) == ("5", "5", "2.5")


def test_prepared_headers_replace_what_is_there() -> None:
    """What is set replaces, what is removed goes, other headers stay: in edits and in an answer alike."""
    prepared = PreparedHeaders({"X-A": "new", "X-N": 1}, remove=["X-Gone"])
    edits = HeaderEdits()
    edits.set(b"x-a", b"old")
    edits.set(b"X-Gone", b"1")
    edits.set(b"X-Kept", b"1")
    prepared.apply(edits)
    prepared.apply(edits)
    headers = Headers([(b"X-GONE", b"0"), (b"x-a", b"0"), (b"X-Other", b"1")])
    edits.apply(headers)
    assert sorted(headers.items()) == [
        (b"X-A", b"new"),
        (b"X-Kept", b"1"),
        (b"X-N", b"1"),
        (b"X-Other", b"1"),
    ]
    answer = Headers([(b"X-Gone", b"0")])
    prepared.apply(answer)
    assert sorted(answer.items()) == [(b"X-A", b"new"), (b"X-N", b"1")]
    edits.add(b"X-A", b"more")
    assert prepared.fields == [(b"X-A", b"new"), (b"X-N", b"1")]


@pytest.mark.parametrize("table", [{"a b": "1"}, {"a": "1\r\nb: 2"}, {"Content-Length": "1"}])
def test_prepared_headers_are_checked(table: dict[str, str]) -> None:
    """What could split a message is refused when it is prepared."""
    with pytest.raises(ValueError, match=r"not (a header|for a plugin)"):
        PreparedHeaders(table)
