"""A bounded pool of connections to one server, or to several that stand in for each other.

Connections are made when they are wanted and closed when they have been idle for long; with the one that
listens they are never more than ``pool_size``.
Who finds none waits in a queue, and a queue that is full refuses.
When no connection can be made and none is at work that might come back, all who wait are told why, for they
wait for the same server; once it has failed to answer, one connection is tried at a time.

A connection is judged by whether it is closed and by what the server says of itself, never by a lock that was
not to be had.
Where one was lost, those that lie idle lead to the same server and go too.
One to a server that others have left – because it takes no writes any longer, or because the last connection
led to another – is closed when it comes back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, succeed

from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.interfaces import LostRace, PoolUse
from twisted_kong.db.names import addresses_of
from twisted_kong.db.strategies.postgres.connection import Connection, NoAnswer
from twisted_kong.db.strategies.postgres.driver import Driver, IDriver, Rows
from twisted_kong.db.strategies.postgres.errors import (
    READ_ONLY,
    again,
    is_connection_lost,
    settled,
    sqlstate,
    translated,
)
from twisted_kong.db.strategies.postgres.health import Health
from twisted_kong.db.strategies.postgres.idle import Idle
from twisted_kong.db.strategies.postgres.opening import Opener
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.strategies.postgres.transaction import Transaction
from twisted_kong.db.strategies.postgres.waiters import Waiters

# Hashing a password takes 2 ms of the reactor's time; several at once would add up.
OPENING_AT_ONCE = 3
_CLOSED = "the connections to PostgreSQL are closed"


class Pool:
    """Runs statements and transactions.

    :param reactor: watches sockets, tells the time and resolves names.
    :param writable: whether a standby will not do.
    :param make_driver: a new, closed connection of the driver; a fake in tests.
    """

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        *,
        writable: bool,
        make_driver: Callable[[], IDriver] | None = None,
    ) -> None:
        self.settings = settings
        self._clock = reactor
        self._writable = writable
        self._opener = Opener(
            settings,
            reactor,
            make_driver or (lambda: Driver(reactor)),
            lambda host: addresses_of(host, reactor.nameResolver),
            writable=writable,
        )
        self._health = Health(reactor)
        self._waiters = Waiters(
            reactor, settings.acquire_timeout, lambda: len(self._opening), settings.timeout
        )
        self._idle = Idle(reactor, settings.idle_timeout)
        self._busy: set[Connection] = set()
        self._reserved: set[Connection] = set()
        self._left: set[Connection] = set()
        self._opening: list[Deferred[Connection]] = []
        self._server: str | None = None
        self._closed = False
        self._emptied: Deferred[None] = Deferred()

    @property
    def statistics(self) -> PoolUse:
        """What it is doing."""
        busy = len(self._busy) + len(self._reserved)
        return PoolUse(self.settings.pool_size, busy + len(self._idle), busy, len(self._waiters))

    @property
    def unreachable_since(self) -> float | None:
        """The epoch second since when the server has answered nothing; None while it does."""
        return self._health.unreachable_since

    @property
    def last_error(self) -> DatabaseError | None:
        """Why the server does not answer."""
        return self._health.last_error

    async def run(self, query: str, parameters: Sequence[Any] = ()) -> Rows:
        """The rows of one statement, in a transaction of its own.

        It may be sent twice, see :meth:`first`.  DatabaseUnavailable also where others were in its way.
        """
        try:
            connection, rows = await self.first(query, parameters)
        except LostRace as error:
            # a replica too has conflicts, and says so in the words of a race
            raise settled(error) from error
        self.release(connection)
        return rows

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction, rolled back when it is left without :meth:`Transaction.finish`."""
        transaction = Transaction(self)
        try:
            yield transaction
        finally:
            await transaction.leave()

    async def first(self, query: str, parameters: Sequence[Any]) -> tuple[Connection, Rows]:
        """A connection with the rows of a first statement on it.

        Sent again, once, when the connection turns out to have died while it was idle.
        """
        connection = await self.acquire()
        may_be_dead = not connection.is_proven
        try:
            return connection, await self.ask(connection, query, parameters)
        except BaseException as error:
            was_dead = may_be_dead and connection.closed and isinstance(error, DatabaseError)
            self.release(connection)
            if not was_dead or isinstance(error, NoAnswer):
                raise
        connection = await self.acquire()
        try:
            return connection, await self.ask(connection, query, parameters)
        except BaseException:
            self.release(connection)
            raise

    async def ask(
        self, connection: Connection, query: str, parameters: Sequence[Any], *, commits: bool = False
    ) -> Rows:
        """The rows of a message's last statement, on a connection that was acquired.

        :param commits: whether the message may have taken effect although an error comes back.
        """
        if connection.closed:
            raise DatabaseUnavailable(f"PostgreSQL at {connection.server}: the connection was lost")
        try:
            rows = await connection.run(query, parameters)
        except CancelledError:
            raise
        except Exception as error:
            # in a transaction still: then it is one that failed
            unknown = commits and not connection.is_in_transaction
            self._failed(connection, error)
            raise translated(error, outcome_unknown=unknown) from error
        connection.is_proven = True
        self._health.answered()
        return rows

    def acquire(self) -> Deferred[Connection]:
        """A connection, to be given back by :meth:`release`; DatabaseUnavailable if there is none in time."""
        refusal = self._refusal()
        if refusal is not None:
            return fail(refusal)
        if self._idle and not self._waiters:
            return succeed(self._lend(self._idle.take()))
        waiting = self._waiters.join()
        self._open_more()
        return waiting

    async def reserve(self) -> Connection:
        """A connection that is kept for long, as the listening one is, and which the pool may close."""
        connection = await self.acquire()
        self._busy.discard(connection)
        self._reserved.add(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """Take a connection back; one that is in the middle of something is closed."""
        self._busy.discard(connection)
        self._reserved.discard(connection)
        if self._closed or connection in self._left or not connection.is_idle:
            self._left.discard(connection)
            connection.close()
        elif self._waiters:
            self._waiters.serve(self._lend(connection))
        else:
            self._idle.keep(connection)
        self._open_more()
        if not self._busy:
            self._emptied.callback(None)
            self._emptied = Deferred()

    async def close(self) -> None:
        """Refuse from now on, close all that is not in use, and wait for the rest, but not for ever."""
        self._closed = True
        self._waiters.refuse(DatabaseUnavailable(_CLOSED))
        for opening in list(self._opening):
            opening.cancel()
        self._idle.close()
        for connection in list(self._reserved):
            connection.close()
        if self._busy:
            emptied = self._emptied
            emptied.addTimeout(self.settings.timeout, self._clock, onTimeoutCancel=_nothing)
            await emptied
        for connection in list(self._busy):
            connection.close()

    def _refusal(self) -> DatabaseError | None:
        if self._closed:
            return DatabaseUnavailable(_CLOSED)
        if self._idle and not self._waiters:
            return None
        if not self._working and self._health.paused is not None:
            return again(self._health.paused)
        # who waits for a connection that is being made, or will be, waits for nobody
        free = self.settings.pool_size - len(self._busy) - len(self._reserved)
        if len(self._waiters) >= self.settings.backlog + free:
            return DatabaseUnavailable(
                f"PostgreSQL does not keep up: {len(self._waiters)} queries are waiting"
            )
        return None

    def _lend(self, connection: Connection) -> Connection:
        self._busy.add(connection)
        return connection

    @property
    def _working(self) -> int:
        """How many connections are in use and will come back, or are being made."""
        return len(self._busy) + len(self._opening)

    @property
    def _may_open(self) -> bool:
        total = len(self._idle) + len(self._reserved) + self._working
        at_once = OPENING_AT_ONCE if self.unreachable_since is None else 1
        return total < self.settings.pool_size and len(self._opening) < at_once

    def _open_more(self) -> None:
        while len(self._waiters) > len(self._opening) and self._may_open and not self._closed:
            paused = self._health.paused
            if paused is not None:
                if not self._working:
                    self._waiters.refuse(paused)
                return
            opening = Deferred.fromCoroutine(self._opener.open())
            self._opening.append(opening)
            opening.addBoth(self._opened, opening)

    def _opened(self, result: Any, opening: Deferred[Connection]) -> None:
        if isinstance(result, Connection):
            self._health.opened()
            if self._writable and self._server not in (None, result.server):
                self._leave_server()
            self._server = result.server
        # not before: who is sent off from the other server would find room for one too many
        self._opening.remove(opening)
        if isinstance(result, Connection):
            self.release(result)
        elif not self._closed:
            error = settled(result.value)
            self._health.could_not_open(error)
            if not self._working:
                self._waiters.refuse(error)

    def _failed(self, connection: Connection, error: BaseException) -> None:
        """A statement failed: what does that tell of the connection and of the server?"""
        if self._closed:
            return
        if self._writable and sqlstate(error) == READ_ONLY:
            self._leave_server()
        elif connection.closed or is_connection_lost(error):
            connection.close()
            self._idle.close()
            self._health.failed(settled(error))
        else:
            self._health.answered()

    def _leave_server(self) -> None:
        """Keep no connection that there is now: those in use are closed when they come back."""
        self._idle.close()
        self._left.update(self._busy)
        for connection in list(self._reserved):
            connection.close()


def _nothing(_: object, __: float) -> None:
    pass
