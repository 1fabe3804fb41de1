"""A bounded pool of connections to one server, or to several that stand in for each other.

Connections are made when they are wanted and closed when they have been idle for long; with the one that
listens they are never more than ``pool_size``.
Who finds none waits in a queue: first come, first served, and not for ever; a queue that is full refuses.

When no connection can be made, and none is at work that might come back, everybody who waits is told why, for
all of them wait for the same server.
Then for a moment, which doubles each time, the same answer is given without another attempt, and later only
one attempt is made at a time: a server that refuses is not hammered, one that is back is found soon.

A connection is judged by whether it is closed and by what the server says of itself, never by a lock that was
not to be had.
One that leads to a server which others have left, since it takes no writes any longer or since a connection
was made to another one, is closed instead of being kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.interfaces import LostRace
from twisted_kong.db.strategies.postgres.connection import Connection, NoAnswer
from twisted_kong.db.strategies.postgres.driver import Driver, IDriver, Rows
from twisted_kong.db.strategies.postgres.errors import READ_ONLY, is_connection_lost, sqlstate, translated
from twisted_kong.db.strategies.postgres.names import addresses_of
from twisted_kong.db.strategies.postgres.opening import Opener
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.strategies.postgres.transaction import Transaction

# Seconds without an attempt after one that failed, the first time and at most.
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 0.5
# At most, where the server was there and refused: a wrong password.
LONGEST_REFUSED_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """A pool at one moment: how many connections it may have, has, and are in use; how many queries wait."""

    size: int
    open: int
    busy: int
    waiting: int


class _Waiter:
    """Somebody who waits for a connection."""

    def __init__(self, cancelled: Callable[[_Waiter], None]) -> None:
        self.deferred: Deferred[Connection] = Deferred(lambda _: cancelled(self))
        self.timer: IDelayedCall | None = None

    def forget(self) -> Deferred[Connection]:
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        return self.deferred


class Pool:
    """Runs statements and transactions.

    :param reactor: watches sockets, tells the time and resolves names.
    :param writable: whether a standby will not do.
    :param make_driver: a new, closed connection of the driver; a fake in tests.

    ``unreachable_since`` is the epoch second since when the server has answered nothing, None while it does;
    ``last_error`` is why.
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
        self.unreachable_since: float | None = None
        self.last_error: DatabaseError | None = None
        self._clock = reactor
        self._writable = writable
        self._opener = Opener(
            settings,
            reactor,
            make_driver or (lambda: Driver(reactor)),
            lambda host: addresses_of(host, reactor.nameResolver),
            writable=writable,
        )
        self._idle: deque[Connection] = deque()
        self._busy: set[Connection] = set()
        self._reserved: set[Connection] = set()
        self._opening: set[Deferred[None]] = set()
        self._waiters: deque[_Waiter] = deque()
        self._server: str | None = None
        self._left: set[Connection] = set()
        self._pause = 0.0
        self._not_before = 0.0
        self._sweep: IDelayedCall | None = None
        self._closed = False
        self._emptied: list[Deferred[None]] = []

    @property
    def statistics(self) -> PoolStatistics:
        """What it is doing."""
        busy = len(self._busy) + len(self._reserved)
        return PoolStatistics(self.settings.pool_size, busy + len(self._idle), busy, len(self._waiters))

    async def run(self, query: str, parameters: Sequence[Any] = ()) -> Rows:
        """The rows of one statement in a transaction of its own.

        The statement must not mind being run twice: it is sent again, once, when the connection turns out to
        have died in the pool.  DatabaseUnavailable also where others were in its way.
        """
        connection = await self.acquire()
        try:
            rows = await connection.run(query, parameters)
        except Exception as error:
            self.failed(connection, error)
            if connection.is_fresh or not connection.closed or isinstance(error, NoAnswer):
                raise _settled(error) from error
        else:
            self.answered(connection)
            return rows
        finally:
            self.release(connection)
        return await self._run_again(query, parameters)

    async def _run_again(self, query: str, parameters: Sequence[Any]) -> Rows:
        connection = await self.acquire()
        try:
            rows = await connection.run(query, parameters)
        except Exception as error:
            self.failed(connection, error)
            raise _settled(error) from error
        else:
            self.answered(connection)
            return rows
        finally:
            self.release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction, rolled back when it is left without :meth:`Transaction.finish`."""
        transaction = Transaction(self)
        try:
            yield transaction
        finally:
            await transaction.leave()

    async def reserve(self) -> Connection:
        """A connection that is kept for long, as the listening one is, and which :meth:`close` may close.

        To be given back by :meth:`release`.
        """
        connection = await self.acquire()
        self._busy.discard(connection)
        self._reserved.add(connection)
        return connection

    def acquire(self) -> Deferred[Connection]:
        """A connection, to be given back by :meth:`release`; DatabaseUnavailable if there is none in time."""
        waiter = _Waiter(self._cancelled)
        refusal = self._refusal()
        if refusal is not None:
            waiter.deferred.errback(refusal)
            return waiter.deferred
        if self._idle and not self._waiters:
            self._lend(self._idle.pop(), waiter)
            return waiter.deferred
        seconds = self.settings.acquire_timeout
        waiter.timer = self._clock.callLater(seconds, self._give_up, waiter, seconds)
        self._waiters.append(waiter)
        self._open_more()
        return waiter.deferred

    def release(self, connection: Connection) -> None:
        """Take a connection back; one that is in the middle of something is closed."""
        self._busy.discard(connection)
        self._reserved.discard(connection)
        if self._closed or connection in self._left or not connection.is_idle:
            self._drop(connection)
        elif self._waiters:
            self._lend(connection, self._waiters.popleft())
        else:
            self._keep(connection)
        self._after_change()

    def answered(self, connection: Connection) -> None:
        """The server has answered on this connection."""
        self.unreachable_since = None
        self.last_error = None

    def failed(self, connection: Connection, error: BaseException) -> None:
        """A statement on this connection failed."""
        if sqlstate(error) == READ_ONLY and self._writable:
            self._leave_server()
        elif connection.closed or isinstance(error, NoAnswer) or is_connection_lost(error):
            connection.close()
            found = translated(error)
            self._note(found if isinstance(found, DatabaseError) else DatabaseUnavailable(str(found)))
            if isinstance(error, NoAnswer):
                # what lies in the pool leads to the same silence
                self._close_idle()

    async def close(self) -> None:
        """Refuse from now on, let what is under way finish, and close all connections."""
        self._closed = True
        self._refuse_waiters(DatabaseUnavailable("the connections to PostgreSQL are closed"))
        for opening in list(self._opening):
            opening.cancel()
        self._close_idle()
        for connection in list(self._reserved):
            connection.close()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        if self._busy:
            emptied: Deferred[None] = Deferred()
            self._emptied.append(emptied)
            await emptied

    # -- waiting -------------------------------------------------------------------------------------------

    def _refusal(self) -> DatabaseError | None:
        if self._closed:
            return DatabaseUnavailable("the connections to PostgreSQL are closed")
        if self._idle and not self._waiters:
            return None
        if self.last_error is not None and not self._working and self._clock.seconds() < self._not_before:
            return self.last_error
        if len(self._waiters) >= self.settings.backlog and not self._may_open:
            return DatabaseUnavailable(
                f"PostgreSQL does not keep up: {len(self._waiters)} queries are waiting"
            )
        return None

    def _give_up(self, waiter: _Waiter, seconds: float) -> None:
        self._waiters.remove(waiter)
        waiter.deferred.errback(
            DatabaseUnavailable(f"no connection to PostgreSQL became free within {seconds:g} seconds")
        )

    def _cancelled(self, waiter: _Waiter) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        waiter.forget()

    def _refuse_waiters(self, error: DatabaseError) -> None:
        waiters, self._waiters = list(self._waiters), deque()
        for waiter in waiters:
            waiter.forget().errback(error)

    def _lend(self, connection: Connection, waiter: _Waiter) -> None:
        connection.on_lost(_nothing)
        self._busy.add(connection)
        waiter.forget().callback(connection)

    # -- opening -------------------------------------------------------------------------------------------

    @property
    def _working(self) -> int:
        """How many connections are at work and may come back, or are being made."""
        return len(self._busy) + len(self._opening)

    @property
    def _may_open(self) -> bool:
        total = len(self._idle) + len(self._reserved) + self._working
        limit = 1 if self.unreachable_since is not None else self.settings.pool_size
        return total < self.settings.pool_size and len(self._opening) < limit

    def _open_more(self) -> None:
        while not self._closed and len(self._opening) < len(self._waiters) and self._may_open:
            if self.unreachable_since is not None and self._clock.seconds() < self._not_before:
                return
            self._open_one()

    def _open_one(self) -> None:
        opening = Deferred.fromCoroutine(self._open())
        if not opening.called:
            self._opening.add(opening)
            opening.addBoth(lambda _: self._opening.discard(opening))

    async def _open(self) -> None:
        try:
            connection = await self._opener.open()
        except DatabaseError as error:
            self._could_not_open(error)
            return
        self._pause = 0.0
        self.answered(connection)
        if self._server not in (None, connection.server):
            self._leave_server()
        self._server = connection.server
        self._busy.add(connection)
        self.release(connection)

    def _could_not_open(self, error: DatabaseError) -> None:
        longest = LONGEST_PAUSE if isinstance(error, DatabaseUnavailable) else LONGEST_REFUSED_PAUSE
        self._pause = min(max(FIRST_PAUSE, self._pause * 2), longest)
        self._not_before = self._clock.seconds() + self._pause
        self._note(error)
        if not self._busy:
            self._refuse_waiters(error)

    def _note(self, error: DatabaseError) -> None:
        self.last_error = error
        if self.unreachable_since is None:
            self.unreachable_since = self._clock.seconds()

    # -- keeping -------------------------------------------------------------------------------------------

    def _keep(self, connection: Connection) -> None:
        connection.idle_since = self._clock.seconds()
        connection.is_fresh = False
        connection.on_lost(lambda: self._lost(connection))
        self._idle.append(connection)
        self._schedule_sweep()

    def _lost(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)

    def _drop(self, connection: Connection) -> None:
        self._left.discard(connection)
        connection.on_lost(_nothing)
        connection.close()

    def _leave_server(self) -> None:
        """Keep no connection of now: those in use are closed when they come back."""
        self._close_idle()
        self._left.update(self._busy)
        for connection in list(self._reserved):
            connection.close()

    def _close_idle(self) -> None:
        idle, self._idle = list(self._idle), deque()
        for connection in idle:
            self._drop(connection)

    def _after_change(self) -> None:
        self._open_more()
        if not self._busy:
            emptied, self._emptied = self._emptied, []
            for deferred in emptied:
                deferred.callback(None)

    def _schedule_sweep(self) -> None:
        if self._sweep is None and self._idle and self.settings.idle_timeout:
            due = self._idle[0].idle_since + self.settings.idle_timeout - self._clock.seconds()
            self._sweep = self._clock.callLater(max(0.0, due), self._close_long_idle)

    def _close_long_idle(self) -> None:
        self._sweep = None
        now = self._clock.seconds()
        while self._idle and self._idle[0].idle_since + self.settings.idle_timeout <= now:
            self._drop(self._idle.popleft())
        self._schedule_sweep()


def _settled(error: BaseException) -> DatabaseError:
    """The error of a statement by itself, which races with nobody that it could lose to."""
    found = translated(error)
    return DatabaseUnavailable(f"PostgreSQL: {found}") if isinstance(found, LostRace) else found


def _nothing() -> None:
    pass
