"""Listens on ``admin_listen`` and ``status_listen``, and keeps the certificates of all listeners.

The proxy's own listeners are those of :mod:`twisted_kong.proxy.listeners`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.protocols.policies import WrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory

from twisted_kong.admin.site import BoundedSite
from twisted_kong.core.conf.checks import CERTIFICATE_GROUPS
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.listeners import Listener
from twisted_kong.node.certificates import KeyPair
from twisted_kong.node.prefix import SERVED_GROUPS
from twisted_kong.proxy.ports import BACKLOG, announce, listen_quietly
from twisted_kong.proxy.tls import ServerTls

# The groups of listeners, as the names of their certificates begin.
PROXY, ADMIN, STATUS = SERVED_GROUPS


def single_process(listeners: Sequence[Listener]) -> list[Listener]:
    """The listeners as a node of one process uses them: ``reuseport`` would share a port with another node.

    Kong's default has the flag so that several workers can listen; with it a port in use goes unnoticed.
    """
    return [replace(listener, reuseport=False) for listener in listeners]


class ListenerTls:
    """What the listeners with ``ssl`` offer, group by group.

    :param key_pairs: the certificates that a configuration names for a group; they are read each time.
    """

    def __init__(self, conf: Conf, key_pairs: Callable[[Conf, str], tuple[KeyPair, ...]]) -> None:
        self._key_pairs = key_pairs
        self._groups = {
            group: ServerTls(key_pairs(conf, group), conf.tls)
            for group in SERVED_GROUPS
            if any(listener.ssl for listener in getattr(conf, CERTIFICATE_GROUPS[group]))
        }

    def of(self, group: str) -> ServerTls | None:
        """What the listeners of a group offer; None if none of them has ``ssl``."""
        return self._groups.get(group)

    def renew(self, conf: Conf) -> None:
        """Read the certificates again, from wherever ``conf`` says; for connections made from now on.

        All of them or none: the error of one that cannot be read changes nothing.
        """
        pairs = {group: self._key_pairs(conf, group) for group in self._groups}
        for group, tls in self._groups.items():
            tls.renew(pairs[group])


class SiteListening:
    """The listeners of one site.

    :param tls: needed if any of them has ``ssl``.
    :param name: what the error log calls it.
    """

    def __init__(
        self,
        reactor: Any,
        listeners: Sequence[Listener],
        site: BoundedSite,
        tls: ServerTls | None,
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
            if listener.ssl and self._tls is not None:
                factory: Any = TLSMemoryBIOFactory(self._tls, False, self._site)
            else:
                factory = WrappingFactory(self._site)
            factory.noisy = False
            backlog = listener.backlog or BACKLOG
            port = listen_quietly(self._reactor, listener.port, factory, backlog, listener.host)
            self.ports.append(port)
            self._factories.append(factory)
            announce(self._name, listener, getattr(port.getHost(), "port", listener.port))

    async def drain(self) -> None:
        """Accept no more connections, and return when all requests under way are answered."""
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
