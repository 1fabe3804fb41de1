"""Connections that begin with a header of the PROXY protocol."""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.logger import LogLevel
from twisted.python.failure import Failure

from tests.kit.logs import captured_lines
from tests.kit.proxies import Wire, World, get
from twisted_kong.proxy.downstream import Downstream
from twisted_kong.proxy.listeners import ClientFactory
from twisted_kong.proxy.proxy_protocol import IntroducedFactory
from twisted_kong.proxy.real_ip import RealIp, TrustedIps

BALANCER = "192.0.2.1"
HEADER = b"PROXY TCP4 198.51.100.7 10.0.0.1 1234 443\r\n"


class Listener:
    """A listener with the flag, and a peer that connects to it."""

    def __init__(self, *trusted: str, header: bytes = b"proxy_protocol", **settings: Any) -> None:
        self.world = World(**settings)
        self.gateway = self.world.gateway
        self.gateway.real_ip = RealIp(TrustedIps(trusted), header, False)
        self._factory = IntroducedFactory(self.gateway, ClientFactory(self.gateway, "http"))

    def connect(self, *pieces: bytes) -> Wire:
        """The transport of a connection that has brought this."""
        wire = Wire((BALANCER, 4000))
        wire.protocol = self._factory.buildProtocol(None)  # type: ignore[attr-defined]
        wire.protocol.makeConnection(wire)  # type: ignore[attr-defined]
        for piece in pieces:
            wire.protocol.dataReceived(piece)  # type: ignore[attr-defined]
        return wire

    def clients(self) -> list[tuple[str, str]]:
        """Peer and client of each request so far."""
        return [(ctx.peer_ip, f"{ctx.client_ip}:{ctx.client_port}") for ctx in self.world.contexts]


def protocol_of(wire: Wire) -> Any:
    """What serves a connection now."""
    return wire.protocol  # type: ignore[attr-defined]


def test_the_header_names_the_client_of_every_request() -> None:
    """Where the peer is trusted and real_ip_header says so; the peer stays who it is."""
    listener = Listener(BALANCER, routed=False)
    wire = listener.connect(HEADER + get() + get(b"/", b"X-Real-IP: 6.6.6.6", b"Proxy_Protocol: 6.6.6.6"))
    assert wire.take().count(b"HTTP/1.1 404") == 2
    assert listener.clients() == [(BALANCER, "198.51.100.7:1234")] * 2
    assert isinstance(protocol_of(wire), Downstream)


def test_a_peer_that_is_not_trusted_is_the_client_itself() -> None:
    """Its header is demanded and read all the same."""
    listener = Listener("10.0.0.0/8", routed=False)
    listener.connect(HEADER + get())
    assert listener.clients() == [(BALANCER, f"{BALANCER}:4000")]


def test_the_header_does_not_count_unless_real_ip_header_says_so() -> None:
    """A header of the request does then, as on every listener."""
    listener = Listener(BALANCER, header=b"x-real-ip", routed=False)
    listener.connect(HEADER + get() + get(b"/", b"X-Real-IP: 9.9.9.9"))
    assert listener.clients() == [(BALANCER, f"{BALANCER}:4000"), (BALANCER, "9.9.9.9:0")]


def test_a_header_that_names_nobody() -> None:
    """Health checks of the balancer itself: the peer is the client."""
    listener = Listener(BALANCER, routed=False)
    for header in (b"PROXY UNKNOWN\r\n", b"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"):
        wire = listener.connect(header + get())
        assert wire.take().startswith(b"HTTP/1.1 404")
    assert listener.clients() == [(BALANCER, f"{BALANCER}:4000")] * 2


def test_a_header_may_come_in_pieces() -> None:
    """Byte by byte, with the request in the last one."""
    listener = Listener(BALANCER, routed=False)
    data = HEADER + get()
    wire = listener.connect(*(data[place : place + 1] for place in range(len(data))))
    assert wire.take().startswith(b"HTTP/1.1 404")
    assert (listener.gateway.accepted, len(listener.gateway.connections)) == (1, 1)


def test_what_does_not_begin_with_a_header_is_closed_unanswered() -> None:
    """Counted each time, told once a minute: nobody can fill the log."""
    listener = Listener(BALANCER, routed=False)
    with captured_lines(LogLevel.warn) as lines:
        for _ in range(3):
            wire = listener.connect(get())
            assert wire.aborted
            assert not wire.take()
            protocol_of(wire).dataReceived(HEADER + get())
            protocol_of(wire).connectionLost(Failure(connectionDone.value))
        listener.world.advance(60)
        listener.connect(b"\r\n\r\nx")
    assert listener.clients() == []
    assert listener.gateway.refused == {"proxy_protocol": 4}
    assert [line.rpartition("; ")[2].partition(" ")[0] for line in lines] == ["1", "4"]
    assert BALANCER in lines[0]


def test_the_header_must_come_in_time() -> None:
    """However slowly it trickles; the request has a time of its own afterwards."""
    listener = Listener(BALANCER, header_timeout=10.0, routed=False)
    slow, quick = listener.connect(HEADER[:5]), listener.connect(HEADER)
    listener.world.advance(9)
    protocol_of(slow).dataReceived(HEADER[5:-1])
    listener.world.advance(1.1)
    assert slow.aborted
    assert listener.gateway.refused == {"proxy_protocol": 1}
    assert not quick.aborted
    assert quick.half_closed


def test_draining_waits_for_no_header() -> None:
    """No request can be in flight; when the connection is lost nothing of it is left."""
    listener = Listener(BALANCER)
    wire = listener.connect(HEADER[:5])
    assert protocol_of(wire).spare_since() is None
    done = listener.gateway.drain(listener.world.reactor, 5.0)
    assert wire.aborted
    protocol_of(wire).connectionLost(Failure(connectionDone.value))
    assert done.called
    assert not listener.gateway.connections
    assert not listener.world.reactor.getDelayedCalls()
