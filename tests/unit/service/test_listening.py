"""The listeners of the Admin and Status APIs, and the certificates of all listeners."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL
from twisted.internet.address import IPv4Address
from twisted.internet.error import CannotListenError
from twisted.internet.testing import StringTransport
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from typing_extensions import override

from tests.kit.certificates import make_certificate
from tests.kit.deferreds import started, success_of
from tests.kit.memory_node import RecordingReactor
from tests.kit.running import make_conf
from twisted_kong.admin.site import BoundedSite
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.listeners import Listener
from twisted_kong.node.certificates import KeyPair
from twisted_kong.node.prefix import PrefixError
from twisted_kong.proxy.tls import ClientCheck
from twisted_kong.proxy.tls_contexts import Sessions
from twisted_kong.service.listening import (
    ADMIN,
    PROXY,
    STATUS,
    ListenerTls,
    SiteListening,
    client_check,
    single_process,
)


class Slow(Resource):
    """Answers when the test says so."""

    isLeaf = True  # noqa: N815 - Twisted's name

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Any] = []

    @override
    def render(self, request: Any) -> int:
        self.requests.append(request)
        return NOT_DONE_YET


def listeners(path: Path, text: str) -> tuple[Listener, ...]:
    return make_conf(path, admin_listen=text).admin_listen


def no_tls(http2: bool) -> None:
    """What listeners without ``ssl`` offer."""


def connect(listening: SiteListening) -> tuple[StringTransport, Any]:
    """A client's connection to the first listener."""
    factory: Any = listening.ports[0].factory  # type: ignore[attr-defined]
    protocol = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 50000))
    transport = StringTransport()
    protocol.makeConnection(transport)
    return transport, protocol


def test_listens_on_every_entry_until_stopped(tmp_path: Path) -> None:
    """Host, port and backlog are those of the entry."""
    reactor = RecordingReactor()
    entries = listeners(tmp_path, "127.0.0.1:8001, 127.0.0.2:8002 backlog=7")
    listening = SiteListening(reactor, entries, BoundedSite(Slow(), reactor), no_tls)
    listening.start()
    assert [port.getHost().host for port in reactor.ports] == ["127.0.0.1", "127.0.0.2"]
    assert reactor.listening == [8001, 8002]
    success_of(listening.stop())
    assert reactor.listening == []


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    """Those before it are closed by the stop that follows."""
    reactor = RecordingReactor()
    reactor.in_use.add(8002)
    entries = listeners(tmp_path, "127.0.0.1:8001, 127.0.0.1:8002")
    listening = SiteListening(reactor, entries, BoundedSite(Slow(), reactor), no_tls)
    with pytest.raises(CannotListenError):
        listening.start()
    success_of(listening.stop())
    assert reactor.listening == []


