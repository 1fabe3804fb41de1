"""The table of field names."""

from __future__ import annotations

import pytest

from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.names import LEARNED, LONGEST, REQUEST_NAMES, RESPONSE_NAMES, NameTable


def test_spellings_are_classified() -> None:
    """Any spelling of a name the proxy deals with is special; others are not."""
    table = NameTable([b"host"])
    assert table[b"hOsT"] == b"host"
    assert table[b"X_Under"] is None
    assert REQUEST_NAMES[b"TRANSFER-encoding"] == b"transfer-encoding"
    assert RESPONSE_NAMES[b"Server"] is None


@pytest.mark.parametrize(
    "name", [b"", b"a b", b"a:", b"a\x00", b"\xc3\xa9", b"a\t", b"(a)", b'"a"', b"a@b", b"a{"]
)
def test_what_is_no_token_is_refused(name: bytes) -> None:
    """Only tokens are field names, and a refused name is not remembered."""
    table = NameTable([])
    for _ in range(2):
        with pytest.raises(BadMessage):
            table[name]
    assert not table.known


def test_the_table_is_bounded() -> None:
    """Whatever clients send, the table forgets rather than grows, and still knows its own names."""
    table = NameTable([b"host"])
    for n in range(LEARNED * 2):
        table[b"x-%d" % n]
    assert len(table.known) <= LEARNED + 1
    assert table[b"Host"] == b"host"
    table[b"x" * (LONGEST + 1)]
    assert b"x" * (LONGEST + 1) not in table.known
