"""One request over HTTP/2: judged as one of HTTP/1.1 is."""

from __future__ import annotations

import pytest
from h2.events import InformationalResponseReceived, ResponseReceived

from tests.unit.admin.test_http2 import Client
from twisted_kong.admin.http2_stream import head_of
from twisted_kong.core.http1.errors import BadMessage
from twisted_kong.core.http1.requests import Limits

FIELDS = [
    (b":method", b"GET"),
    (b":path", b"/x?a=b"),
    (b":scheme", b"https"),
    (b":authority", b"kong.test:8444"),
]


def test_a_head_is_what_http1_would_have() -> None:
    """The authority is the Host, named once."""
    head = head_of([*FIELDS, (b"host", b"kong.test:8444"), (b"a", b"b")], Limits())
    assert (head.method, head.target, head.host) == (b"GET", b"/x?a=b", b"kong.test:8444")
    assert head.headers.items() == [(b"host", b"kong.test:8444"), (b"a", b"b")]
    only_host = head_of([*FIELDS[:3], (b"host", b"a.test")], Limits())
    assert only_host.host == b"a.test"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([*FIELDS, (b"a", b"b\r\nhost: evil.test")], 400),
        ([*FIELDS, (b"a", b"b\x00")], 400),
        ([*FIELDS, (b"a", b"x" * 9000)], 494),
        ([FIELDS[0], (b":path", b"/" + b"x" * 9000), *FIELDS[2:]], 414),
        ([FIELDS[0], (b":path", b"/a b"), *FIELDS[2:]], 400),
        ([FIELDS[0], (b":path", b"/../x"), *FIELDS[2:]], 400),
        ([(b":method", b"get"), *FIELDS[1:]], 400),
        ([(b":method", b"TRACE"), *FIELDS[1:]], 405),
        ([*FIELDS[:3], (b":authority", b"a b")], 400),
        (FIELDS[:3], 400),
        ([*FIELDS, (b"content-length", b"+1")], 400),
        ([*FIELDS, *[(b"a", b"b")] * 1100], 494),
    ],
)
def test_a_head_that_breaks_a_rule_is_refused(fields: list[tuple[bytes, bytes]], status: int) -> None:
    """With the status that HTTP/1.1 would give it."""
    with pytest.raises(BadMessage) as fault:
        head_of(fields, Limits())
    assert fault.value.status == status


def test_a_refused_head_is_answered_on_its_stream() -> None:
    """The connection stays, and the log has the line."""
    client = Client()
    client.ask(1, "/../x")
    client.ask(3)
    client.turn()
    assert client.statuses() == [b"400", b"200"]
    assert '"GET ' in client.lines[0]


def test_fields_of_a_connection_are_left_out_of_answers() -> None:
    """RFC 9113 §8.2.2 forbids them; a HEAD is answered without a body."""
    client = Client()

    def answer(request: object) -> bytes:
        request.setHeader(b"Connection", b"close")  # type: ignore[attr-defined]
        request.setHeader(b"X-A", b"b")  # type: ignore[attr-defined]
        return b"body"

    client.told.answer = answer
    client.ask(1, method="HEAD")
    client.turn()
    (event,) = client.of(ResponseReceived)
    names = [name for name, _ in event.headers]
    assert b"connection" not in names
    assert (b"x-a", b"b") in list(event.headers)
    assert client.body(1) == b""


def test_a_client_that_waits_for_our_word_gets_it() -> None:
    """An interim answer, then the answer."""
    client = Client()
    client.ask(1, "/x", ("expect", "100-continue"), ("content-length", "2"), method="POST", end=False)
    client.turn()
    assert len(client.of(InformationalResponseReceived)) == 1
    client.h2.send_data(1, b"hi", end_stream=True)
    client.turn()
    assert client.body(1) == b"/x hi"
