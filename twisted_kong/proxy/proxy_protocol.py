"""Clients that come through a load balancer which introduces them: listeners with ``proxy_protocol``.

Such a connection begins with a header of the PROXY protocol, before TLS and before anything else.  A small
protocol reads it, and then gives its place on the transport to the one that serves the client: connections
of other listeners know nothing of all this, and one that was introduced costs no more than they do.

A header is demanded, and taken, from every peer; that its client counts is another matter (``trusted_ips``
and ``real_ip_header = proxy_protocol``).  As in nginx what begins otherwise is closed without an answer, and
the header must have come within ``client_header_timeout``.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IAddress, IProtocol, IProtocolFactory
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from twisted_kong.core.proxy_protocol import BadProxyHeader, read_proxy_header
from twisted_kong.proxy.gateway import Gateway
from twisted_kong.proxy.wheel import Timed

# Seconds between two lines of the log about connections without a header.
_QUIET = 60.0


@implementer(IAddress)
class Introduced:
    """The address of a connection whose header has told something.

    :param source: the client's address and port; None if it names none.
    """

    __slots__ = ("source",)

    def __init__(self, source: tuple[str, int] | None) -> None:
        self.source = source


class IntroducedFactory(Factory):
    """Makes what waits for the header of each connection.

    :param following: makes what serves the client; told the :class:`Introduced`.
    """

    noisy = False
    _log = Logger()

    def __init__(self, gateway: Gateway, following: IProtocolFactory) -> None:
        self._gateway = gateway
        self._following = following
        self._told: float | None = None

    @override
    def buildProtocol(self, addr: IAddress | None) -> Introduction:
        return Introduction(self._gateway, self)

    def follow(self, source: tuple[str, int] | None) -> Any:
        """What serves the client from now on; the peer itself if None."""
        address: IAddress = Introduced(source)
        return self._following.buildProtocol(address)

    def malformed(self, peer: str, reason: object) -> None:
        """A connection is closed since it did not begin with a header."""
        gateway = self._gateway
        gateway.refused["proxy_protocol"] += 1
        now = gateway.now()
        if self._told is None or not 0 <= now - self._told < _QUIET:
            self._told = now
            self._log.warn(
                "no header of the PROXY protocol from {peer}: {reason}; {count} connections were closed"
                " for this so far",
                peer=peer,
                reason=reason,
                count=gateway.refused["proxy_protocol"],
            )


class Introduction(Protocol, Timed):
    """A connection that has not told yet whom it brings."""

    transport: Any = None
    peer_ip = ""
    trusted = False
    # Nobody yet, so the peer counts for itself; see ``ClientConnection``.
    named: tuple[str, int] | None = None
    client_key: str | None = None
    _buffer = b""
    _closing = False

    def __init__(self, gateway: Gateway, factory: IntroducedFactory) -> None:
        self._gateway = gateway
        self._factory = factory

    @override
    def connectionMade(self) -> None:
        gateway = self._gateway
        self.peer_ip = getattr(self.transport.getPeer(), "host", "")
        self.trusted = self.peer_ip in gateway.real_ip.trusted
        if gateway.opened(self):
            gateway.wheel.arm(self, gateway.now() + gateway.settings.header_timeout)
        else:
            self.abort()

    @override
    def dataReceived(self, data: bytes) -> None:
        """Collect the header, which is bounded, and hand over what follows it."""
        if self._closing:
            return
        data = self._buffer + data
        try:
            header = read_proxy_header(data)
        except BadProxyHeader as reason:
            self._fail(reason)
            return
        if header is None:
            self._buffer = data
        else:
            self._hand_over(header.source, data[header.size :])

    def _hand_over(self, source: tuple[str, int] | None, rest: bytes) -> None:
        transport, gateway = self.transport, self._gateway
        self._buffer = b""
        gateway.wheel.disarm(self)
        # Counted as one connection, not as two: with a limit per client that matters.
        gateway.replaced(self)
        following: IProtocol = self._factory.follow(source)
        transport.protocol = following
        following.makeConnection(transport)
        if rest:
            following.dataReceived(rest)

    def _fail(self, reason: object) -> None:
        self._factory.malformed(self.peer_ip, reason)
        self.abort()

    @override
    def timed_out(self) -> None:
        """The header has not come in time."""
        self._fail("it did not come in time")

    @override
    def connectionLost(self, reason: Failure | None = None) -> None:
        self._closing = True
        self._gateway.wheel.disarm(self)
        self._gateway.closed(self)

    def drain(self) -> None:
        """Close: no request can be in flight."""
        self.abort()

    def abort(self) -> None:
        """Close now."""
        self._closing = True
        self._buffer = b""
        self._gateway.wheel.disarm(self)
        self.transport.abortConnection()

    def spare_since(self) -> float | None:
        """It is never closed for the sake of another connection: its deadline is near."""
        return None
