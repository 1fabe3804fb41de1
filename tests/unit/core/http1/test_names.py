"""The table of field names."""

from __future__ import annotations

import pytest

from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.names import (
    LARGEST,
    LEARNED,
    LONGEST,
    REQUEST_NAMES,
    RESPONSE_NAMES,
    SHAPES,
    NameTable,
)


def test_spellings_are_classified() -> None:
    """Any spelling has one lower case, by which it is known whether the proxy deals with it."""
    table = NameTable([b"host"])
    assert table.shape_of([b"hOsT: a", b"X_Under:"]).special == {b"host"}
    assert REQUEST_NAMES.shape_of([b"TRANSFER-encoding: chunked"]).names == (b"transfer-encoding",)
    assert b"transfer-encoding" in REQUEST_NAMES.special
    assert not RESPONSE_NAMES.shape_of([b"Server: a:b"]).special


def test_a_line_needs_its_colon() -> None:
    """A known name alone is no line."""
    with pytest.raises(BadMessage):
        NameTable([b"host"]).shape_of([b"Host"])


@pytest.mark.parametrize(
    "name", [b"", b"a b", b"a:", b"a\x00", b"\xc3\xa9", b"a\t", b"(a)", b'"a"', b"a@b", b"a{"]
)
def test_what_is_no_token_is_refused(name: bytes) -> None:
    """Only tokens are field names, and a refused name is not remembered."""
    table = NameTable([])
    for _ in range(2):
        with pytest.raises(BadMessage):
            table.learn(name)
    assert not table.known


def test_the_table_is_bounded() -> None:
    """Whatever clients send, the table forgets rather than grows, and still knows its own names."""
    table = NameTable([b"host"])
    for n in range(LEARNED * 2):
        table.learn(b"x-%d" % n)
    assert len(table.known) <= LEARNED + 1
    assert table.known[b"Host"] == b"host"
    table.learn(b"x" * (LONGEST + 1))
    assert b"x" * (LONGEST + 1) not in table.known


def test_shapes_are_remembered() -> None:
    """Blocks with the same names have one shape, however their values differ; another spelling is another."""
    table = NameTable([b"host"])
    shape = table.shape_of([b"Host: a", b"X: 1"])
    assert table.shape_of([b"Host: b", b"X:2"]) is shape
    assert table.shape_of([b"host: b", b"X:2"]) is not shape


def test_shapes_are_bounded() -> None:
    """Neither many shapes nor large ones make the table grow without bound."""
    table = NameTable([])
    for n in range(SHAPES + 1):
        table.shape_of([b"x-%d:" % n])
    assert len(table._shapes) <= SHAPES
    large = [b"x-%d:" % n for n in range(LARGEST)]
    assert table.shape_of(large) is not table.shape_of(large)
