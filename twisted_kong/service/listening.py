"""Listens on ``admin_listen`` and ``status_listen``, and keeps the certificates of all listeners.

The proxy's own listeners are those of :mod:`twisted_kong.proxy.listeners`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from cryptography.x509 import load_pem_x509_certificates
from OpenSSL import SSL
from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory
from twisted.protocols.policies import WrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory
from typing_extensions import override

from twisted_kong.admin.site import BoundedSite
from twisted_kong.core.conf.checks import CERTIFICATE_GROUPS
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.listeners import Listener
from twisted_kong.node.certificates import KeyPair, UnreadableCertificate, describe, load_chain
from twisted_kong.node.dh_parameters import dh_file
from twisted_kong.node.prefix import SERVED_GROUPS, PrefixError
from twisted_kong.proxy.ports import BACKLOG, announce, listen_quietly
from twisted_kong.proxy.stored_certificates import CertificateFor
from twisted_kong.proxy.tls import ClientCheck, ServerTls
from twisted_kong.proxy.tls_contexts import Sessions

# The groups of listeners, as the names of their certificates begin.
PROXY, ADMIN, STATUS = SERVED_GROUPS


def single_process(listeners: Sequence[Listener]) -> list[Listener]:
    """The listeners as a node of one process uses them: ``reuseport`` would share a port with another node.

    Kong's default has the flag so that several workers can listen; with it a port in use goes unnoticed.
    """
    return [replace(listener, reuseport=False) for listener in listeners]


def client_check(conf: Conf, group: str, demand: str) -> ClientCheck | None:
    """How the listeners of a group check their clients; the authorities are read from their file each time.

    ``optional_no_ca`` asks for nothing: what nobody verified tells nothing of a client.

    :param demand: what ``nginx_admin_ssl_verify_client`` said when the node came up.
    :raises PrefixError: the file can no longer be read.
    """
    authorities = conf.nginx_admin_ssl_client_certificate
    if group != ADMIN or demand not in ("on", "optional") or authorities is None:
        return None
    try:
        chain = load_chain(authorities)
    except UnreadableCertificate:
        raise PrefixError(
            f"cannot use the certificates of {describe(authorities)} (see nginx_admin_ssl_client_certificate)"
        ) from None
    return ClientCheck(demand == "on", chain, conf.nginx_admin_ssl_verify_depth)


class ListenerTls:
    """What the listeners with ``ssl`` offer, group by group, with and without HTTP/2.

    :param key_pairs: the certificates that a configuration names for a group; they are read each time.
    :param certificate_for: finds the stored Certificate that clients of the proxy are shown for a name.
    :raises PrefixError: a certificate cannot be used, or ``ssl_dhparam``.
    """

    def __init__(
        self,
        conf: Conf,
        key_pairs: Callable[[Conf, str], tuple[KeyPair, ...]],
        certificate_for: CertificateFor = lambda _: None,
    ) -> None:
        self._key_pairs = key_pairs
        # A reload must not open to everybody what began as open to some.
        self._demand = conf.nginx_admin_ssl_verify_client
        self._checks: dict[str, ClientCheck | None] = {}
        self._offers: dict[tuple[str, bool], ServerTls] = {}
        for group in SERVED_GROUPS:
            listeners: Sequence[Listener] = getattr(conf, CERTIFICATE_GROUPS[group])
            kinds = {listener.http2 and group != PROXY for listener in listeners if listener.ssl}
            if kinds:
                self._open(conf, group, kinds, certificate_for if group == PROXY else lambda _: None)

    def _open(self, conf: Conf, group: str, kinds: set[bool], certificate_for: CertificateFor) -> None:
        pairs, check = self._read(conf, group)
        self._checks[group] = check
        sessions = Sessions(conf.ssl_session_tickets, max(1, int(conf.ssl_session_timeout)))
        file = dh_file(conf)
        for http2 in kinds:
            try:
                self._offers[group, http2] = ServerTls(
                    pairs,
                    conf.tls,
                    http2=http2,
                    check=check,
                    certificate_for=certificate_for,
                    sessions=sessions,
                    dh_file=file,
                )
            except SSL.Error:
                # All else has been tried already.
                raise PrefixError(f"cannot offer the ciphers {conf.tls.ciphers} (see ssl_ciphers)") from None

    def forget(self, certificate: str) -> None:
        """Keep nothing of a stored Certificate that has changed or is gone."""
        for tls in self._offers.values():
            tls.forget(certificate)

    def of(self, group: str, *, http2: bool = False) -> ServerTls | None:
        """What the listeners of a group offer that have HTTP/2, or not; None if none of those has ``ssl``."""
        return self._offers.get((group, http2))

    def chooser(self, group: str) -> Callable[[bool], ServerTls | None]:
        """The same for any listener of a group, told whether it has HTTP/2."""
        return lambda http2: self.of(group, http2=http2)

    def renew(self, conf: Conf) -> bool:
        """Read the certificates again, from wherever ``conf`` says; for connections made from now on.

        All of them or none: the error of one that cannot be read changes nothing.
        Whether clients of the Admin API that were good before may be so no longer.
        """
        read = {group: self._read(conf, group) for group, _ in self._offers}
        for (group, _), tls in self._offers.items():
            tls.renew(*read[group])
        before, self._checks = self._checks, {group: check for group, (_, check) in read.items()}
        return any(_trusts_less(check, before[group]) for group, check in self._checks.items())

    def _read(self, conf: Conf, group: str) -> tuple[tuple[KeyPair, ...], ClientCheck | None]:
        check = client_check(conf, group, self._demand)
        # Where the file is named no longer: what takes its place, such as tokens, only a restart brings.
        return self._key_pairs(conf, group), check or self._checks.get(group)


def _trusts_less(now: ClientCheck | None, before: ClientCheck | None) -> bool:
    if now is None or before is None:
        return False
    gone = {*load_pem_x509_certificates(before.authorities)} - {*load_pem_x509_certificates(now.authorities)}
    return bool(gone) or now.depth < before.depth


class _Clients(Factory):
    """Makes the protocol of each connection; without what a site would say of protocols to TLS."""

    noisy = False

    def __init__(self, site: BoundedSite) -> None:
        self._site = site

    @override
    def buildProtocol(self, addr: IAddress | None) -> Any:
        return self._site.buildProtocol(addr)


class SiteListening:
    """The listeners of one site.

    :param tls: what those with ``ssl`` offer, told whether one has HTTP/2.
    :param name: what the error log calls it.
    """

    def __init__(
        self,
        reactor: Any,
        listeners: Sequence[Listener],
        site: BoundedSite,
        tls: Callable[[bool], ServerTls | None],
        name: str = "Admin API",
    ) -> None:
        self._name = name
        self._reactor = reactor
        self._listeners = listeners
        self._site = site
        self._tls = tls
        self._factories: list[WrappingFactory] = []
        self.ports: list[IListeningPort] = []

    def start(self) -> None:
        """Listen on all of them; Twisted's ``CannotListenError`` for an address in use."""
        for listener in self._listeners:
            clients = _Clients(self._site)
            tls = self._tls(listener.http2) if listener.ssl else None
            if tls is not None:
                factory: Any = TLSMemoryBIOFactory(tls, False, clients, self._reactor)
            else:
                assert not listener.ssl, "a listener with ssl must not be served in clear"
                factory = WrappingFactory(clients)
            factory.noisy = False
            backlog = listener.backlog or BACKLOG
            port = listen_quietly(self._reactor, listener.port, factory, backlog, listener.host)
            self.ports.append(port)
            self._factories.append(factory)
            announce(self._name, listener, getattr(port.getHost(), "port", listener.port))

    def cut_off(self) -> None:
        """Close every connection of TLS: who vouched for its client may do so no longer.

        What was begun is done all the same; only its answer is lost.
        """
        for factory in self._factories:
            if isinstance(factory, TLSMemoryBIOFactory):
                for connection in list(factory.protocols):
                    connection.abortConnection()

    async def drain(self) -> None:
        """Accept no more connections, and return when all requests under way are answered."""
        self._site.draining = True
        ports, self.ports = self.ports, []
        await DeferredList([maybeDeferred(port.stopListening) for port in ports])
        await self._site.idle()

    async def stop(self) -> None:
        """Accept no more connections, and close those that there are."""
        ports, self.ports = self.ports, []
        await DeferredList([maybeDeferred(port.stopListening) for port in ports])
        factories, self._factories = self._factories, []
        for factory in factories:
            for connection in list(factory.protocols):
                connection.abortConnection()
