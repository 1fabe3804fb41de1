"""The table of field names."""

from __future__ import annotations

import pytest

from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.names import LEARNED, LONGEST, REQUEST_NAMES, RESPONSE_NAMES, NameTable


def test_spellings_are_classified() -> None:
    """Any spelling has one lower case, by which it is known whether the proxy deals with it."""
    table = NameTable([b"host"])
    assert table.of_line(b"hOsT: a") in table.special
    assert table.of_line(b"X_Under:") not in table.special
    assert REQUEST_NAMES.of_line(b"TRANSFER-encoding: chunked") == b"transfer-encoding"
    assert b"transfer-encoding" in REQUEST_NAMES.special
    assert RESPONSE_NAMES.of_line(b"Server: a:b") not in RESPONSE_NAMES.special


def test_a_line_needs_its_colon() -> None:
    """A known name alone is no line."""
    with pytest.raises(BadMessage):
        NameTable([b"host"]).of_line(b"Host")


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
