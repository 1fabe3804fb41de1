"""Header blocks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twisted_kong.core.headers import TOKEN
from twisted_kong.core.http1.blocks import frame, frame_request, parse_block, parse_length, split_host
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import CHUNKED, FieldBlock
from twisted_kong.core.http1.names import REQUEST_NAMES
from twisted_kong.core.http1.shapes import OFTEN


def block(raw: bytes) -> FieldBlock:
    """A request's header block, framed."""
    parsed = parse_block(raw, REQUEST_NAMES)
    frame_request(parsed)
    return parsed


def test_untouched_lines_stay_the_bytes_they_were() -> None:
    """Spelling, white space and order of plain lines survive; what the proxy deals with is taken out."""
    parsed = block(b"Host: a\r\nX-A:\t b \r\nx-a:c\r\nVia: 1.0 x\r\nX_u: \xc3\xa9\r\n")
    assert parsed.forward == b"X-A:\t b \r\nx-a:c\r\nX_u: \xc3\xa9\r\n"
    assert parsed.headers.get_all(b"X-A") == [b"b", b"c"]
    assert parsed.special == {b"host": [b"a"], b"via": [b"1.0 x"]}
    assert parsed.host == b"a"
    assert parsed.length is None


def test_an_empty_block_is_a_block() -> None:
    """A head without fields has an empty block."""
    assert block(b"").fields == []
    assert block(b"").forward == b""


@pytest.mark.parametrize(
    "raw",
    [
        b"X\r\n",
        b": b\r\n",
        b" X: a\r\n",
        b"X: a\r\n b\r\n",
        b"X : a\r\n",
        b"X\t: a\r\n",
        b"X: a\rb\r\n",
        b"X: a\nb\r\n",
        b"X: a\n\rb\r\n",
        b"X: a\r\r\n",
        b"X: \x00\r\n",
        b"X: \x0b\r\n",
        b"X: \x7f\r\n",
        b"X: a\rY: b\nZ: c\r\n",
        b"X(A): b\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0_5\r\n",
        b"Content-Length: \xd9\xa5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length:\r\n",
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 9223372036854775808\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: \xa0chunked\r\n",
        b"Transfer-Encoding:\r\n",
        b"Host: a\r\nhost: a\r\n",
        b"Host: a b\r\n",
        b"Host:\r\n",
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(raw: bytes) -> None:
    """Each of these is read differently by some server."""
    with pytest.raises(BadMessage):
        block(raw)


def test_an_unknown_coding_is_not_implemented() -> None:
    """RFC 9112 §6.1: 501 for a transfer coding that is not understood."""
    with pytest.raises(BadMessage) as caught:
        block(b"Transfer-Encoding: gzip, chunked\r\n")
    assert caught.value.status == 501


def test_framing_is_read() -> None:
    """A length, or chunked in any case."""
    assert block(b"Content-Length:\t 0005 \r\n").length == 5
    assert block(b"Transfer-Encoding: CHUNKED\r\n").length == CHUNKED
    assert parse_length(b"0" * 30) == 0


def test_connection_removes_what_it_names_but_never_framing() -> None:
    """Fields named by Connection go, unless the proxy deals with them itself: Host, framing, X-Forwarded."""
    parsed = block(
        b"Connection: X-Drop, CLOSE ,content-length\r\nConnection: host, x-forwarded-for,,\r\n"
        b"X-Drop: 1\r\nX-Keep: 2\r\nContent-Length: 3\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\n"
    )
    assert parsed.forward == b"X-Keep: 2\r\n"
    assert parsed.close
    assert not parsed.keep_alive
    assert parsed.length == 3
    assert parsed.host == b"a"
    assert parsed.special[b"x-forwarded-for"] == [b"1.1.1.1"]
    assert b"x-drop" in parsed.nominated
    assert parsed.headers.get(b"x-drop") == b"1"
    assert block(b"Connection: keep-alive, Upgrade\r\nX: 1\r\n").forward == b"X: 1\r\n"


@pytest.mark.parametrize(
    ("host", "good"),
    [
        (b"a.test", True),
        (b"a.test:80", True),
        (b"a.test:", True),
        (b"[::1]:80", True),
        (b"127.0.0.1", True),
        (b"a_b.test.", True),
        (b"u:p@a.test", False),
        (b"a.test@b", False),
        (b"a.test:-80", False),
        (b"a.test:80:81", False),
        (b"a.test:99999", False),
        (b"[::1", False),
        (b"::1", False),
        (b"[fe80::1%25eth0]", False),
        (b"..", False),
        (b"a/b", False),
        (b"\xc3\xa9.test", False),
        (b"", False),
    ],
)
def test_hosts(host: bytes, good: bool) -> None:
    """Only what can be an authority without userinfo is taken."""
    if good:
        assert split_host(host)[0] == host.lower().removesuffix(b":80").removesuffix(b":")
    else:
        with pytest.raises(BadMessage):
            split_host(host)


def test_a_host_is_split() -> None:
    """Name in lower case and port, which 0 stands for where there is none."""
    assert split_host(b"A.Test:8080") == (b"a.test", 8080)
    assert split_host(b"[::1]") == (b"[::1]", 0)
    parsed = block(b"Host: A.test:81\r\n")
    assert (parsed.name, parsed.port) == (b"a.test", 81)


def test_framing_alone_serves_responses_too() -> None:
    """A response has no Host to check."""
    parsed = parse_block(b"Content-Length: 7\r\n", REQUEST_NAMES)
    frame(parsed)
    assert parsed.length == 7


# Spellings that repeat, that the proxy deals with, and that are new to the table.
NAMES = st.sampled_from([b"Host", b"host", b"Via", b"VIA", b"X-A", b"x-a", b"Cookie"]) | st.binary(
    min_size=1, max_size=4
).filter(lambda name: TOKEN.fullmatch(name) is not None)
VALUES = st.text("ab: \t,é", max_size=8).map(lambda text: text.encode("latin-1"))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8), st.booleans())
@settings(max_examples=300)
def test_the_short_ways_say_what_the_long_one_does(fields: list[tuple[bytes, bytes]], known: bool) -> None:
    """Whatever comes, in whatever order: special fields, plain lines and single look-ups agree.

    So they do for a block of a shape that was met often.
    """
    lines = [b"%b:%b" % field for field in fields]
    raw = b"".join(line + b"\r\n" for line in lines)
    before = parse_block(raw, REQUEST_NAMES)
    for _ in range(OFTEN if known else 0):
        before.shape.meet()
    parsed = parse_block(raw, REQUEST_NAMES, before)
    expected: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        expected.setdefault(name.lower(), []).append(value.strip(b" \t"))
    special = REQUEST_NAMES.special
    assert parsed.special == {name: values for name, values in expected.items() if name in special}
    plain = [line for (name, _), line in zip(fields, lines, strict=True) if name.lower() not in special]
    assert parsed.forward == b"".join(line + b"\r\n" for line in plain)
    for name in (*expected, b"absent"):
        values = expected.get(name, [])
        assert parsed.get_all(name) == values
        assert parsed.only(name) == (values[0] if len(values) == 1 else None)
        assert parsed.lacks(frozenset((name, b"none"))) is (name not in expected)
    assert [(name, value) for name, value, _ in parsed.fields] == [
        (name.lower(), value.strip(b" \t")) for name, value in fields
    ]


