"""The pool for commands, which have no reactor: whoever asks waits until the answer is there.

Everything is the node's own – the servers that are tried, TLS, the session, deadlines, what errors say – but
for what lies below: a driver that waits, so that each of its Deferreds has fired when it is handed out, and
a reactor for which no time passes.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IResolutionReceiver
from twisted.internet.task import Clock

from twisted_kong.db.strategies.postgres.driver import Rows, SessionState
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.transaction import run_unsuspended

_MILLISECONDS = 1000


@contextmanager
def blocking_pool(settings: Settings) -> Iterator[Pool]:
    """A pool whose coroutines never suspend, for servers that can be written to."""
    pool = Pool(settings, Standstill(), writable=True, make_driver=lambda: BlockingDriver(settings.timeout))
    try:
        yield pool
    finally:
        run_unsuspended(pool.close())


class BlockingDriver(SessionState):
    """A connection that waits for each answer (``IDriver``).

    :param timeout: seconds that the server may take to answer.
    """

    def __init__(self, timeout: float) -> None:
        self.lost: Callable[[BaseException], object] = _ignore
        self.notified: Callable[[str], object] = _ignore
        self._timeout = timeout
        self._connection: Any = None

    def connect(self, **parameters: Any) -> Deferred[Any]:
        """Connect, with libpq's parameters."""
        try:
            self._connection = psycopg2.connect(async_=True, **parameters)
            self._wait()
        except psycopg2.Error as error:
            return fail(error)
        return succeed(None)

    def execute(self, query: str, parameters: Sequence[Any]) -> Deferred[Rows]:
        """The rows of a message's last statement."""
        try:
            cursor = self._connection.cursor()
            cursor.execute(query, parameters or None)
            self._wait()
            return succeed(cursor.fetchall() if cursor.description is not None else [])
        except psycopg2.Error as error:
            return fail(error)

    def close(self) -> None:
        """Close at once."""
        if self._connection is not None:
            self._connection.close()

    def _wait(self) -> None:
        """Return when the answer is there; past the deadline the connection is closed, as it is in a node."""
        deadline = time.monotonic() + self._timeout
        while (state := self._connection.poll()) != POLL_OK:
            poller = select.poll()
            poller.register(
                self._connection.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT
            )
            left = max(0.0, deadline - time.monotonic())
            if not poller.poll(left * _MILLISECONDS):
                self._connection.close()
                raise psycopg2.OperationalError(f"no answer within {self._timeout:g} seconds")


class Standstill(Clock):
    """A reactor in which nothing ever happens by itself, and whose resolver waits."""

    @property
    def nameResolver(self) -> _Resolver:  # noqa: N802 - Twisted's name
        """A resolver that waits."""
        return _Resolver()


class _Resolver:
    """Asks the system for the addresses of a name."""

    def resolveHostName(self, receiver: IResolutionReceiver, host: str) -> None:  # noqa: N802 - Twisted's name
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            found = []
        for family, *_, address in found:
            make = IPv6Address if family == socket.AF_INET6 else IPv4Address
            receiver.addressResolved(make("TCP", str(address[0]), 0))
        receiver.resolutionComplete()


def _ignore(_: object) -> None:
    pass
