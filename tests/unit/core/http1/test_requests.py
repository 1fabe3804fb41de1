"""Request heads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twisted_kong.core.http1 import requests
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.heads import RequestHead
from twisted_kong.core.http1.requests import (
    Limits,
    RequestReader,
    parse_request_line,
    readable_fields,
    without_leading_lines,
)


def read(data: bytes, limits: Limits | None = None) -> RequestHead | None:
    """The head at the start of these bytes."""
    found = RequestReader(limits or Limits()).read(data)
    return None if found is None else found[0]


def status_of(data: bytes) -> int:
    """The status that a refused head deserves."""
    with pytest.raises(BadMessage) as caught:
        read(data)
    return caught.value.status


def target(text: bytes, version: bytes = b"HTTP/1.1", host: bytes = b"Host: a.test\r\n") -> bytes:
    """A GET of this target."""
    return b"GET " + text + b" " + version + b"\r\n" + host + b"\r\n"


def test_a_head_is_read() -> None:
    """Method, path, query, version, host and the offset of the body are found."""
    data = b"POST /a/b?x=1?y HTTP/1.1\r\nHost: a.test:81\r\nContent-Length: 5\r\n\r\nhello"
    found = RequestReader(Limits()).read(data)
    assert found is not None
    head, offset = found
    assert data[offset:] == b"hello"
    assert (head.method, head.path, head.query, head.minor) == (b"POST", b"/a/b", b"x=1?y", 1)
    assert head.host == b"a.test:81"
    assert head.target == b"/a/b?x=1?y"
    assert head.block.length == 5


def test_no_question_mark_is_no_query() -> None:
    """A lone question mark is an empty query, none is none."""
    empty, none = read(target(b"/a?")), read(target(b"/a"))
    assert empty is not None
    assert none is not None
    assert (empty.query, none.query) == (b"", None)


def test_every_split_gives_the_same_head() -> None:
    """Wherever the bytes are cut, the head is incomplete before its end and the same at its end."""
    data = b"GET /x HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n"
    for cut in range(len(data)):
        reader = RequestReader(Limits())
        assert reader.read(data[:cut]) is None
        found = reader.read(data)
        assert found is not None
        assert found[1] == len(data)
        assert found[0].headers.get(b"x-a") == b"b"
    reader = RequestReader(Limits())
    assert [reader.read(data[:n]) is not None for n in range(len(data) + 1)].index(True) == len(data)


def test_a_repeated_head_is_not_parsed_again() -> None:
    """The same bytes on one connection give the same objects; a changed line or block does not."""
    reader = RequestReader(Limits())
    reader.read(target(b"/a"))
    first = reader.read(target(b"/a"))
    again = reader.read(target(b"/a"))
    other = reader.read(target(b"/b"))
    assert first is not None
    assert again is not None
    assert other is not None
    assert again[0] is first[0]
    assert other[0] is not first[0]
    assert other[0].block is first[0].block
    changed = reader.read(target(b"/b", host=b"Host: b.test\r\n"))
    assert changed is not None
    assert changed[0].host == b"b.test"


def test_a_reader_can_forget() -> None:
    """Then the next head is parsed like a first one."""
    reader = RequestReader(Limits())
    reader.read(target(b"/a"))
    first = reader.read(target(b"/a"))
    reader.forget()
    again = reader.read(target(b"/a"))
    assert first is not None
    assert again is not None
    assert again[0] is not first[0]
    assert again[0].path == b"/a"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET  /g HTTP/1.1", 400),
        (b"GET /g HTTP/1.1 ", 400),
        (b"GET /g", 400),
        (b"GET\x0b/g\x0bHTTP/1.1", 400),
        (b" /g HTTP/1.1", 400),
        (b"get /g HTTP/1.1", 400),
        (b"GE/T /g HTTP/1.1", 400),
        (b"G\xc3\x89T /g HTTP/1.1", 400),
        (b"GET /\x7fg HTTP/1.1", 400),
        (b"GET /g HTTP/2.0", 505),
        (b"GET /g HTTP/2", 400),
        (b"GET /g HTTP/0.9", 400),
        (b"GET /g HTTP/01.1", 400),
        (b"GET /g http/1.1", 400),
        (b"GET /g HTTP/+1.1", 400),
        (b"GET /g HTTP/\xef\xbc\x91.\xef\xbc\x91", 400),
        (b"PRI * HTTP/2.0", 505),
    ],
)
def test_bad_request_lines(line: bytes, status: int) -> None:
    """A request line is exactly method, target and version, one space apart."""
    with pytest.raises(BadMessage) as caught:
        parse_request_line(line)
    assert caught.value.status == status


def test_versions() -> None:
    """HTTP/1.0 is 0, any later 1.x is served as 1.1."""
    assert parse_request_line(b"FOO /g HTTP/1.0") == (b"FOO", b"/g", 0)
    assert parse_request_line(b"GET /g HTTP/1.2")[2] == 1


@pytest.mark.parametrize(
    ("text", "path", "host"),
    [
        (b"http://b.test/x?y", b"/x", b"b.test"),
        (b"HTTPS://b.test:8443", b"/", b"b.test:8443"),
        (b"http://b.test?x=1", b"/", b"b.test"),
        (b"//evil.test/x", b"//evil.test/x", b"a.test"),
        (b"/a\\..\\b", b"/a\\..\\b", b"a.test"),
        (b"/a%2fb", b"/a%2fb", b"a.test"),
        (b"/x/%2e%2e/a", b"/x/%2e%2e/a", b"a.test"),
    ],
)
def test_target_forms(text: bytes, path: bytes, host: bytes) -> None:
    """An absolute form decides the host, whatever Host says (RFC 9112 §3.2.2)."""
    head = read(target(text))
    assert head is not None
    assert (head.path, head.host) == (path, host)


@pytest.mark.parametrize(
    "text",
    [
        b"foo",
        b"?x",
        b"*",
        b"a.test:80",
        b"http://u:p@a.test/x",
        b"http:///x",
        b"ftp://a.test/x",
        b"http://a.test:99999/x",
        b"/a%",
        b"/a%zz",
        b"/a%00b",
        b"/../../etc/passwd",
        b"/%2e%2e/%2E%2e/a",
        b"/a/../../b",
    ],
)
def test_targets_that_mean_nothing_certain_are_refused(text: bytes) -> None:
    """No origin, no scheme we serve, no decodable path: 400."""
    assert status_of(target(text)) == 400


def test_methods_that_no_route_sees() -> None:
    """CONNECT and TRACE are answered 405."""
    assert status_of(b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n") == 405
    assert status_of(b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n") == 405


def test_hosts() -> None:
    """HTTP/1.1 needs a Host, HTTP/1.0 does not; chunked bodies need HTTP/1.1."""
    assert status_of(target(b"/g", host=b"")) == 400
    assert status_of(target(b"http://b.test/", host=b"")) == 400
    head = read(target(b"/g", b"HTTP/1.0", b""))
    assert head is not None
    assert head.host == b""
    assert status_of(target(b"/g", b"HTTP/1.0", b"Transfer-Encoding: chunked\r\n")) == 400


def test_limits() -> None:
    """Each limit has Kong's answer, whether the head is complete or never ends."""
    assert status_of(target(b"/" + b"a" * 9000)) == 414
    assert status_of(b"GET /" + b"a" * 9000) == 414
    assert status_of(target(b"/", host=b"Host: a\r\nX: " + b"a" * 9000 + b"\r\n")) == 494
    assert status_of(target(b"/", host=b"Host: a\r\n" + b"X: a\r\n" * 1001)) == 494
    assert status_of(b"GET / HTTP/1.1\r\n" + b"X: aaaaaaaaaa\r\n" * 7000) == 494
    assert status_of(target(b"/", host=b"X: aaaaaaaaaa\r\n" * 7000)) == 494


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"\x16\x03\x01\x02\x00",
        b"SSH-2.0-OpenSSH\r\n",
        b"GET / HTTP/1.1\r\nHost: a\nX",
        b"GET / HTTP/1.1\r\nX: \x00",
        b"GET / HTTP/1.1\rHost",
    ],
)
def test_what_can_never_become_a_request_is_refused_at_once(data: bytes) -> None:
    """No waiting for the end of what is wrong already, nor when it comes byte by byte."""
    assert status_of(data) in (400, 505)
    reader = RequestReader(Limits())

    def drip() -> None:
        for end in range(len(data) + 1):
            reader.read(data[:end])

    with pytest.raises(BadMessage):
        drip()


