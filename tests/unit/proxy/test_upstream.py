"""A connection to a peer: what it takes for an answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tests.kit.proxies import Wire, lose
from twisted_kong.core.http1.heads import ResponseHead
from twisted_kong.proxy.interfaces import Fault
from twisted_kong.proxy.upstream import Upstream
from twisted_kong.proxy.wheel import Wheel


class Sink:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def response_whole(self, head: ResponseHead, body: bytes, now: float) -> None:
        self.told += [head.status, body, "end"]

    def response_started(self, head: ResponseHead, length: int) -> None:
        self.told += [head.status, b""]

    def response_data(self, data: bytes) -> None:
        last = self.told.pop()
        assert isinstance(last, bytes)
        self.told.append(last + data)

    def response_ended(self) -> None:
        self.told.append("end")

    def response_upgraded(self, head: ResponseHead, rest: bytes) -> None:
        self.told += [head.status, rest]

    def upstream_failed(self, fault: Fault, reused: bool) -> None:
        self.told.append((fault, reused))


class Keeper:
    """Notes which connections come back."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.wheel = Wheel(self.clock)
        self.kept: list[Upstream] = []
        self.lost_ones: list[Upstream] = []

    def ready(self, connection: Upstream) -> None:
        pass

    def release(self, connection: Upstream, now: float) -> None:
        self.kept.append(connection)

    def lost(self, connection: Upstream) -> None:
        self.lost_ones.append(connection)


def connected(method: bytes = b"GET") -> tuple[Upstream, Wire, Sink, Keeper]:
    """A connection on which a request was sent."""
    keeper = Keeper()
    connection = Upstream(keeper, "key", False, keeper.clock.seconds)
    wire = Wire()
    connection.makeConnection(wire)
    sink = Sink()
    connection.send(sink, method, b"request", 5.0)
    keeper.wheel.arm(connection, 5.0)
    assert wire.take() == b"request"
    return connection, wire, sink, keeper


@pytest.mark.parametrize(
    ("answer", "method", "told", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"GET", [200, b"hello", "end"], True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"HEAD", [200, b"", "end"], True),
        (b"HTTP/1.1 204 No\r\n\r\n", b"GET", [204, b"", "end"], True),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            b"GET",
            [200, b"", "end"],
            False,
        ),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", b"GET", [200, b"", "end"], False),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            b"GET",
            [200, b"hello", "end"],
            True,
        ),
        (
            b"HTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            b"GET",
            [200, b"hi", "end"],
            True,
        ),
    ],
)
def test_answers_wherever_they_are_cut(answer: bytes, method: bytes, told: list[object], kept: bool) -> None:
    """However an answer arrives it is the same answer, and the connection is kept or not."""
    for cut in range(len(answer) + 1):
        connection, wire, sink, keeper = connected(method)
        for piece in (answer[:cut], answer[cut:]):
            if piece:
                connection.dataReceived(piece)
        assert sink.told == told
        assert bool(keeper.kept) is kept
        assert wire.disconnecting is not kept


@pytest.mark.parametrize(
    "answer",
    [
        b"hello world\r\n",
        b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 102 P\r\n\r\n" * 200,
    ],
)
def test_faults_end_the_connection(answer: bytes) -> None:
    """The sink hears of it once."""
    connection, wire, sink, _ = connected()
    connection.dataReceived(answer)
    lose(connection)
    assert sink.told == [(Fault.INVALID, False)]
    assert wire.aborted


def test_a_fault_in_the_body_is_a_failure_too() -> None:
    """What was told before stands; the rest does not come."""
    connection, wire, sink, _ = connected()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxx\r\n")
    assert sink.told == [200, b"", (Fault.INVALID, False)] or sink.told[-1] == (Fault.INVALID, False)
    assert wire.aborted


def test_more_than_the_answer_spoils_the_connection() -> None:
    """Bytes that nobody asked for could be the answer to the next request of somebody else."""
    connection, wire, sink, keeper = connected()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n")
    assert sink.told == [200, b"hi", "end"]
    assert keeper.kept == []
    assert wire.disconnecting
    idle, wire, _, keeper = connected()
    idle.dataReceived(b"HTTP/1.1 204 No\r\n\r\n")
    idle.dataReceived(b"HTTP/1.1 200 OK\r\n\r\n")
    assert wire.aborted


def test_a_body_until_close() -> None:
    """A clean end completes it, any other breaks it."""
    for clean, last in ((True, "end"), (False, (Fault.LOST, False))):
        connection, _, sink, keeper = connected()
        connection.dataReceived(b"HTTP/1.1 200 OK\r\n\r\nhello")
        lose(connection, clean=clean)
        assert sink.told == [200, b"hello", last]
        assert keeper.lost_ones == [connection]


def test_silence_is_a_timeout() -> None:
    """Counted from the last byte."""
    connection, wire, sink, keeper = connected()
    keeper.clock.advance(4)
    connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    keeper.clock.advance(4)
    assert sink.told == [200, b"hello"]
    keeper.clock.advance(1.1)
    assert sink.told == [200, b"hello", (Fault.TIMEOUT, False)]
    assert wire.aborted
    assert connection.expired


def test_a_kept_connection_that_dies_unheard_says_so() -> None:
    """Only then may a request be repeated at no cost."""
    connection, _, first, keeper = connected()
    connection.dataReceived(b"HTTP/1.1 204 No\r\n\r\n")
    assert keeper.kept == [connection]
    second = Sink()
    connection.send(second, b"GET", b"again", 5.0)
    lose(connection)
    assert first.told == [204, b"", "end"]
    assert second.told == [(Fault.LOST, True)]
    connection, _, sink, _ = connected()
    connection.dataReceived(b"HTTP/1.1 204 No\r\n\r\n")
    connection.send(sink, b"GET", b"again", 5.0)
    connection.dataReceived(b"HTTP")
    lose(connection)
    assert sink.told[-1] == (Fault.LOST, False)


def test_a_request_given_up_hears_nothing_more() -> None:
    """The connection is cut."""
    connection, wire, sink, _ = connected()
    connection.abandon()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\n\r\n")
    lose(connection)
    assert sink.told == []
    assert wire.aborted


def test_pausing() -> None:
    """A paused connection has no deadline; reading on sets it again."""
    connection, wire, _, keeper = connected()
    connection.pause(True)
    keeper.clock.advance(60)
    assert not wire.reading
    assert not wire.aborted
    connection.pause(False)
    assert wire.reading
    keeper.clock.advance(5.1)
    assert wire.aborted


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.1 100 C\r\n",
                b"Content-Length: 5\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"\r\n",
                b"5\r\nhello\r\n",
                b"0\r\n\r\n",
                b"hello",
                b"\x00",
                b"\n",
            ]
        ),
        max_size=8,
    ).map(b"".join),
    st.integers(0, 120),
)
def test_no_bytes_break_a_connection(data: bytes, cut: int) -> None:
    """Any bytes in any pieces: no error, and the sink is told the same."""

    def told(*pieces: bytes) -> list[object]:
        connection, _, sink, _ = connected()
        for piece in pieces:
            if piece and not connection.closed:
                connection.dataReceived(piece)
        return sink.told

    whole = told(data)
    parts = told(data[: min(cut, len(data))], data[min(cut, len(data)) :])
    if not (whole and isinstance(whole[-1], tuple)):
        assert parts == whole