def test_draining_waits_for_the_requests_under_way(tmp_path: Path) -> None:
    """A write that has begun is answered before the node quits; idle clients do not count."""
    reactor, slow = RecordingReactor(), Slow()
    entries = listeners(tmp_path, "127.0.0.1:8001")
    listening = SiteListening(reactor, entries, BoundedSite(slow, reactor), no_tls)
    listening.start()
    transport, protocol = connect(listening)
    connect(listening)
    protocol.dataReceived(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    drained = started(listening.drain())
    assert reactor.listening == []
    assert not drained.called
    slow.requests[0].finish()
    success_of(drained)
    assert transport.value().startswith(b"HTTP/1.1 200")
    assert transport.connected


def test_stopping_closes_every_connection(tmp_path: Path) -> None:
    """Kept-alive clients do not keep the node from going."""
    reactor = RecordingReactor()
    entries = listeners(tmp_path, "127.0.0.1:8001")
    listening = SiteListening(reactor, entries, BoundedSite(Slow(), reactor), no_tls)
    listening.start()
    transport, _ = connect(listening)
    success_of(listening.stop())
    assert transport.disconnecting


def test_one_process_shares_no_port(tmp_path: Path) -> None:
    """Without reuseport a second node on the same port fails, as it should."""
    entries = make_conf(tmp_path, proxy_listen="0.0.0.0:8000 reuseport backlog=16384").proxy_listen
    (listener,) = single_process(entries)
    assert (listener.reuseport, listener.port, listener.backlog) == (False, 8000, 16384)


class Pairs:
    """Certificates by group, as a file system would have them."""

    def __init__(self) -> None:
        self.names = {PROXY: "proxy", ADMIN: "admin"}
        self.asked: list[str] = []

    def __call__(self, conf: Conf, group: str) -> tuple[KeyPair, ...]:
        self.asked.append(group)
        cert, key = make_certificate(self.names[group])
        return (KeyPair(cert.encode(), key.encode()),)


def context_of(tls: ListenerTls, group: str) -> object:
    """What connections made now are made of."""
    offer = tls.of(group)
    assert offer is not None
    return offer.serverConnectionForTLS(None).get_context()


def test_only_groups_with_ssl_have_certificates(tmp_path: Path) -> None:
    """A node without TLS reads no certificate."""
    pairs = Pairs()
    tls = ListenerTls(make_conf(tmp_path, proxy_listen="127.0.0.1:0 ssl"), pairs)
    assert pairs.asked == [PROXY]
    assert tls.of(PROXY) is not None
    assert (tls.of(ADMIN), tls.of(STATUS)) == (None, None)


def test_certificates_are_renewed_together_or_not_at_all(tmp_path: Path) -> None:
    """One that cannot be read leaves the others as they are."""
    pairs = Pairs()
    conf = make_conf(tmp_path, proxy_listen="127.0.0.1:0 ssl", admin_listen="127.0.0.1:0 ssl")
    tls = ListenerTls(conf, pairs)
    before = [context_of(tls, group) for group in (PROXY, ADMIN)]
    del pairs.names[ADMIN]
    with pytest.raises(KeyError):
        tls.renew(conf)
    assert [context_of(tls, group) for group in (PROXY, ADMIN)] == before
    pairs.names[ADMIN] = "other"
    tls.renew(conf)
    assert all(context_of(tls, group) not in before for group in (PROXY, ADMIN))


def test_http2_is_offered_where_the_flag_is(tmp_path: Path) -> None:
    """Listeners of one group may differ in it; the proxy has none yet."""
    listeners = "127.0.0.1:0 ssl, 127.0.0.1:0 http2 ssl"
    tls = ListenerTls(make_conf(tmp_path, admin_listen=listeners, proxy_listen=listeners), Pairs())
    choose = tls.chooser(ADMIN)
    assert choose(True) is not None
    assert choose(False) is not None
    assert choose(True) is not choose(False)
    assert tls.of(PROXY, http2=True) is None


def test_clients_of_the_admin_api_are_checked_as_the_configuration_says(tmp_path: Path) -> None:
    """on demands, optional verifies, the others ask for nothing, and so does every other group."""
    authorities = tmp_path / "ca.crt"
    authorities.write_text(make_certificate("ca", ca=True)[0])
    named = {"nginx_admin_ssl_client_certificate": str(authorities), "nginx_admin_ssl_verify_depth": "3"}
    conf = make_conf(tmp_path, **named)
    on, optional = (client_check(conf, ADMIN, demand) for demand in ("on", "optional"))
    assert on == ClientCheck(True, authorities.read_bytes(), 3)
    assert optional == ClientCheck(False, authorities.read_bytes(), 3)
    for demand in ("off", "optional_no_ca"):
        assert client_check(conf, ADMIN, demand) is None
    assert client_check(conf, STATUS, "on") is None
    authorities.write_text("nonsense")
    with pytest.raises(PrefixError, match="nginx_admin_ssl_client_certificate"):
        client_check(conf, ADMIN, "on")


def test_a_reload_never_lifts_the_demand(tmp_path: Path) -> None:
    """What it began with counts; the authorities are those of now."""
    authorities = tmp_path / "ca.crt"
    authorities.write_text(make_certificate("ca", ca=True)[0])
    more = {"admin_listen": "127.0.0.1:0 ssl", "nginx_admin_ssl_client_certificate": str(authorities)}
    tls = ListenerTls(make_conf(tmp_path, **more, nginx_admin_ssl_verify_client="on"), Pairs())
    tls.renew(make_conf(tmp_path, **more, nginx_admin_ssl_verify_client="off"))
    context: Any = context_of(tls, ADMIN)
    assert context.get_verify_mode() == SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT


def test_a_reload_never_forgets_who_vouches(tmp_path: Path) -> None:
    """Not though tokens are to take its place: only a restart has them asked for."""
    authorities = tmp_path / "ca.crt"
    authorities.write_text(make_certificate("ca", ca=True)[0])
    more = {"nginx_admin_ssl_client_certificate": str(authorities), "nginx_admin_ssl_verify_client": "on"}
    tls = ListenerTls(make_conf(tmp_path, admin_listen="0.0.0.0:0 ssl", **more), Pairs())
    for _ in range(2):
        tls.renew(make_conf(tmp_path, admin_listen="0.0.0.0:0 ssl", admin_auth="token"))
        context: Any = context_of(tls, ADMIN)
        assert context.get_verify_mode() == SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        assert context.get_cert_store() is not None


def test_who_is_trusted_no_longer_is_told(tmp_path: Path) -> None:
    """An authority that is gone, a chain that may be less long; not one that has come."""
    one, other = (make_certificate(name, ca=True)[0] for name in ("one", "other"))
    authorities = tmp_path / "ca.crt"
    authorities.write_text(one)
    more = {"admin_listen": "127.0.0.1:0 ssl", "nginx_admin_ssl_client_certificate": str(authorities)}
    conf = make_conf(tmp_path, **more, nginx_admin_ssl_verify_client="on", nginx_admin_ssl_verify_depth="2")
    tls = ListenerTls(conf, Pairs())
    told = [tls.renew(conf)]
    for text in (one + other, other):
        authorities.write_text(text)
        told.append(tls.renew(conf))
    told.append(tls.renew(make_conf(tmp_path, **more, nginx_admin_ssl_verify_depth="1")))
    assert told == [False, False, True, True]
    assert ListenerTls(make_conf(tmp_path), Pairs()).renew(conf) is False


def test_clients_over_tls_can_be_cut_off(tmp_path: Path) -> None:
    """Those that came with a certificate; the others were let in for something else."""
    reactor = RecordingReactor()
    entries = listeners(tmp_path, "127.0.0.1:8001, 127.0.0.1:8444 ssl")
    tls = ListenerTls(make_conf(tmp_path, admin_listen="127.0.0.1:8444 ssl"), Pairs())
    listening = SiteListening(reactor, entries, BoundedSite(Slow(), reactor), tls.chooser(ADMIN))
    listening.start()
    plain, _ = connect(listening)
    factory: Any = listening.ports[1].factory  # type: ignore[attr-defined]
    secured = StringTransport()
    factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 50001)).makeConnection(secured)
    listening.cut_off()
    assert (plain.disconnecting, secured.disconnecting) == (False, True)
    success_of(listening.stop())