def test_a_block_like_the_last_one_is_held_to_the_same_rules() -> None:
    """What a known shape does not take is read, and refused, as if nothing were known."""
    raw = b"Host: a\r\nConnection: x-a\r\nX-A: 1\r\nX-B: 2\r\n"
    last = parse_block(raw, REQUEST_NAMES)
    for _ in range(OFTEN):
        last.shape.meet()
    parsed = parse_block(raw, REQUEST_NAMES, last)
    assert parsed.forward == b"X-B: 2\r\n"
    assert parsed.nominated == {b"x-a"}
    other = parse_block(b"X-B: 2\r\n", REQUEST_NAMES, last)
    assert other.forward == b"X-B: 2\r\n"
    with pytest.raises(BadMessage):
        parse_block(raw.replace(b"1", b"\x00"), REQUEST_NAMES, last)


@pytest.mark.parametrize(
    ("value", "close", "keep_alive"),
    [
        (b"close", True, False),
        (b"keep-alive", False, True),
        (b"Keep-Alive", False, True),
        (b"CLOSE", True, False),
        (b"keep-alive, close", True, True),
        (b"", False, False),
    ],
)
def test_what_connection_says(value: bytes, close: bool, keep_alive: bool) -> None:
    """In any case and company; what it says is never sent on."""
    parsed = block(b"X: 1\r\nConnection: " + value + b"\r\nY: 2\r\n")
    assert (parsed.close, parsed.keep_alive) == (close, keep_alive)
    assert parsed.forward == b"X: 1\r\nY: 2\r\n"
    twice = block(b"Connection: " + value + b"\r\nConnection: close\r\n")
    assert (twice.close, twice.keep_alive) == (True, keep_alive)


def test_a_connection_begins_with_the_latest_shape() -> None:
    """The first block of a connection is read by the pattern of the last one of any; or by none."""
    raw = b"Host: a\r\nX-Latest: 1\r\n"
    for _ in range(OFTEN):
        shape = parse_block(raw, REQUEST_NAMES).shape
    assert REQUEST_NAMES.latest is shape
    assert parse_block(raw.replace(b"1", b"2"), REQUEST_NAMES).only(b"x-latest") == b"2"
    assert shape.met == OFTEN
    assert parse_block(b"X-Other: 1\r\n", REQUEST_NAMES).only(b"x-other") == b"1"
