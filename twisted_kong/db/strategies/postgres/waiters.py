"""The queue for a connection: first come, first served, and nobody waits for ever.

The time is for waiting until others give a connection back.  Who waits for one that is being made waits for
nobody else, and is told by whoever makes it when that fails.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.strategies.postgres.connection import Connection, IClock
from twisted_kong.db.strategies.postgres.errors import again

# Seconds between two looks whether a connection is still being made.
_LOOK_AGAIN = 0.1


class _Waiter:
    """Somebody who waits for a connection."""

    def __init__(self, deferred: Deferred[Connection], timer: IDelayedCall, latest: float) -> None:
        self.deferred = deferred
        self.timer = timer
        self.latest = latest


class Waiters:
    """Those who wait for a connection, each for so many seconds at most.

    :param coming: how many connections are being made: so many of the first may wait for longer.
    :param patience: for how many seconds longer at most.
    """

    def __init__(
        self,
        clock: IClock,
        seconds: float,
        coming: Callable[[], int] = lambda: 0,
        patience: float = 0.0,
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._coming = coming
        self._patience = patience
        self._queue: deque[_Waiter] = deque()

    def __len__(self) -> int:
        return len(self._queue)

    def join(self) -> Deferred[Connection]:
        """Wait at the end of the queue; cancelling leaves it."""
        deferred: Deferred[Connection] = Deferred(lambda _: self._leave(waiter))
        latest = self._clock.seconds() + self._seconds + self._patience
        waiter = _Waiter(
            deferred, self._clock.callLater(self._seconds, lambda: self._give_up(waiter)), latest
        )
        self._queue.append(waiter)
        return deferred

    def serve(self, connection: Connection) -> None:
        """Hand a connection to the first."""
        waiter = self._queue.popleft()
        waiter.timer.cancel()
        waiter.deferred.callback(connection)

    def refuse(self, error: DatabaseError) -> None:
        """Send all of them away with a reason."""
        for _ in range(len(self._queue)):
            # one of them may make others leave
            if self._queue:
                waiter = self._queue.popleft()
                waiter.timer.cancel()
                waiter.deferred.errback(again(error))

    def _leave(self, waiter: _Waiter) -> None:
        self._queue.remove(waiter)
        waiter.timer.cancel()

    def _give_up(self, waiter: _Waiter) -> None:
        left = waiter.latest - self._clock.seconds()
        # much more than there can be: somebody has set the clock back
        if 0.0 < left <= self._patience and self._queue.index(waiter) < self._coming():
            waiter.timer = self._clock.callLater(min(left, _LOOK_AGAIN), lambda: self._give_up(waiter))
            return
        self._queue.remove(waiter)
        waiter.deferred.errback(
            DatabaseUnavailable(f"no connection to PostgreSQL became free within {self._seconds:g} seconds")
        )