def test_ciphers_that_do_not_exist_are_told(tmp_path: Path) -> None:
    """When the node starts, with the property that names them."""
    more = {"ssl_cipher_suite": "custom", "ssl_ciphers": "NONSENSE"}
    conf = make_conf(tmp_path, proxy_listen="127.0.0.1:0 ssl", **more)
    with pytest.raises(PrefixError, match=r"NONSENSE \(see ssl_ciphers\)"):
        ListenerTls(conf, Pairs())


def test_stored_certificates_are_for_clients_of_the_proxy(tmp_path: Path) -> None:
    """The Admin API shows its own whatever it is called."""
    certificate, key = make_certificate("a.test")
    stored = {"a.test": {"id": "c", "cert": certificate, "key": key}}
    conf = make_conf(tmp_path, proxy_listen="127.0.0.1:0 ssl", admin_listen="127.0.0.1:0 ssl")
    tls = ListenerTls(conf, Pairs(), stored.get)
    proxy, admin = tls.of(PROXY), tls.of(ADMIN)
    assert proxy is not None
    assert admin is not None
    context = proxy.context_for("a.test")
    assert context is not None
    assert admin.context_for("a.test") is None
    tls.forget("c")
    assert proxy.context_for("a.test") is not context


def test_sessions_are_as_configured(tmp_path: Path) -> None:
    """``ssl_session_timeout`` and ``ssl_session_tickets``."""
    more = {"ssl_session_timeout": "2m", "ssl_session_tickets": "off"}
    tls = ListenerTls(make_conf(tmp_path, proxy_listen="127.0.0.1:0 ssl", **more), Pairs())
    offer = tls.of(PROXY)
    assert offer is not None
    assert offer._offer.sessions == Sessions(tickets=False, timeout=120)