ALPHABET = st.sampled_from(
    b"GET|POST| |/|HTTP/1.1|HTTP/1.0|\r\n|\n|\r|Host: a|Host:|X|:|Content-Length: |5|chunked|"
    b"Transfer-Encoding: |Connection: |close|\x00|\xff|?|%|http://|\t|,|\r\n\r\n".split(b"|")
)


@settings(deadline=None, max_examples=300)
@given(st.lists(ALPHABET, max_size=24).map(b"".join), st.lists(st.integers(0, 200), max_size=4))
def test_no_input_breaks_the_reader_and_splits_do_not_matter(data: bytes, cuts: list[int]) -> None:
    """Any bytes give a head, a wait or BadMessage; pieces end as the whole does."""

    def outcome(ends: list[int]) -> tuple[bytes, int] | str | None:
        reader = RequestReader(Limits())
        for end in ends:
            try:
                found = reader.read(data[:end])
            except BadMessage:
                return "refused"
            if found is not None:
                return found[0].line + found[0].block.raw, found[1]
        return None

    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    assert outcome(ends) == outcome([len(data)])


def test_fields_of_what_is_no_request_are_read_as_far_as_they_can_be() -> None:
    """All of them or none, never an error."""
    assert readable_fields(b"?\r\nAccept: a/b\r\n\r\n").get_all(b"accept") == [b"a/b"]
    for data in (b"", b"?", b"?\r\n\r\n", b"?\r\nAccept: a\r\n", b"?\r\nAccept: a\r\nx\r\n\r\n", b"\r\n\r\n"):
        assert readable_fields(data).get_all(b"accept") == []


