"""Transports that send at once, on a socket that does what the test says."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.protocol import ClientFactory
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.protocols.tls import TLSMemoryBIOProtocol
from typing_extensions import override

from tests.kit.proxies import Wire
from twisted_kong.proxy.transport import (
    GATHERED,
    DirectWrite,
    connect,
    half_close,
    let_go,
    listen,
    no_delay,
    unsent,
)


class Socket:
    """Takes so many bytes at each send, or fails; has what the test puts in to be read."""

    def __init__(self, *takes: int | OSError, reads: tuple[bytes | OSError, ...] = ()) -> None:
        self.takes = list(takes)
        self.reads = list(reads)
        self.sent = b""

    def setblocking(self, flag: bool) -> None:
        pass

    def fileno(self) -> int:
        return 7

    def send(self, data: Any) -> int:
        take = self.takes.pop(0) if self.takes else len(data)
        if isinstance(take, OSError):
            raise take
        self.sent += bytes(data[:take])
        return min(take, len(data))

    def recv(self, size: int) -> bytes:
        read = self.reads.pop(0)
        if isinstance(read, OSError):
            raise read
        return read

    def shutdown(self, how: int) -> None:
        pass

    def close(self) -> None:
        pass


class Reactor(MemoryReactorClock):
    """Knows who wants to write."""

    def __init__(self) -> None:
        super().__init__()
        self.writing: set[Any] = set()

    def addWriter(self, writer: Any) -> None:  # noqa: N802 - Twisted's name
        self.writing.add(writer)

    def removeWriter(self, writer: Any) -> None:  # noqa: N802 - Twisted's name
        self.writing.discard(writer)


class Received:
    """Notes what arrives."""

    def __init__(self) -> None:
        self.data: list[bytes] = []

    def dataReceived(self, data: bytes) -> None:
        self.data.append(data)


def made(*takes: int | OSError, reads: tuple[bytes | OSError, ...] = ()) -> tuple[Any, Socket, Reactor]:
    """A connected transport over such a socket."""
    fake = Socket(*takes, reads=reads)
    reactor = Reactor()
    transport: Any = DirectWrite(fake, Received(), reactor)  # type: ignore[arg-type]
    transport.connected = 1
    return transport, fake, reactor


def test_what_fits_is_sent_at_once() -> None:
    """Without bothering the reactor."""
    transport, fake, reactor = made()
    transport.write(b"hello")
    transport.write(b"")
    assert fake.sent == b"hello"
    assert reactor.writing == set()


def test_only_the_rest_waits() -> None:
    """In order, behind what waits already."""
    transport, fake, reactor = made(2)
    transport.write(b"hello")
    transport.write(b" world")
    assert fake.sent == b"he"
    assert reactor.writing == {transport}
    transport.doWrite()
    assert fake.sent == b"hello world"
    assert reactor.writing == set()
    transport.write(b"!")
    assert fake.sent == b"hello world!"


def test_a_full_or_broken_socket_is_left_to_the_reactor() -> None:
    """Which finds out what is wrong."""
    for error in (BlockingIOError(), OSError(32, "broken pipe")):
        transport, fake, reactor = made(error)
        transport.write(b"hello")
        assert fake.sent == b""
        assert reactor.writing == {transport}


def test_a_producer_is_paused_and_resumed() -> None:
    """As with Twisted's own transports."""

    class Producer:
        calls: list[str] = []

        def pauseProducing(self) -> None:
            self.calls.append("pause")

        def resumeProducing(self) -> None:
            self.calls.append("resume")

        def stopProducing(self) -> None:
            self.calls.append("stop")

    transport, _, _ = made(0)
    transport.registerProducer(Producer(), True)
    transport.write(b"x" * 100_000)
    assert Producer.calls == ["pause"]
    transport.doWrite()
    assert Producer.calls == ["pause", "resume"]


def test_a_producer_that_must_be_asked_is_asked_again() -> None:
    """Though its piece was sent at once and nothing waits."""

    class Pulled:
        calls = 0

        def resumeProducing(self) -> None:
            self.calls += 1
            transport.write(b"piece")

        def stopProducing(self) -> None:
            pass

    transport, fake, reactor = made()
    producer = Pulled()
    transport.registerProducer(producer, False)
    assert producer.calls == 1
    assert reactor.writing == {transport}
    transport.doWrite()
    assert producer.calls == 2
    assert fake.sent == b"piecepiece"


def test_reading() -> None:
    """Data goes to the protocol; an end or an error is the reactor's to handle."""
    reads = (b"data", BlockingIOError(), b"", OSError(104, "reset"))
    transport, _, _ = made(reads=reads)
    assert transport.doRead() is None
    assert transport.protocol.data == [b"data"]
    assert transport.doRead() is None
    assert transport.doRead() is CONNECTION_DONE
    assert transport.doRead() is CONNECTION_LOST


def test_nothing_is_written_after_the_end() -> None:
    """A lost connection swallows it."""
    transport, fake, _ = made()
    transport.connected = 0
    transport.write(b"x")
    assert fake.sent == b""


