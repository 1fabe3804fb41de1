"""What listeners offer: protocols, ciphers, certificates and sessions."""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from tests.kit.certificates import issue_certificate, make_certificate
from tests.kit.tls_clients import key_pair, meet, trusting
from twisted_kong.core.conf.suites import SUITES, TlsSettings, tls_settings
from twisted_kong.core.finite_field import parameters
from twisted_kong.node.certificates import KeyPair, make_self_signed
from twisted_kong.proxy.tls_contexts import DEFAULT_SESSIONS, Offer, Sessions, server_context, show

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
RSA = make_self_signed("rsa", datetime(2026, 1, 1, tzinfo=UTC))


@implementer(IOpenSSLServerConnectionCreator)
class Listener:
    """Shows some certificates to everybody."""

    def __init__(self, offer: Offer, *pairs: KeyPair) -> None:
        self.context = server_context(offer, pairs or (key_pair("own.test"),))

    def serverConnectionForTLS(self, tls_protocol: object) -> SSL.Connection:  # noqa: N802 - Twisted's name
        return SSL.Connection(self.context, None)

    def context_for(self, name: str) -> None:
        """Nobody has another."""


def custom(protocols: str, ciphers: str | None = None, *, prefer: bool = False) -> TlsSettings:
    return tls_settings("custom", protocols, ciphers, None, prefer)


@pytest.mark.parametrize(
    ("settings", "version", "served"),
    [
        (SUITES["modern"], TLS_1_3, True),
        (SUITES["modern"], TLS_1_2, False),
        (SUITES["intermediate"], TLS_1_2, True),
        (SUITES["intermediate"], TLS_1_3, True),
        (SUITES["old"], TLS_1_2, True),
        (SUITES["fips"], TLS_1_2, True),
        (SUITES["fips"], TLS_1_3, False),
        (custom("TLSv1.3"), TLS_1_2, False),
        (custom("TLSv1.2"), TLS_1_2, True),
    ],
)
def test_suites_decide_which_protocols_are_spoken(
    settings: TlsSettings, version: ssl.TLSVersion, served: bool
) -> None:
    """``ssl_cipher_suite``, and ``ssl_protocols`` of custom."""
    listener = Listener(Offer(settings), RSA)
    if served:
        spoken = meet(listener, "a.test", client=trusting(version)).version
        assert spoken == version.name.replace("_", ".")
    else:
        with pytest.raises(ssl.SSLError):
            meet(listener, "a.test", client=trusting(version))


@pytest.mark.parametrize(("prefer", "chosen"), [(True, "128"), (False, "256")])
def test_whose_order_of_ciphers_wins(prefer: bool, chosen: str) -> None:
    """``ssl_ciphers`` and ``ssl_prefer_server_ciphers``."""
    small, large = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"
    listener = Listener(Offer(custom("TLSv1.2", f"{small}:{large}", prefer=prefer)))
    cipher = meet(listener, "a.test", client=trusting(TLS_1_2, f"{large}:{small}")).cipher
    assert f"AES{chosen}" in cipher


def test_key_exchange_over_a_finite_field(tmp_path: Path) -> None:
    """``ssl_dhparam``: with parameters such ciphers are served, without them they are not."""
    file = tmp_path / "dh.pem"
    file.write_text(parameters("ffdhe2048"))
    client = trusting(TLS_1_2, "DHE-RSA-AES256-GCM-SHA384")
    with_file = Offer(SUITES["intermediate"], dh_file=str(file))
    assert meet(Listener(with_file, RSA), "a.test", client=client).cipher.startswith("DHE-RSA")
    with pytest.raises(ssl.SSLError):
        meet(Listener(Offer(SUITES["intermediate"]), RSA), "a.test", client=client)


def test_either_kind_of_certificate_is_shown_to_who_can_read_it() -> None:
    """RSA and ECDSA beside each other."""
    listener = Listener(Offer(SUITES["intermediate"]), RSA, key_pair("ec.test"))
    shown = [
        meet(listener, "a.test", client=trusting(TLS_1_2, f"ECDHE-{kind}-AES128-GCM-SHA256")).shown
        for kind in ("RSA", "ECDSA")
    ]
    assert shown == ["localhost", "ec.test"]


