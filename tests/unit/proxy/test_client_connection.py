"""What does not depend on what a client sends."""

from __future__ import annotations

from twisted.internet.testing import StringTransport

from tests.kit.proxies import Wire, World, get, ok
from twisted_kong.proxy.downstream import Downstream


def test_the_peer_is_known() -> None:
    """Address and trust are looked up once."""
    world = World(trusted=["192.0.2.1"])
    client, _ = world.client()
    assert (client.peer_ip, client.peer_port, client.trusted) == ("192.0.2.1", 4000, True)
    client = Downstream(world.gateway, "http", 80)
    client.makeConnection(Wire(("198.51.100.1", 1)))
    assert not client.trusted


def test_a_connection_that_cannot_half_close_is_closed() -> None:
    """TLS has no half of a connection to close."""
    world = World(routed=False)
    client = Downstream(world.gateway, "https", 443)
    wire = StringTransport()
    client.makeConnection(wire)
    client.dataReceived(get(b"/", b"Connection: close"))
    assert wire.disconnecting


def test_a_client_that_reads_slowly_gets_its_last_answer_whole() -> None:
    """As long as it takes some of it now and then; one that takes nothing is cut off."""
    world = World(send_timeout=20.0)
    _, wire = world.client(get(b"/", b"Connection: close"))
    connection, _ = world.service()
    connection.dataReceived(ok())
    for waiting in (3000, 2000, 1000):
        wire.dataBuffer = b"x" * waiting  # type: ignore[attr-defined]
        world.advance(20.1)
        assert wire.half_closed
        assert wire.disconnecting
        assert not wire.aborted
    world.advance(20.1)
    assert wire.aborted


def test_the_name_of_the_handshake_is_the_sni() -> None:
    """None if the client named nobody."""
    for name, sni in (("a.test", "a.test"), ("", None)):
        world = World()
        client, wire = world.client()
        wire.server_name = name  # type: ignore[attr-defined]
        client.handshakeCompleted()
        assert client.sni == sni


def test_draining_closes_idle_connections_at_once_and_busy_ones_after_their_answer() -> None:
    """No request is cut off."""
    world = World()
    _, idle = world.client()
    _, busy = world.client(get())
    connection, _ = world.service()
    world.gateway.drain(world.reactor, 10.0)
    assert idle.half_closed
    assert not busy.half_closed
    connection.dataReceived(ok())
    assert b"Connection: close\r\n" in busy.take()
    assert busy.half_closed
