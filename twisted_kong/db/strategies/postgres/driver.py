"""txpostgres, kept from its traps: the one border to the driver.

txpostgres drives psycopg2's asynchronous connections from the reactor.  It is used as it is, with these
differences, each of which has a test:

* notifications are handed over at once and in their order, not by tasks that overtake each other;
* nothing is ever cancelled: ``cancel`` would open a connection and block until the server answers.  Who does
  not want to wait closes, and a query that the server has ended is an error like others;
* all that was registered with the reactor is taken out before the socket is closed, or a reactor other than
  epoll's would keep the descriptor's number, which the next socket gets;
* an idle connection that ends tells so, instead of throwing into the reactor;
* one query at a time, for whom no lock is needed; the pool sees to it.

libpq writes without blocking, so closing never waits for the server either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from twisted.internet import task
from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure
from txpostgres.txpostgres import Connection as StockConnection
from txpostgres.txpostgres import Cursor as StockCursor
from typing_extensions import override

Rows = list[tuple[Any, ...]]


class IDriver(Protocol):
    """One connection to a server, closed at first.

    ``lost`` is called when it ends while nothing is under way, ``notified`` with each payload that comes.
    """

    lost: Callable[[BaseException], object]
    notified: Callable[[str], object]

    def connect(self, **parameters: Any) -> Deferred[Any]:
        """Connect, with libpq's parameters; fails with psycopg2's errors."""

    def execute(self, query: str, parameters: Sequence[Any]) -> Deferred[Rows]:
        """The rows of a message's last statement; one message at a time."""

    def close(self) -> None:
        """Close at once; whatever is under way fails."""

    @property
    def closed(self) -> bool:
        """Whether it cannot be used, not yet or no longer."""

    @property
    def is_idle(self) -> bool:
        """Whether it is outside of a transaction and has nothing under way."""

    @property
    def server_version(self) -> int:
        """The server's version, as 150004."""


class _Cursor(StockCursor):  # type: ignore[misc]  # txpostgres is not typed
    """A cursor that tells the server's own end of a query as what it is, and not as somebody's ``cancel``."""

    @override
    def _handleCancellation(self, failure: Failure) -> Failure:
        return failure


class SessionState:
    """What a driver tells of its connection of psycopg2, None before there is one."""

    _connection: Any

    @property
    def closed(self) -> bool:
        """Whether it cannot be used, not yet or no longer."""
        return self._connection is None or bool(self._connection.closed)

    @property
    def is_idle(self) -> bool:
        """Whether it is outside of a transaction and has nothing under way."""
        return not self.closed and self._connection.get_transaction_status() == TRANSACTION_STATUS_IDLE

    @property
    def server_version(self) -> int:
        """The server's version, as 150004."""
        return int(self._connection.server_version)


class Driver(SessionState, StockConnection):  # type: ignore[misc]  # txpostgres is not typed
    """A connection of txpostgres.

    :param reactor: watches its socket (``IReactorFDSet`` and ``IReactorTime``).
    """

    cursorFactory = _Cursor  # noqa: N815 - txpostgres's name

    def __init__(self, reactor: Any) -> None:
        super().__init__(reactor, cooperator=task)
        self.lost: Callable[[BaseException], object] = _ignore
        self.notified: Callable[[str], object] = _ignore

    def execute(self, query: str, parameters: Sequence[Any]) -> Deferred[Rows]:
        """The rows of a message's last statement; one message at a time."""
        try:
            work: Deferred[Any] = self.cursor().execute(query, parameters or None)
        except Exception:
            # of a closed connection
            work = fail()
        return work.addCallback(_fetched)

    @override
    def close(self) -> None:
        """Close at once; whatever is under way fails."""
        self.lost = _ignore
        if self._connection is None:
            return
        for each in (self, *self._cursors):
            self.reactor.removeReader(each)
            self.reactor.removeWriter(each)
        super().close()

    @override
    def doRead(self) -> None:
        """Go on connecting, or take what the server says unasked."""
        if self._pollingD is not None:
            # The stock method would watch for reading from then on, also where it is writing that is wanted.
            self.reactor.removeReader(self)
            self.continuePolling()
            return
        # Before the look: libpq closes the socket where the server has.
        self.reactor.removeReader(self)
        if self.closed:
            return
        try:
            self.continuePolling()
        except psycopg2.Error as error:
            self._tell(error)
            return
        self.checkForNotifies()
        if not self.closed:
            self.reactor.addReader(self)

    @override
    def connectionLost(self, reason: Failure) -> None:
        """The reactor found the socket to be gone."""
        super().connectionLost(reason)
        if self._pollingD is None and not self._cursors:
            self._tell(reason.value or ConnectionError())

    @override
    def checkForNotifies(self) -> None:
        """Hand over what was notified, in order."""
        notifies = self._connection.notifies
        while notifies:
            self.notified(notifies.pop(0).payload)

    def _tell(self, error: BaseException) -> None:
        lost, self.lost = self.lost, _ignore
        lost(error)


def _fetched(cursor: Any) -> Rows:
    return cursor.fetchall() if cursor.description is not None else []


def _ignore(_: object) -> None:
    pass