def sent(context: SSL.Context, ciphers: bytes) -> list[str]:
    """The subjects of all certificates that a client is sent."""
    ours, theirs = SSL.Connection(context, None), SSL.Context(SSL.TLS_CLIENT_METHOD)
    theirs.set_max_proto_version(SSL.TLS1_2_VERSION)
    theirs.set_cipher_list(ciphers)
    client = SSL.Connection(theirs, None)
    ours.set_accept_state()
    client.set_connect_state()
    for _ in range(8):
        for one, other in ((client, ours), (ours, client)):
            with suppress(SSL.WantReadError):
                one.do_handshake()
            with suppress(SSL.WantReadError):
                other.bio_write(one.bio_read(65536))
    chain = client.get_peer_cert_chain(as_cryptography=True)
    assert chain is not None
    return [certificate.subject.rfc4514_string() for certificate in chain]


def chained(name: str, authority: str) -> KeyPair:
    """A certificate with that of who vouches for it."""
    certificate, key = issue_certificate(name, authority)
    return KeyPair((certificate + make_certificate(authority, ca=True)[0]).encode(), key.encode())


def test_a_chain_is_sent_whole() -> None:
    """The certificate first, then those that lead to one that the client trusts."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    show(context, [chained("a.test", "ca.test")])
    assert sent(context, b"ECDHE-ECDSA-AES128-GCM-SHA256") == ["CN=a.test", "CN=ca.test"]


def test_each_certificate_has_a_chain_of_its_own() -> None:
    """What belongs to the one kind is not sent with the other."""
    root = make_certificate("ca.test", ca=True)[0].encode()
    other = KeyPair(RSA.certificate + root, RSA.key)
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    show(context, [other, chained("a.test", "other.test")])
    assert sent(context, b"ECDHE-ECDSA-AES128-GCM-SHA256") == ["CN=a.test", "CN=other.test"]
    assert sent(context, b"ECDHE-RSA-AES128-GCM-SHA256") == ["CN=localhost", "CN=ca.test"]


def test_a_common_chain_is_sent_once() -> None:
    """Both kinds from one authority."""
    root = make_certificate("ca.test", ca=True)[0].encode()
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    show(context, [KeyPair(RSA.certificate + root, RSA.key), chained("a.test", "ca.test")])
    assert sent(context, b"ECDHE-ECDSA-AES128-GCM-SHA256") == ["CN=a.test", "CN=ca.test"]


def test_a_key_of_another_certificate_is_refused() -> None:
    """Not first when a client comes."""
    wrong = KeyPair(key_pair("a.test").certificate, key_pair("b.test").key)
    with pytest.raises((SSL.Error, ValueError)):
        show(SSL.Context(SSL.TLS_SERVER_METHOD), [wrong])


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
@pytest.mark.parametrize("tickets", [True, False])
def test_sessions_are_resumed_with_and_without_tickets(version: ssl.TLSVersion, tickets: bool) -> None:
    """``ssl_session_tickets``: without them OpenSSL remembers the sessions itself."""
    listener = Listener(Offer(SUITES["intermediate"], Sessions(tickets)))
    client = trusting(version)
    first = meet(listener, "a.test", client=client)
    assert first.session is not None
    assert meet(listener, "a.test", client=client, session=first.session).resumed
    if version is TLS_1_2:
        assert first.session.has_ticket is tickets


def test_sessions_end_after_their_time() -> None:
    """``ssl_session_timeout``, as clients are told with a ticket."""
    assert DEFAULT_SESSIONS.timeout == 86400
    listener = Listener(Offer(SUITES["intermediate"], Sessions(timeout=77)))
    session = meet(listener, "a.test", client=trusting(TLS_1_2)).session
    assert session is not None
    assert session.ticket_lifetime_hint == 77
