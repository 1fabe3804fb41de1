"""Listening, as proxy_listen says."""

from __future__ import annotations

import pytest
from twisted.internet.error import CannotListenError
from twisted.protocols.tls import TLSMemoryBIOFactory

from tests.kit.certificates import make_certificate
from tests.kit.proxies import World
from twisted_kong.core.conf.listeners import Listener
from twisted_kong.core.conf.suites import SUITES
from twisted_kong.node.certificates import KeyPair
from twisted_kong.proxy.downstream import Downstream
from twisted_kong.proxy.listeners import ClientFactory, Listening, UnsupportedListener
from twisted_kong.proxy.proxy_protocol import Introduced, Introduction
from twisted_kong.proxy.real_ip import RealIp, TrustedIps
from twisted_kong.proxy.secured import SecuredClient
from twisted_kong.proxy.tls import ServerTls


def test_each_entry_is_listened_on() -> None:
    """Plain and TLS, with the port that clients know."""
    certificate, key = make_certificate("a.test")
    tls = ServerTls([KeyPair(certificate.encode(), key.encode())], SUITES["intermediate"])
    world = World(port_maps={8443: 443})
    entries = [Listener("127.0.0.1", 8000, backlog=7), Listener("127.0.0.1", 8443, ssl=True, http2=True)]
    listening = Listening(world.reactor, entries, world.gateway, tls)
    listening.start()
    (port, plain, backlog, interface), (tls_port, secure, *_) = world.reactor.tcpServers
    assert (port, backlog, interface) == (8000, 7, "127.0.0.1")
    assert isinstance(plain, ClientFactory)
    made = plain.buildProtocol(None)
    assert isinstance(made, Downstream)
    assert (made.scheme, made.port) == ("http", 8000)
    assert tls_port == 8443
    assert isinstance(secure, TLSMemoryBIOFactory)
    inner = secure.wrappedFactory.buildProtocol(None)
    assert (inner.scheme, inner.port) == ("https", 443)
    assert len(list(listening.addresses())) == 2
    assert listening.stop().called
    assert listening.ports == []


def test_listeners_with_the_flag_wait_for_a_header() -> None:
    """Before TLS, where there is some; others know nothing of it."""
    certificate, key = make_certificate("a.test")
    tls = ServerTls([KeyPair(certificate.encode(), key.encode())], SUITES["intermediate"])
    world = World()
    for flag, protocols in ((True, [Introduction] * 2), (False, [Downstream, SecuredClient])):
        entries = [Listener("127.0.0.1", 1, ssl=ssl, proxy_protocol=flag) for ssl in (False, True)]
        Listening(world.reactor, entries, world.gateway, tls).start()
        for protocol in protocols:
            _, factory, *_ = world.reactor.tcpServers.pop(0)
            assert type(factory.buildProtocol(None)) is protocol


def test_who_was_introduced_counts_where_real_ip_header_says_so() -> None:
    """Else the header of the connection is read over."""
    gateway = World().gateway
    for header, named in ((b"x-real-ip", None), (b"proxy_protocol", ("198.51.100.7", 1))):
        gateway.real_ip = RealIp(TrustedIps([]), header, False)
        factory = ClientFactory(gateway, "http")
        assert factory.buildProtocol(Introduced(("198.51.100.7", 1))).named == named
        assert factory.buildProtocol(Introduced(None)).named is None
        assert factory.buildProtocol(None).named is None


def test_what_cannot_be_done_is_said() -> None:
    """Before anything is listened on."""
    world = World()
    entries = [Listener("127.0.0.1", 1), Listener("127.0.0.1", 8443, ssl=True)]
    with pytest.raises(UnsupportedListener):
        Listening(world.reactor, entries, world.gateway).start()
    assert world.reactor.tcpServers == []


def test_all_or_none() -> None:
    """An address in use leaves no other listener behind."""
    world = World()
    listening = Listening(world.reactor, [Listener("127.0.0.1", 1), Listener("127.0.0.1", 2)], world.gateway)
    original = world.reactor.listenTCP

    def busy(port: int, *arguments: object) -> object:
        if port == 2:
            raise CannotListenError("127.0.0.1", 2, OSError("in use"))
        return original(port, *arguments)

    world.reactor.listenTCP = busy  # type: ignore[method-assign,assignment]
    with pytest.raises(CannotListenError):
        listening.start()
    assert listening.ports == []
