"""TLS on both sides: what our listeners offer, and how Services of https are spoken to.

Kong: the name sent as SNI, and the one that a certificate is verified for, is the Host sent to the Service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IOpenSSLServerConnectionCreator
from zope.interface import implementer

from twisted_kong.core.changes import Entity
from twisted_kong.core.conf.suites import TlsSettings
from twisted_kong.core.hosts import is_address
from twisted_kong.node.certificates import KeyPair
from twisted_kong.proxy.pool import Secure
from twisted_kong.proxy.stored_certificates import CertificateFor, StoredCertificates
from twisted_kong.proxy.tls_contexts import DEFAULT_SESSIONS, Offer, Sessions, server_context, show
from twisted_kong.proxy.verification import verifier

_PROTOCOLS = (b"http/1.1", b"http/1.0")
_HTTP2 = b"h2"
# Ways to speak TLS that are remembered; all forgotten when full.
_REMEMBERED = 1024


class TlsUnavailable(Exception):
    """A Service asks for a certificate that is not at hand."""


@dataclass(frozen=True, slots=True)
class ClientCheck:
    """How a listener checks its clients (mutual TLS).

    :param demanded: whether one without a certificate is refused; else only one with a bad certificate is.
    :param authorities: PEM text of those who may vouch for clients.
    :param depth: how many intermediate certificates a chain may have.
    """

    demanded: bool
    authorities: bytes
    depth: int = 1


def _trust(context: SSL.Context, authorities: bytes) -> list[x509.Certificate]:
    """Believe whom these (PEM text) vouch for; returns them."""
    store = context.get_cert_store()
    assert store is not None
    found = x509.load_pem_x509_certificates(authorities)
    for authority in found:
        store.add_cert(X509.from_cryptography(authority))
    return found


def _check_clients(context: SSL.Context, check: ClientCheck) -> None:
    """Let no handshake succeed that the check forbids; clients are told whose certificates are asked for."""
    for authority in _trust(context, check.authorities):
        context.add_client_ca(authority)
    context.set_verify_depth(check.depth)
    demanded = SSL.VERIFY_FAIL_IF_NO_PEER_CERT if check.demanded else 0
    context.set_verify(SSL.VERIFY_PEER | demanded, _as_found)


def _as_found(_: SSL.Connection, certificate: X509, error: int, depth: int, found: int) -> bool:
    """OpenSSL's own judgment."""
    return bool(found)


@implementer(IOpenSSLServerConnectionCreator)
class ServerTls:
    """What a listener offers.

    :param pairs: certificates with keys, of different kinds (``ssl_cert``).
    :param http2: whether HTTP/2 is offered, before HTTP/1.1.
    :param check: how clients are checked; None for not at all.
    :param certificate_for: finds the stored Certificate for a server name; without it all names are shown
        ``pairs``.
    :param sessions: how clients resume sessions.
    :param dh_file: see :class:`~twisted_kong.proxy.tls_contexts.Offer`.
    """

    def __init__(
        self,
        pairs: Sequence[KeyPair],
        settings: TlsSettings,
        *,
        http2: bool = False,
        check: ClientCheck | None = None,
        certificate_for: CertificateFor = lambda _: None,
        sessions: Sessions = DEFAULT_SESSIONS,
        dh_file: str | None = None,
    ) -> None:
        protocols = (_HTTP2, *_PROTOCOLS) if http2 else _PROTOCOLS
        self._offer = Offer(settings, sessions, dh_file, protocols)
        self._stored = StoredCertificates(
            certificate_for, lambda stored: self._context_of(stored, self._check)
        )
        self.context_for = self._stored.context_for
        self.forget = self._stored.forget
        self.renew(pairs, check)

    def renew(self, pairs: Sequence[KeyPair], check: ClientCheck | None = None) -> None:
        """Offer these certificates, and check clients so, on connections made from now on.

        Sessions of before are not resumed: the keys of their tickets are gone.
        """
        self._context, self._check = self._context_of(pairs, check), check
        self._stored.clear()

    def _context_of(self, pairs: Sequence[KeyPair], check: ClientCheck | None) -> SSL.Context:
        context = server_context(self._offer, pairs)
        if check is not None:
            _check_clients(context, check)
        return context

    def serverConnectionForTLS(self, tls_protocol: Any) -> SSL.Connection:  # noqa: N802 - Twisted's name
        """The TLS side of one connection."""
        return SSL.Connection(self._context, None)


