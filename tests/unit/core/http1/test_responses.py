"""Response heads."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import CHUNKED, UNTIL_CLOSE, ResponseHead
from twisted_kong.core.http1.responses import ResponseReader


def read(data: bytes) -> ResponseHead:
    """The head at the start of these bytes."""
    found = ResponseReader().read(data)
    assert found is not None
    return found[0]


def test_a_head_is_read() -> None:
    """Status, reason, fields and the offset of the body are found, wherever the bytes are cut."""
    data = b"HTTP/1.1 200 Fine thing\r\nServer: x\r\nContent-Length: 2\r\n\r\nok"
    for cut in range(data.index(b"ok")):
        reader = ResponseReader()
        assert reader.read(data[:cut]) is None
        found = reader.read(data)
        assert found is not None
        assert (found[0].status, found[0].reason, data[found[1] :]) == (200, b"Fine thing", b"ok")
        assert found[0].headers.get(b"server") == b"x"


def test_lines_may_end_in_a_bare_lf() -> None:
    """nginx reads such heads (RFC 9112 §2.2 allows it); they are sent on with proper line ends."""
    data = b"HTTP/1.1 200 OK\nServer: x\nContent-Length: 2\n\nok"
    for cut in range(data.index(b"ok")):
        reader = ResponseReader()
        assert reader.read(data[:cut]) is None
        for _ in range(2):
            found = reader.read(data)
            assert found is not None
            assert (found[0].status, data[found[1] :]) == (200, b"ok")
            assert found[0].block.raw == b"Server: x\r\nContent-Length: 2\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\nServer: x\r\n",
        b"HTTP/1.1 200 OK\nA: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
    ],
)
def test_mixed_line_ends_are_refused(data: bytes) -> None:
    """Who takes a bare LF for an end, and who does not, would read two different heads."""
    with pytest.raises(BadMessage):
        ResponseReader().read(data)


def test_a_repeated_block_is_not_parsed_again() -> None:
    """The same header bytes give the same block, also under another status."""
    reader = ResponseReader()
    blocks = [reader.read(b"HTTP/1.1 %d X\r\nA: b\r\n\r\n" % status) for status in (200, 200, 404)]
    assert blocks[0] is not None
    assert blocks[1] is not None
    assert blocks[2] is not None
    assert blocks[0][0].block is blocks[1][0].block is blocks[2][0].block
    assert blocks[2][0].status == 404


@pytest.mark.parametrize(
    "data",
    [
        b"hello world\r\n",
        b"\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"HTTP/1.1 200 O\x00K\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A : a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 9000,
        b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 9000 + b"\r\n",
    ],
)
def test_what_must_not_reach_a_client_is_refused(data: bytes) -> None:
    """A Service's answer with a fault is no answer."""
    with pytest.raises(BadMessage):
        ResponseReader().read(data)


@pytest.mark.parametrize(
    ("head", "length"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5),
        (b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", 0),
        (b"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", 0),
        (b"HTTP/1.1 103 E\r\n\r\n", 0),
        (b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNKED),
        (b"HTTP/1.1 200 OK\r\n\r\n", UNTIL_CLOSE),
    ],
)
def test_how_long_the_body_is(head: bytes, length: int) -> None:
    """The status comes before what the fields say."""
    assert read(head).length == length


def test_when_the_connection_stays() -> None:
    """HTTP/1.1 stays unless it says close, HTTP/1.0 closes unless it says keep-alive."""
    assert read(b"HTTP/1.1 200 OK\r\n\r\n").persistent
    assert not read(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").persistent
    assert not read(b"HTTP/1.0 200 OK\r\n\r\n").persistent
    assert read(b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n").persistent


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=80).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail))
def test_no_input_breaks_the_reader(data: bytes) -> None:
    """Any bytes give a head, a wait or BadMessage."""
    with contextlib.suppress(BadMessage):
        ResponseReader().read(data)
