"""Listens on ``admin_listen`` and ``status_listen``; the proxy has its own in ``proxy.listeners``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.protocols.tls import TLSMemoryBIOFactory

from twisted_kong.core.conf.listeners import Listener
from twisted_kong.proxy.tls import ServerTls

_BACKLOG = 511


def single_process(listeners: Sequence[Listener]) -> list[Listener]:
    """The listeners as a node of one process uses them: ``reuseport`` would share a port with another node.

    Kong's default has the flag so that several workers can listen; with it a port in use goes unnoticed.
    """
    return [replace(listener, reuseport=False) for listener in listeners]


class SiteListening:
    """The listeners of one site.

    :param tls: needed if any of them has ``ssl``.
    """

    def __init__(
        self, reactor: Any, listeners: Sequence[Listener], site: IProtocolFactory, tls: ServerTls | None
    ) -> None:
        self._reactor = reactor
        self._listeners = listeners
        self._site = site
        self._tls = tls
        self.ports: list[IListeningPort] = []

    def start(self) -> None:
        """Listen on all of them; Twisted's ``CannotListenError`` for an address in use."""
        for listener in self._listeners:
            factory: Any = self._site
            if listener.ssl and self._tls is not None:
                factory = TLSMemoryBIOFactory(self._tls, False, self._site)
            factory.noisy = False
            backlog = listener.backlog or _BACKLOG
            self.ports.append(self._reactor.listenTCP(listener.port, factory, backlog, listener.host))

    async def stop(self) -> None:
        """Accept no more connections."""
        ports, self.ports = self.ports, []
        await DeferredList([maybeDeferred(port.stopListening) for port in ports])
