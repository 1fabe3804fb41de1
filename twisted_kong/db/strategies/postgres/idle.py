"""Connections that nobody uses just now; those that stay unused for long are closed."""

from __future__ import annotations

from collections import deque

from twisted.internet.interfaces import IDelayedCall

from twisted_kong.db.strategies.postgres.connection import Connection, IClock

# Seconds between two looks at least: by rounding, the time may be up without quite being so.
_SHORTEST = 0.1


class Idle:
    """Lends the connection that was used last, so that the others grow old.

    One that ends by itself is forgotten.

    :param seconds: how long a connection is kept unused, 0 for ever.
    """

    def __init__(self, clock: IClock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._connections: deque[Connection] = deque()
        self._sweep: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._connections)

    def keep(self, connection: Connection) -> None:
        """Take a connection that is no longer used."""
        connection.idle_since = self._clock.seconds()
        connection.is_proven = False
        connection.on_lost(lambda: self._connections.remove(connection))
        self._connections.append(connection)
        self._schedule()

    def take(self) -> Connection:
        """One of them."""
        connection = self._connections.pop()
        connection.on_lost(_nothing)
        return connection

    def close(self) -> None:
        """Close all of them."""
        while self._connections:
            self._connections[0].close()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def _schedule(self) -> None:
        if self._sweep is None and self._connections and self._seconds:
            due = self._connections[0].idle_since + self._seconds - self._clock.seconds()
            self._sweep = self._clock.callLater(max(_SHORTEST, due), self._close_old)

    def _close_old(self) -> None:
        self._sweep = None
        oldest = self._clock.seconds() - self._seconds
        while self._connections and self._connections[0].idle_since <= oldest:
            self._connections[0].close()
        self._schedule()


def _nothing() -> None:
    pass