def test_a_line_that_was_seen_says_nothing_of_its_fields() -> None:
    """The same line under other fields is another request: its host, its framing, and its faults."""
    for _ in range(2):
        first = read(b"GET /seen?a HTTP/1.1\r\nHost: one.test\r\n\r\n")
        second = read(b"GET /seen?a HTTP/1.1\r\nHost: two.test:81\r\nConnection: close\r\n\r\n")
        assert first is not None
        assert second is not None
        assert (first.name, first.persistent) == (b"one.test", True)
        assert (second.name, second.port, second.persistent) == (b"two.test", 81, False)
        assert (second.target, second.path, second.query, second.normal) == (
            b"/seen?a",
            b"/seen",
            b"a",
            "/seen",
        )
        assert status_of(b"GET /seen?a HTTP/1.1\r\n\r\n") == 400
        assert status_of(b"GET /../seen HTTP/1.1\r\nHost: a\r\n\r\n") == 400


def test_lines_seen_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lines clients make up, and however long: they are forgotten or not remembered."""
    monkeypatch.setattr(requests, "_LINES", {})
    monkeypatch.setattr(requests, "_REMEMBERED", 10)
    for number in range(25):
        head = read(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
        assert head is not None
        assert head.path == b"/%d" % number
        assert len(requests._LINES) <= 10
    before = dict(requests._LINES)
    assert read(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 300)) is not None
    assert before == requests._LINES


def test_a_few_empty_lines_before_a_request_are_ignored() -> None:
    """RFC 9112 §2.2: one at least; not any number of them."""
    assert without_leading_lines(b"\r\n\r\nGET") == b"GET"
    assert without_leading_lines(b"GET") == b"GET"
    assert without_leading_lines(b"\r\n" * 9) == b"\r\n" * 5
