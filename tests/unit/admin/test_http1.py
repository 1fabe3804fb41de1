"""HTTP/1.1 towards clients of the Admin API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from typing_extensions import override

from tests.kit.deferreds import no_result, success_of
from twisted_kong.admin.http1 import LEAVING_SECONDS, LINGER_BYTES, LINGER_SECONDS, PIECE
from twisted_kong.admin.site import BoundedSite

PATIENCE = 60


class Told(Resource):
    """Answers when the test says so, or at once with what it was asked."""

    isLeaf = True  # noqa: N815 -- the name is twisted.web's

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Any] = []
        self.wait = False
        self.answer: Callable[[Any], bytes] = lambda request: request.uri + b" " + request.body()

    @override
    def render(self, request: Any) -> Any:
        self.requests.append(request)
        if self.wait:
            return NOT_DONE_YET
        if request.too_large:
            request.setResponseCode(413)
            return b"too large"
        return self.answer(request)


class Wire:
    """One connection to a site."""

    def __init__(self, **more: Any) -> None:
        self.clock = Clock()
        self.told = Told()
        self.site = BoundedSite(self.told, self.clock, timeout=PATIENCE, **more)
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "127.0.0.1", 50000))
        self.protocol: Any = self.site.buildProtocol(None)
        self.protocol.makeConnection(self.transport)

    def send(self, *pieces: bytes) -> bytes:
        """What is answered to some bytes, at once and in the next turn."""
        self.transport.clear()
        for piece in pieces:
            self.protocol.dataReceived(piece)
        self.clock.advance(0)
        return self.transport.value()

    def wait(self, seconds: float) -> bytes:
        self.transport.clear()
        self.clock.advance(seconds)
        return self.transport.value()

    @property
    def gone(self) -> bool:
        """Whether our side has closed the connection, or cut it."""
        return self.transport.disconnecting


def request(target: str = "/x", *fields: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def test_requests_are_served_one_after_the_other() -> None:
    """On one connection, which stays."""
    wire = Wire()
    assert wire.send(request("/a")).endswith(b"\r\n\r\n/a ")
    assert wire.send(request("/b", "Content-Length: 2", method="POST", body=b"hi")).endswith(b"/b hi")
    assert not wire.gone


def test_what_comes_early_waits_its_turn() -> None:
    """Pipelined requests are answered in order, each in a turn of its own; meanwhile no more is read."""
    wire = Wire()
    wire.told.wait = True
    assert wire.send(request("/a") + request("/b"), request("/c")) == b""
    assert [each.uri for each in wire.told.requests] == [b"/a"]
    wire.protocol.dataReceived(b"x" * 70_000)
    assert wire.transport.producerState == "paused"
    wire.told.requests[0].finish()
    assert wire.transport.producerState == "producing"
    assert len(wire.told.requests) == 1
    wire.clock.advance(0)
    assert [each.uri for each in wire.told.requests] == [b"/a", b"/b"]


def test_a_target_in_absolute_form_says_the_host() -> None:
    """RFC 9112 §3.2.2: the Host field then has no meaning."""
    wire = Wire()
    wire.told.answer = lambda request: request.uri + b" " + request.getHeader(b"host")
    assert wire.send(request("http://kong.test:8001/services?a=b")).endswith(b"/services?a=b kong.test:8001")
    assert wire.send(request("http://kong.test")).endswith(b"/ kong.test")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", b"505"),
        (request("/x", "A: b\x00c"), b"400"),
        (request("/x", "A : b"), b"400"),
        (request("/x", "Content-Length: 1", "Transfer-Encoding: chunked"), b"400"),
        (request("/x", "Content-Length: 1", "Content-Length: 2"), b"400"),
        (request("/x", "Content-Length: +1"), b"400"),
        (request("/x", "Transfer-Encoding: gzip"), b"501"),
        (request("/x", "Transfer-Encoding: chunked", method="POST", body=b"zz\r\n"), b"400"),
        (request("/x", "Transfer-Encoding: chunked", method="POST", body=b"1\r\nabc"), b"400"),
        (request("/" + "x" * 9000), b"414"),
        (request("/x", "A: " + "x" * 9000), b"400"),
        (request("/x", *["A: b"] * 1100), b"400"),
        (request("/x", method="CONNECT"), b"405"),
        (request("/x", method="TRACE"), b"405"),
        (request("/../x"), b"400"),
        (request("/x%00"), b"400"),
    ],
)
def test_what_is_no_request_is_refused_and_ends_the_connection(sent: bytes, status: bytes) -> None:
    """With nginx's page for the status; the application is not asked."""
    lines: list[str] = []
    wire = Wire(access_log=lines.append)
    answer = wire.send(sent)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"\r\nConnection: close\r\n" in answer
    assert wire.told.requests == []
    assert len(lines) == 1
    wire.wait(LINGER_SECONDS)
    assert wire.gone


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes() -> None:
    """What still comes of it is read over, so that the answer is not lost; when all has come, that is it."""
    wire = Wire(body_limit=10)
    answer = wire.send(request("/x", "Content-Length: 20", method="POST"))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"\r\nConnection: close\r\n" in answer
    assert not wire.gone
    assert wire.send(b"x" * 19) == b""
    assert not wire.gone
    assert wire.send(b"x") == b""
    assert wire.gone


