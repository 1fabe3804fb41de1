"""Listens for clients, as the entries of ``proxy_listen`` say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from typing_extensions import override

from twisted_kong.core.conf.listeners import Listener
from twisted_kong.node.lifecycle import CannotStart
from twisted_kong.proxy.downstream import Downstream
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.ports import BACKLOG, announce
from twisted_kong.proxy.proxy_protocol import Introduced, IntroducedFactory
from twisted_kong.proxy.secured import SecuredFactory
from twisted_kong.proxy.tls import ServerTls
from twisted_kong.proxy.transport import listen


class UnsupportedListener(CannotStart):
    """An entry asks for what this node cannot do; the text is for the operator."""


class ClientFactory(Factory):
    """Makes the protocol of each client's connection.

    ``port`` is set once the listener's own is known.
    """

    noisy = False

    def __init__(self, gateway: Gateway, scheme: str) -> None:
        self._gateway = gateway
        self._scheme = scheme
        self.port = 0

    @override
    def buildProtocol(self, addr: IAddress | None) -> Downstream:
        connection = Downstream(self._gateway, self._scheme, self.port)
        if isinstance(addr, Introduced) and self._gateway.real_ip.by_proxy_protocol:
            connection.named = addr.source
        return connection


class Listening:
    """The listeners of one node.

    :param tls: what listeners with ``ssl`` offer; needed if there are any.
    """

    _log = Logger()

    def __init__(
        self, reactor: Any, listeners: Sequence[Listener], gateway: Gateway, tls: ServerTls | None = None
    ) -> None:
        self._reactor = reactor
        self._listeners = listeners
        self._gateway = gateway
        self._tls = tls
        self.ports: list[IListeningPort] = []

    def start(self) -> None:
        """Listen on all of them, or on none.

        Raises :exc:`UnsupportedListener`, or Twisted's ``CannotListenError`` for an address in use.
        """
        for listener in self._listeners:
            self._check(listener)
        try:
            for listener in self._listeners:
                self._listen(listener)
        except BaseException:
            self.stop()
            raise

    def _check(self, listener: Listener) -> None:
        if listener.ssl and self._tls is None:
            raise UnsupportedListener(f"proxy_listen {listener}: ssl needs a certificate")
        if listener.http2:
            self._log.info(
                "proxy_listen {listener}: HTTP/2 is not served yet, HTTP/1.1 is", listener=listener
            )

    def _listen(self, listener: Listener) -> None:
        clients = ClientFactory(self._gateway, "https" if listener.ssl else "http")
        factory: Any = clients
        if listener.ssl and self._tls is not None:
            factory = SecuredFactory(self._tls, clients, self._reactor)
        if listener.proxy_protocol:
            factory = IntroducedFactory(self._gateway, factory)
        port = listen(
            self._reactor,
            listener.port,
            factory,
            interface=listener.host,
            backlog=listener.backlog or BACKLOG,
            reuse_port=listener.reuseport,
        )
        self.ports.append(port)
        number = getattr(port.getHost(), "port", listener.port)
        # http2 is taken and not offered here.
        announce("proxy", replace(listener, http2=False), number)
        clients.port = self._gateway.settings.port_maps.get(number, number)

    def stop(self) -> Deferred[Any]:
        """Accept no more connections; those there are stay (see :meth:`Gateway.drain`)."""
        ports, self.ports = self.ports, []
        return DeferredList([_stopped(port) for port in ports])

    def addresses(self) -> Iterable[Any]:
        """Where the node listens, in the order of the entries."""
        return [port.getHost() for port in self.ports]


def _stopped(port: IListeningPort) -> Any:
    return maybeDeferred(port.stopListening)