@implementer(IOpenSSLClientConnectionCreator)
class _Client:
    """Speaks TLS to whoever answers, or to whom it shall trust (:meth:`trust`)."""

    _verified = False

    def __init__(self, pair: KeyPair | None, name: str) -> None:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_TLSv1 | SSL.OP_NO_TLSv1_1)
        context.set_alpn_protos(list(_PROTOCOLS))
        if pair is not None:
            show(context, (pair,))
        self._context = context
        self._name = name

    def trust(self, authorities: bytes | None, depth: int) -> None:
        """Speak to nobody but whom these (PEM text; None for the system's) vouch for in so many steps."""
        self._verified = True
        self._context.set_verify_depth(depth)
        if authorities is None:
            self._context.set_default_verify_paths()
            return
        _trust(self._context, authorities)

    def clientConnectionForTLS(self, tls_protocol: Any) -> SSL.Connection:  # noqa: N802 - Twisted's name
        """The TLS side of one connection."""
        connection = SSL.Connection(self._context, None)
        if self._name and not is_address(self._name):
            connection.set_tlsext_host_name(self._name.encode("idna"))
        if self._verified:
            connection.set_verify(SSL.VERIFY_PEER, verifier(self._name, tls_protocol.wrappedProtocol))
        return connection


class _Way:
    """One way to speak TLS: what connections must have in common, and how to make them."""

    def __init__(self, identity: object, creator: IOpenSSLClientConnectionCreator) -> None:
        self.identity = identity
        self._creator = creator

    def creator(self) -> IOpenSSLClientConnectionCreator:
        """Makes the TLS side of a connection; remembers nothing of one."""
        return self._creator


def _bare(server_name: str) -> str:
    if server_name.startswith("["):
        return server_name[1:].partition("]")[0]
    return server_name.partition(":")[0]


class ClientTls:
    """How Services of https are spoken to.

    :param verify: whether certificates are verified where a Service leaves it open
        (``nginx_proxy_proxy_ssl_verify``).
    :param depth: how long a chain may be where a Service leaves it open.
    :param trusted: PEM text of the authorities to trust; None for the system's.
    :param client: what we present where a Service names no certificate (``client_ssl_cert``).
    :param pair_of: the certificate entity of an id, None if it is not at hand.
    :param authorities_of: PEM text of CA certificate entities, None if one is not at hand.
    """

    def __init__(
        self,
        *,
        verify: bool = False,
        depth: int = 1,
        trusted: bytes | None = None,
        client: KeyPair | None = None,
        pair_of: Callable[[str], KeyPair | None] = lambda _: None,
        authorities_of: Callable[[Iterable[str]], bytes | None] = lambda _: None,
    ) -> None:
        self._verify = verify
        self._depth = depth
        self._trusted = trusted
        self._client = client
        self._pair_of = pair_of
        self._authorities_of = authorities_of
        self._ways: dict[object, _Way] = {}

    def forget(self) -> None:
        """Make every way anew when next asked: a certificate has changed."""
        self._ways.clear()

    def secure(self, service: Entity, server_name: str) -> Secure:
        """For connections on which this Host is sent; :exc:`TlsUnavailable` if a certificate is missing."""
        verify = service.get("tls_verify")
        depth = service.get("tls_verify_depth")
        authorities = tuple(service.get("ca_certificates") or ())
        certificate = (service.get("client_certificate") or {}).get("id")
        identity = (
            _bare(server_name),
            self._verify if verify is None else bool(verify),
            self._depth if depth is None else depth,
            authorities,
            certificate,
        )
        way = self._ways.get(identity)
        if way is None:
            if len(self._ways) >= _REMEMBERED:
                self._ways.clear()
            way = self._ways[identity] = _Way(identity, self._make(*identity))
        return way

    def _make(
        self, name: str, verify: bool, depth: int, authorities: tuple[str, ...], certificate: str | None
    ) -> IOpenSSLClientConnectionCreator:
        pair = self._client
        if certificate is not None:
            pair = self._pair_of(certificate)
            if pair is None:
                raise TlsUnavailable(f"certificate {certificate} is not at hand")
        client = _Client(pair, name)
        if not verify:
            return client
        trusted = self._trusted
        if authorities:
            trusted = self._authorities_of(authorities)
            if trusted is None:
                raise TlsUnavailable("a CA certificate is not at hand")
        client.trust(trusted, depth)
        return client
