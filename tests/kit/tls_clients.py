"""Clients of TLS in memory: Python's own, against what our listeners make of a connection."""

from __future__ import annotations

import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from typing_extensions import override

from tests.kit.certificates import make_certificate
from twisted_kong.node.certificates import KeyPair
from twisted_kong.proxy.secured import SecuredFactory

# More flights than any handshake has.
_FLIGHTS = 8


def key_pair(name: str) -> KeyPair:
    """A self-signed certificate for a name."""
    certificate, key = make_certificate(name)
    return KeyPair(certificate.encode(), key.encode())


def common_name(der: bytes) -> str:
    """Whom a certificate is for."""
    subject = x509.load_der_x509_certificate(der).subject
    return str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def trusting(version: ssl.TLSVersion | None = None, ciphers: str | None = None) -> ssl.SSLContext:
    """What a client brings along that trusts anybody; sessions are resumed within one of these."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if ciphers is not None:
        context.set_ciphers(ciphers)
    return context


class Talker(Protocol):
    """Says a word when TLS is up."""

    def __init__(self) -> None:
        self.received = b""

    @override
    def dataReceived(self, data: bytes) -> None:
        self.received += data
        self.transport.write(b"word")


class Pipe(StringTransport):
    """Keeps what was written for the client."""

    @override
    def abortConnection(self) -> None:
        self.disconnecting = True


class ServerSide:
    """A connection to a listener: its protocol, and what it writes."""

    def __init__(self, tls: Any) -> None:
        self.clock, self.application, self.pipe = Clock(), Talker(), Pipe()
        factory = Factory.forProtocol(Talker)
        factory.buildProtocol = lambda addr: self.application  # type: ignore[assignment,misc]
        self.protocol: Any = SecuredFactory(tls, factory, self.clock).buildProtocol(None)
        self.protocol.makeConnection(self.pipe)

    def exchange(self, data: bytes) -> bytes:
        """What the listener answers to some bytes."""
        if data:
            self.protocol.dataReceived(data)
        self.clock.advance(0)
        answer: bytes = self.pipe.value()
        self.pipe.clear()
        return answer


class Conversation:
    """A handshake that has succeeded, and the client's side of what follows."""

    def __init__(self, tls: Any, client: ssl.SSLContext | None = None) -> None:
        self.server = ServerSide(tls)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = client or trusting()
        self.side = context.wrap_bio(self._incoming, self._outgoing, server_hostname="a.test")
        for _ in range(_FLIGHTS):
            with suppress(ssl.SSLWantReadError):
                self.side.do_handshake()
            self.feed(self._outgoing.read())

    def record(self, data: bytes) -> bytes:
        """A record with these bytes, as it is sent."""
        self.side.write(data)
        return self._outgoing.read()

    def farewell(self) -> bytes:
        """The end of the client's side, as it is sent."""
        with suppress(ssl.SSLWantReadError):
            self.side.unwrap()
        return self._outgoing.read()

    def feed(self, data: bytes) -> None:
        """Have the listener receive bytes in one piece, and the client what it answers."""
        self._incoming.write(self.server.exchange(data))

    def read(self) -> bytes:
        """All that the client can read."""
        found = b""
        with suppress(ssl.SSLWantReadError):
            while piece := self.side.read(65536):
                found += piece
        return found


@dataclass(frozen=True)
class Met:
    """How a handshake went, from the client's view; ``shown`` is the common name of the certificate."""

    shown: str
    resumed: bool
    session: ssl.SSLSession | None
    cipher: str
    version: str
    server: ServerSide


def meet(
    tls: Any,
    name: str | None,
    *,
    client: ssl.SSLContext | None = None,
    session: ssl.SSLSession | None = None,
) -> Met:
    """A handshake and a word each; ssl.SSLError if the client is refused or refuses."""
    server = ServerSide(tls)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = client or trusting()
    side = context.wrap_bio(incoming, outgoing, server_hostname=name, session=session)
    done = False
    for _ in range(_FLIGHTS):
        try:
            if not done:
                side.do_handshake()
                side.write(b"hello")
                done = True
            elif side.read(100) == b"word":
                break
        except ssl.SSLWantReadError:
            pass
        incoming.write(server.exchange(outgoing.read()))
    assert server.application.received == b"hello"
    shown = side.getpeercert(binary_form=True)
    assert shown is not None
    cipher, version = side.cipher(), side.version()
    assert cipher is not None
    assert version is not None
    met = Met(common_name(shown), bool(side.session_reused), side.session, cipher[0], version, server)
    with suppress(ssl.SSLWantReadError):
        # A session whose connection was not closed in order is not resumed.
        side.unwrap()
    return met