def test_other_reactors_use_what_they_have() -> None:
    """A reactor without descriptors listens and connects in its own way."""
    reactor = MemoryReactorClock()
    listen(reactor, 80, object(), interface="127.0.0.1", backlog=5)  # type: ignore[arg-type]
    connect(reactor, "10.0.0.1", 81, ClientFactory(), 3.0)
    assert reactor.tcpServers[0][0] == 80
    assert reactor.tcpClients[0][:2] == ("10.0.0.1", 81)
    assert reactor.tcpClients[0][3] == 3.0


def test_what_a_transport_cannot_do() -> None:
    """Is told, or does not matter."""
    wire = Wire()
    assert half_close(wire)
    assert wire.half_closed
    assert not half_close(StringTransport())
    no_delay(object())
    assert socket.AF_INET


def gathering(*takes: int | OSError) -> tuple[Any, Socket, Reactor, list[Any]]:
    """A transport on a reactor that is in the middle of several events."""
    transport, fake, reactor = made(*takes)
    unsent: list[Any] = []
    reactor.unsent = unsent  # type: ignore[attr-defined]
    return transport, fake, reactor, unsent


def test_what_several_events_write_leaves_together() -> None:
    """Pieces of one turn are one send at its end, and none is sent twice."""
    transport, fake, reactor, unsent = gathering()
    transport.write(b"head ")
    transport.write(b"body")
    assert fake.sent == b""
    assert unsent == [transport]
    assert not reactor.writing
    transport.send_gathered()
    transport.send_gathered()
    assert fake.sent == b"head body"
    assert not reactor.writing
    reactor.unsent = None  # type: ignore[attr-defined]
    transport.write(b" more")
    assert fake.sent == b"head body more"


def test_much_does_not_wait() -> None:
    """Large data goes out at once, behind what was written before it."""
    transport, fake, _, unsent = gathering()
    transport.write(b"x" * (GATHERED + 1))
    assert len(fake.sent) == GATHERED + 1
    assert not unsent
    transport.write(b"a")
    transport.write(b"y" * GATHERED)
    assert fake.sent.endswith(b"xa" + b"y" * GATHERED)
    transport.send_gathered()
    assert len(fake.sent) == 2 * GATHERED + 2


def test_a_rest_of_what_was_gathered_is_left_to_the_reactor() -> None:
    """Order is kept when the socket takes only a part at the end of the turn."""
    transport, fake, reactor, _ = gathering(3)
    transport.write(b"abcdef")
    transport.send_gathered()
    assert fake.sent == b"abc"
    assert transport in reactor.writing
    transport.write(b"ghi")
    assert fake.sent == b"abc"
    transport.doWrite()
    assert fake.sent == b"abcdefghi"
    assert not reactor.writing


def test_the_reactor_may_be_faster() -> None:
    """A writable event before the end of the turn sends what was gathered; nothing is lost or repeated."""
    transport, fake, reactor, _ = gathering(2)
    transport.write(b"abc")
    transport.doWrite()
    transport.write(b"def")
    transport.send_gathered()
    assert fake.sent == b"ab"
    assert transport in reactor.writing
    transport.doWrite()
    transport.doWrite()
    assert fake.sent == b"abcdef"


def test_the_end_of_a_connection_and_what_was_gathered() -> None:
    """An abort sends it first, as a direct write would have; a lost connection has nowhere to send it."""
    transport, fake, _, _ = gathering()
    transport.write(b"partial")
    transport.abortConnection()
    assert fake.sent == b"partial"
    transport, fake, _, _ = gathering()
    transport.write(b"late")
    transport.connected = 0
    transport.send_gathered()
    assert fake.sent == b""


def test_losing_a_half_closed_connection_waits_for_the_next_turn() -> None:
    """TLS still works on what it received when it asks for the end; nothing may be taken from under it."""
    transport, _, reactor = made()
    ended: list[Any] = []
    transport.protocol.connectionLost = ended.append
    transport._writeDisconnected = True
    transport.loseConnection()
    transport.loseConnection()
    assert ended == []
    reactor.advance(0)
    assert [reason.value for reason in ended] == [CONNECTION_DONE]
    transport.loseConnection()
    assert reactor.getDelayedCalls() == []


def test_below_tls_the_end_is_told_first_and_then_closed() -> None:
    """Both ends, of TLS and of what carries it; without the first an answer counts as cut off."""

    class Secure(TLSMemoryBIOProtocol):
        def __init__(self, below: Any) -> None:
            self.transport = below
            self.told = False

        @override
        def loseConnection(self) -> None:
            self.told = not self.transport.half_closed

    wire: Any = Wire()
    secure = Secure(wire)
    assert half_close(secure)
    assert secure.told
    assert wire.half_closed
    wire.dataBuffer, wire._tempDataLen = b"abc", 4
    assert unsent(secure) == unsent(wire) == 7
    let_go(secure)
    assert wire.disconnecting
