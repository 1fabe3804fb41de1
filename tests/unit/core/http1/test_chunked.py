"""Bodies: chunked, of known length, until the end of the connection."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twisted_kong.core.http1.chunked import (
    LAST_CHUNK,
    LINE_LIMIT,
    ChunkedReader,
    CloseReader,
    LengthReader,
    chunk,
)
from twisted_kong.core.http1.errors import BadMessage


def decode(*pieces: bytes) -> tuple[bytes, bool, bytes]:
    """Content, whether the body ended, and what follows."""
    reader = ChunkedReader()
    content = b""
    rest = b""
    for piece in pieces:
        if reader.done:
            rest += piece
        else:
            content += reader.feed(piece)
    return content, reader.done, reader.rest + rest


GOOD = b"5\r\nhello\r\nA;a=b\r\n, world!!!\r\n0\r\nX-T: 1\r\nY: \r\n\r\nGET /"


def test_every_split_gives_the_same_body() -> None:
    """Cut anywhere, or fed byte by byte, a body is decoded to the same content and end."""
    want = (b"hello, world!!!", True, b"GET /")
    for cut in range(len(GOOD)):
        assert decode(GOOD[:cut], GOOD[cut:]) == want
    assert decode(*(GOOD[n : n + 1] for n in range(len(GOOD)))) == want


@pytest.mark.parametrize(
    "data",
    [
        b"+5\r\nhello\r\n",
        b"-1\r\n",
        b"5g\r\n",
        b"0_5\r\n",
        b"0x5\r\n",
        b" 5\r\n",
        b"\r\n",
        b"\xd9\xa5\r\n",
        b"5\x00\r\n",
        b"5,5\r\n",
        b"5;a\x00\r\n",
        b"5;a\rb\r\n",
        b"2;\nxx\r\n",
        b"FFFFFFFFFFFFFFFF\r\n",
        b"8000000000000000\r\n",
        b"5\rhello\r\n",
        b"5\nhello\r\n",
        b"5\r\nhello\n0",
        b"5\r\nhelloX",
        b"5\r\nhello\rX",
        b"0\r\nGARBAGE\r\n",
        b"0\r\nX : 1\r\n",
        b"0\r\nX: \x00\r\n",
        b"5;" + b"a" * (LINE_LIMIT + 1),
        b"0\r\n" + b"X: aaaa\r\n" * 4000,
        b"0\r\nX: " + b"a" * 20000,
        (b"1;" + b"x" * 100 + b"\r\na\r\n") * 3000,
    ],
)
def test_faults_are_refused(data: bytes) -> None:
    """Nothing is guessed: a size is hexadecimal digits, a line ends with CRLF, overhead is bounded."""
    with pytest.raises(BadMessage):
        decode(data)
    with pytest.raises(BadMessage):
        decode(*(data[n : n + 1000] for n in range(0, len(data), 1000)))


def test_an_unfinished_body_waits() -> None:
    """Without its last line a body is not done, however complete it looks."""
    assert decode(b"5\r\nhello\r\n0\r\n") == (b"hello", False, b"")
    assert decode(b"0005 ;x\r\nhel") == (b"hel", False, b"")


def test_a_length_ends_exactly() -> None:
    """A body of known length takes its bytes and leaves the others."""
    reader = LengthReader(5)
    assert (reader.feed(b"he"), reader.done) == (b"he", False)
    assert (reader.feed(b"lloGET"), reader.done, reader.rest) == (b"llo", True, b"GET")
    exact = LengthReader(2)
    assert (exact.feed(b"ab"), exact.done, exact.rest) == (b"ab", True, b"")
    assert LengthReader(0).done


def test_until_close_never_ends_by_itself() -> None:
    """Only the connection ends such a body."""
    reader = CloseReader()
    assert reader.feed(b"x") == b"x"
    assert not reader.done


@settings(deadline=None, max_examples=150)
@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.lists(st.integers(0, 300), max_size=5))
def test_what_is_encoded_is_decoded(pieces: list[bytes], cuts: list[int]) -> None:
    """Our own chunks come back as they were, wherever the stream is cut."""
    data = b"".join(map(chunk, pieces)) + LAST_CHUNK + b"rest"
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    parts = [data[a:b] for a, b in itertools.pairwise(ends)]
    assert decode(*parts) == (b"".join(pieces), True, b"rest")


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.sampled_from([b"0", b"5", b"\r\n", b";", b"a", b"\n", b"\r", b"hello", b":", b" "]), max_size=20
    )
)
def test_no_input_breaks_the_reader(parts: list[bytes]) -> None:
    """Any bytes are content, a wait, or BadMessage, the same for pieces and for the whole."""

    def outcome(*pieces: bytes) -> object:
        try:
            return decode(*pieces)
        except BadMessage:
            return "refused"

    data = b"".join(parts)
    assert outcome(*(data[n : n + 1] for n in range(len(data)))) == outcome(data)
