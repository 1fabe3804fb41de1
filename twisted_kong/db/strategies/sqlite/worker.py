"""A connection to a database file with the thread it belongs to, which looks whether the file is still it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from twisted.internet.defer import Deferred

from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.strategies.sqlite.connection import explained, identity
from twisted_kong.db.strategies.sqlite.thread import DEADLINE, LIMIT, DatabaseThread, IThreadReactor

T = TypeVar("T")


class Worker:
    """Does work on a connection of its own, piece by piece.

    :param reactor: takes the results from the thread.
    :param limit: how much work may wait; more is refused at once.
    :param deadline: seconds after which a piece of work is given up.
    """

    def __init__(
        self, path: Path, reactor: IThreadReactor, *, limit: int = LIMIT, deadline: float = DEADLINE
    ) -> None:
        self._path = path
        self._thread = DatabaseThread(reactor, f"the database file {path}", limit=limit, deadline=deadline)
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    async def start(self, make: Callable[[], sqlite3.Connection], deadline: float) -> None:
        """Start the thread and have it make the connection, in so many seconds."""
        self._thread.start()
        await self._thread.run(lambda: self._open(make), deadline)

    async def stop(self) -> None:
        """Close the connection, after the work asked for so far, and end the thread."""
        # closed already, or stuck: the thread dies with the process, and the file is safe at any moment
        with suppress(DatabaseUnavailable):
            await self._thread.run(self._close)
        await self._thread.stop()

    def run(self, work: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        """What a piece of work returns or raises; its complaints about the file become ours."""
        return self._thread.run(lambda: self._with_connection(work))

    def _open(self, make: Callable[[], sqlite3.Connection]) -> None:
        self._connection, self._file = make(), identity(self._path)

    def _with_connection(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            raise DatabaseUnavailable(f"the database file {self._path} is closed")
        if identity(self._path) != self._file:
            raise DatabaseUnavailable(
                f"the database file {self._path} was removed or replaced while in use:"
                " restart to use the new one"
            )
        with explained(self._path):
            return work(self._connection)

    def _close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()