def test_a_body_that_turns_out_too_large_is_refused_at_once() -> None:
    """Its rest is read over for so long, and no longer."""
    wire = Wire(body_limit=10)
    head = request("/x", "Transfer-Encoding: chunked", method="POST")
    assert wire.send(head + b"5\r\nabcde\r\n") == b""
    assert wire.send(b"ff\r\nfghijk").startswith(b"HTTP/1.1 413")
    assert wire.send(b"x" * 1000) == b""
    assert not wire.gone
    wire.wait(LINGER_SECONDS)
    assert wire.gone


def test_only_so_much_is_read_over() -> None:
    """A client that never stops sending is left."""
    wire = Wire(body_limit=10)
    wire.send(request("/x", f"Content-Length: {10**9}", method="POST"))
    assert not wire.gone
    wire.protocol.dataReceived(bytes(LINGER_BYTES))
    assert wire.gone


def test_a_client_that_waits_for_our_word_gets_it_or_an_answer() -> None:
    """100 where the body is wanted, 413 and the end where it is not."""
    wire = Wire(body_limit=10)
    head = request("/x", "Content-Length: 2", "Expect: 100-continue", method="POST")
    assert wire.send(head) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert wire.send(b"hi").endswith(b"/x hi")
    assert b"100 Continue" not in wire.send(head + b"hi")
    refused = wire.send(request("/x", "Content-Length: 20", "Expect: 100-continue", method="POST"))
    assert refused.startswith(b"HTTP/1.1 413")
    assert wire.gone


@pytest.mark.parametrize("begun", [b"GET / HT", request("/x", "Content-Length: 2", method="POST", body=b"h")])
def test_a_request_that_does_not_come_is_not_waited_for(begun: bytes) -> None:
    """A head has so long as a whole, however slowly it comes; a body may pause as long."""
    wire = Wire()
    wire.send(begun)
    wire.clock.advance(PATIENCE - 1)
    assert wire.wait(1).startswith(b"HTTP/1.1 408")
    wire.wait(LINGER_SECONDS)
    assert wire.gone


def test_a_head_that_drips_gains_no_time() -> None:
    """Byte by byte it is late all the same; a body that moves is not."""
    wire = Wire()
    for byte in b"GET /":
        wire.send(bytes([byte]))
        wire.clock.advance(PATIENCE / 5)
    assert b"408" in wire.transport.value()
    wire = Wire()
    wire.send(request("/x", "Content-Length: 5", method="POST"))
    for byte in b"hell":
        wire.send(bytes([byte]))
        wire.clock.advance(PATIENCE - 1)
    assert wire.send(b"o").endswith(b"/x hello")


def test_idle_clients_are_left() -> None:
    """Before the first request, after the last one; not while we owe an answer. Who stays is cut off."""
    silent = Wire()
    silent.clock.advance(PATIENCE)
    assert silent.gone
    wire = Wire()
    wire.told.wait = True
    wire.send(request())
    wire.clock.advance(10 * PATIENCE)
    assert not wire.gone
    wire.told.requests[0].finish()
    wire.clock.advance(PATIENCE)
    assert wire.gone
    wire.transport.disconnecting = False
    wire.clock.advance(LEAVING_SECONDS)
    assert wire.gone


def test_a_large_answer_leaves_as_the_client_takes_it() -> None:
    """No further request is begun before that, and a client that takes nothing is cut off."""
    wire = Wire()
    wire.told.wait = True
    wire.protocol.dataReceived(request() + request())
    channel = wire.protocol._channel
    channel.pauseProducing()
    wire.told.requests[0].write(b"x" * (3 * PIECE))
    wire.told.requests[0].finish()
    wire.clock.advance(0)
    assert wire.transport.value() == b""
    assert len(wire.told.requests) == 1
    channel.resumeProducing()
    assert len(wire.transport.value()) > 3 * PIECE
    wire.clock.advance(0)
    assert len(wire.told.requests) == 2
    channel.pauseProducing()
    wire.told.requests[1].write(b"x")
    wire.told.requests[1].finish()
    wire.clock.advance(PATIENCE)
    assert wire.gone


def test_a_client_that_goes_takes_no_work_with_it() -> None:
    """Who waits for its request to end is told; the site is idle when the work is done."""
    wire = Wire()
    wire.told.wait = True
    wire.send(request())
    ended = wire.told.requests[0].notifyFinish()
    idle = wire.site.idle()
    no_result(idle)
    wire.protocol.connectionLost(Failure(ConnectionError("gone")))
    assert ended.called
    ended.addErrback(lambda _: None)
    success_of(idle)
    assert wire.clock.getDelayedCalls() == []


def test_a_connection_ends_when_somebody_wants_it_to() -> None:
    """The client by Connection or HTTP/1.0, the node because it goes."""
    wire = Wire()
    assert b"\r\nConnection: close\r\n" in wire.send(request("/x", "Connection: close"))
    assert wire.gone
    wire = Wire()
    assert b"\r\nConnection: close\r\n" in wire.send(b"GET / HTTP/1.0\r\n\r\n")
    assert wire.gone
    wire = Wire()
    assert b"\r\nConnection: keep-alive\r\n" in wire.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert not wire.gone
    wire.site.draining = True
    assert b"\r\nConnection: close\r\n" in wire.send(request())
    assert wire.gone
