"""TLS on both sides, over memory."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from typing_extensions import override

from tests.kit.certificates import make_certificate
from tests.kit.proxies import service_row
from twisted_kong.core.conf.suites import SUITES
from twisted_kong.node.certificates import KeyPair
from twisted_kong.proxy.tls import ClientTls, ServerTls, TlsUnavailable


class Peer(Protocol):
    """Notes what it receives and why it ended."""

    def __init__(self) -> None:
        self.received = b""
        self.ended: Any = None

    @override
    def dataReceived(self, data: bytes) -> None:
        self.received += data

    @override
    def connectionLost(self, reason: Any = None) -> None:
        self.ended = reason


class Pipe(StringTransport):
    """Keeps what was written for the other side."""

    @override
    def abortConnection(self) -> None:
        self.disconnecting = True


def pair(name: str) -> KeyPair:
    """A certificate for a name."""
    certificate, key = make_certificate(name)
    return KeyPair(certificate.encode(), key.encode())


def talk(client: ClientTls, server: ServerTls, service: dict[str, Any], host: str) -> tuple[Peer, Peer, Any]:
    """Both sides after a handshake and a word each, and the server's TLS."""
    clock = Clock()
    ends = []
    for creator, is_client in ((client.secure(service, host).creator(), True), (server, False)):
        peer = Peer()
        factory = Factory.forProtocol(Peer)
        factory.buildProtocol = lambda addr, peer=peer: peer  # type: ignore[assignment,misc]
        protocol = TLSMemoryBIOFactory(creator, is_client, factory, clock).buildProtocol(None)
        ends.append((protocol, Pipe(), peer))
    for protocol, pipe, _ in ends:
        protocol.makeConnection(pipe)
    ends[0][0].write(b"hello")
    for _ in range(10):
        clock.advance(0.1)
        for (_, pipe, _), (protocol, _, _) in (ends, ends[::-1]):
            data = pipe.value()
            pipe.clear()
            if data:
                protocol.dataReceived(data)
    return ends[0][2], ends[1][2], ends[1][0]


def test_an_unverified_service() -> None:
    """By default Kong verifies nobody, but names the Host as SNI and offers HTTP/1.1."""
    server = ServerTls([pair("a.test")], SUITES["intermediate"])
    _, served, tls = talk(ClientTls(), server, service_row(protocol="https"), "other.test:8443")
    assert served.received == b"hello"
    assert tls.getHandle().get_servername() == b"other.test"
    assert tls.negotiatedProtocol == b"http/1.1"


def test_a_verified_service() -> None:
    """tls_verify of the Service, or the node's default: the name must be vouched for."""
    server = ServerTls([pair("a.test")], SUITES["modern"])
    trusting = ClientTls(trusted=pair("a.test").certificate, verify=True)
    assert talk(trusting, server, service_row(), "a.test")[1].received == b"hello"
    assert talk(trusting, server, service_row(), "b.test")[1].received == b""
    assert talk(ClientTls(verify=True), server, service_row(), "a.test")[1].received == b""
    asked = service_row(tls_verify=True)
    assert talk(ClientTls(), server, asked, "a.test")[1].received == b""
    assert talk(ClientTls(verify=True), server, service_row(tls_verify=False), "x")[1].received == b"hello"


def test_authorities_of_a_service_replace_ours() -> None:
    """ca_certificates of the Service."""
    server = ServerTls([pair("a.test")], SUITES["intermediate"])
    service = service_row(tls_verify=True, ca_certificates=["ca1"])
    known = ClientTls(authorities_of=lambda ids: pair("a.test").certificate)
    assert talk(known, server, service, "a.test")[1].received == b"hello"
    with pytest.raises(TlsUnavailable):
        ClientTls().secure(service, "a.test")


def test_certificates_of_ours_are_presented() -> None:
    """The node's, or the Service's; one that is not at hand is an error, not a silent omission."""
    for client, service in (
        (ClientTls(client=pair("me.test")), service_row()),
        (ClientTls(pair_of=lambda id: pair("me.test")), service_row(client_certificate={"id": "c1"})),
    ):
        from OpenSSL import SSL

        server = ServerTls([pair("a.test")], SUITES["intermediate"])
        server._context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        _, served, tls = talk(client, server, service, "a.test")
        assert served.received == b"hello"
        assert tls.getHandle().get_peer_certificate() is not None
    with pytest.raises(TlsUnavailable):
        ClientTls().secure(service_row(client_certificate={"id": "c1"}), "a.test")


def test_connections_are_shared_by_identity() -> None:
    """Same name and verification, same way; it is remembered until told to forget."""
    client = ClientTls()
    one = client.secure(service_row(), "a.test:443")
    assert client.secure(service_row(), "a.test") is one
    assert client.secure(service_row(), "b.test").identity != one.identity
    assert client.secure(service_row(tls_verify=True), "a.test").identity != one.identity
    client.forget()
    assert client.secure(service_row(), "a.test") is not one


def test_a_listener_offers_what_it_was_told() -> None:
    """Old protocols are off, in memory as on the wire."""
    server = ServerTls([pair("a.test")], SUITES["modern"])
    from OpenSSL import SSL

    assert server._context.set_options(0) & SSL.OP_NO_TLSv1_2
    assert not server._context.set_options(0) & SSL.OP_NO_TLSv1_3
