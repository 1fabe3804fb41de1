"""Probes one address over a connection of its own, and tells what it has shown.

Kong: for ``tcp`` and ``grpc`` it is enough that it accepts, for ``grpcs`` that TLS is agreed on; for ``http``
and ``https`` the status counts.  Whatever goes wrong with TLS counts as a connection that failed.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, TimeoutError
from twisted.internet.interfaces import IHandshakeListener, IOpenSSLClientConnectionCreator
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from twisted_kong.core.health.asking import host_of, request_of, status_in
from twisted_kong.core.health.checks import Event, Probe
from twisted_kong.core.health.standing import Address

Finding = int | Event | None
"""A status, an event, or None where nothing was learnt of the address."""

# How to speak TLS for a probe to whoever has this name; raises if that cannot be done.
Secure = Callable[[Probe, str], IOpenSSLClientConnectionCreator]

# This machine's trouble, not the address's.
_OURS: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL))


@implementer(IHandshakeListener)
class _Asking(Protocol):
    """One probe, from the connection on."""

    # Why a certificate was refused, see ``proxy.verification``.
    trouble = ""
    _data = b""
    _finding: Finding = Event.TCP_FAILURE

    def __init__(
        self, reactor: Any, probe: Probe, address: Address, ended: Callable[[Finding], None]
    ) -> None:
        self._clock, self._probe, self._address, self._ended = reactor, probe, address, ended
        self._timer: Any = None

    @override
    def connectionMade(self) -> None:
        """Accepted."""
        # Kong: TLS that takes too long is a connection that failed.
        self._wait(Event.TCP_FAILURE)
        if not self._probe.is_secure:
            self._agreed()

    def handshakeCompleted(self) -> None:  # noqa: N802 - Twisted's name
        """TLS is agreed on."""
        self._agreed()

    def _agreed(self) -> None:
        if not self._probe.asks:
            self._finish(Event.SUCCESS)
            return
        self._wait(Event.TIMEOUT)
        self._write(request_of(self._probe, self._address))

    @override
    def dataReceived(self, data: bytes) -> None:
        """A piece of the answer: only its first line is of interest."""
        if self._timer is None:
            return
        self._data += data
        status = status_in(self._data)
        if status is not None:
            self._finish(status)

    @override
    def connectionLost(self, reason: Failure | None = None) -> None:
        """Over, by us or by them."""
        self._stop_waiting()
        self._ended(self._finding)

    def abort(self) -> None:
        """Nobody wants to know any more."""
        self._finish(None)

    def _wait(self, late: Event) -> None:
        self._stop_waiting()
        self._timer = self._clock.callLater(self._probe.timeout, self._finish, late)

    def _stop_waiting(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _finish(self, finding: Finding) -> None:
        self._stop_waiting()
        self._finding = finding
        transport: Any = self.transport
        if finding is Event.SUCCESS and not self._probe.is_secure:
            # Nothing was said: a server need not be told of a connection that was reset.
            transport.loseConnection()
        else:
            transport.abortConnection()

    def _write(self, data: bytes) -> None:
        transport: Any = self.transport
        transport.write(data)


class _Attempt(ClientFactory):
    """One probe, until it is connected."""

    noisy = False

    def __init__(
        self, reactor: Any, probe: Probe, address: Address, ended: Callable[[Finding], None]
    ) -> None:
        self._reactor, self._probe, self._address, self._ended = reactor, probe, address, ended
        self._asking: _Asking | None = None
        self.connector: Any = None
        self.given_up = False

    @override
    def buildProtocol(self, addr: Any) -> _Asking:
        self._asking = _Asking(self._reactor, self._probe, self._address, self._ended)
        return self._asking

    @override
    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:
        """There is no connection."""
        self._ended(_meaning(reason.value))

    def give_up(self) -> None:
        """Nobody wants to know any more."""
        self.given_up = True
        if self._asking is not None and self._asking.transport is not None:
            self._asking.abort()
        elif self.connector is not None:
            self.connector.disconnect()


class Prober:
    """Makes probes.

    :param secure: how to speak TLS; asked for each probe, so that certificates may change.
    """

    _log = Logger()

    def __init__(self, reactor: Any, secure: Secure) -> None:
        self._reactor, self._secure = reactor, secure
        self._under_way: set[_Attempt] = set()
        self._all_over: list[Deferred[None]] = []

    @property
    def under_way(self) -> int:
        """How many connections there are, or are being made."""
        return len(self._under_way)

    def probe(self, probe: Probe, address: Address) -> Deferred[Finding]:
        """Probe an address; fires when its connection is closed. Cancelled, the connection is aborted."""
        done: Deferred[Finding] = Deferred(lambda _: attempt.give_up())

        def ended(finding: Finding) -> None:
            self._under_way.discard(attempt)
            if not attempt.given_up:
                done.callback(finding)
            while self._all_over and not self._under_way:
                self._all_over.pop().callback(None)

        attempt = _Attempt(self._reactor, probe, address, ended)
        factory: Any = attempt
        if probe.is_secure:
            name = probe.sni or host_of(probe, address)
            try:
                factory = TLSMemoryBIOFactory(self._secure(probe, name), True, attempt, self._reactor)
            except Exception as error:
                self._log.error("cannot probe {address} with TLS: {error}", address=address, error=error)
                done.callback(None)
                return done
            factory.noisy = False
        attempt.connector = self._reactor.connectTCP(address.ip, address.port, factory, probe.timeout)
        # Only now: what cannot even begin must not be waited for. Twisted tells of nothing in the same turn.
        self._under_way.add(attempt)
        return done

    def when_idle(self) -> Deferred[None]:
        """Fires when no connection is left."""
        done: Deferred[None] = Deferred()
        if self._under_way:
            self._all_over.append(done)
        else:
            done.callback(None)
        return done


def _meaning(error: BaseException | None) -> Finding:
    """What it says of an address that it could not be connected to."""
    if isinstance(error, TimeoutError):
        return Event.TIMEOUT
    if isinstance(error, ConnectError) and error.osError in _OURS:
        return None
    return Event.TCP_FAILURE
