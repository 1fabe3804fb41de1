"""Writes a snapshot file in a thread of its own: the reactor never waits for the disk.

A transaction spans several pieces of work, so a node that is killed leaves what was committed before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from twisted.logger import Logger

from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.last_good import contents
from twisted_kong.db.last_good.contents import Account, Contents, Found
from twisted_kong.db.last_good.files import Place, open_to_write
from twisted_kong.db.strategies.sqlite.thread import IThreadReactor
from twisted_kong.db.strategies.sqlite.worker import Worker
from twisted_kong.db.tables import Table

T = TypeVar("T")

# Opening may have to take in what a node that was killed left beside the file.
OPEN_DEADLINE = 60.0
# Seconds for which rows are kept when their time is over: the clocks of nodes may differ.
LEEWAY = 3600.0


class SnapshotWriter:
    """One snapshot file; opened and closed as often as needed, with one transaction at a time."""

    _log = Logger()

    def __init__(self, place: Place, reactor: IThreadReactor) -> None:
        self._place, self._reactor = place, reactor
        self._tables: Mapping[str, Table] = {}
        self._worker: Worker | None = None
        self._contents: Contents | None = None
        self._sum = 0
        self._suspect = False

    async def open(self, tables: Mapping[str, Table]) -> str | None:
        """Open the file, or make it; the position it stands at, None for an empty one.

        A file that could not be written for a reason of its own is made anew: it would only fail again.
        """
        self._tables = tables
        opened: list[tuple[Account | None, str | None]] = []

        def make() -> sqlite3.Connection:
            connection, account, removed = open_to_write(self._place, tables, anew=self._suspect)
            opened.append((account, removed))
            return connection

        self._worker = Worker(self._place.path, self._reactor)
        await self._worker.start(make, OPEN_DEADLINE)
        self._suspect = False
        ((account, removed),) = opened
        if removed is not None:
            self._log.warn("the last-good snapshot is made anew: {reason}", reason=removed)
        self._sum = 0 if account is None else account.sum
        return None if account is None else account.position

    async def close(self) -> None:
        """Close the file; what was not committed is undone."""
        worker, self._worker, self._contents = self._worker, None, None
        if worker is not None:
            await worker.stop()

    async def begin(self) -> None:
        """Begin a transaction."""

        def work(connection: sqlite3.Connection) -> Contents:
            connection.execute("begin immediate")
            return Contents(connection, self._sum)

        self._contents = await self._run(work)

    async def take(self, found: Sequence[Found]) -> None:
        """Bring rows to what was found of them in the database."""
        begun = self._begun
        await self._run(lambda _: begun.take(found))

    async def clear(self) -> None:
        """Remove all rows."""
        begun = self._begun
        await self._run(lambda _: begun.clear())

    async def commit(self, position: str, as_of: float) -> None:
        """End the transaction: the file is now what the database was at ``position``, at ``as_of``."""
        begun, identity = self._begun, self._place.identity

        def work(connection: sqlite3.Connection) -> int:
            begun.forget(self._tables, as_of - LEEWAY)
            contents.set_account(connection, Account(identity, position, as_of, begun.sum))
            connection.execute("commit")
            return begun.sum

        self._sum, self._contents = await self._run(work), None

    async def rollback(self) -> None:
        """Undo the transaction, if there is one."""
        if self._contents is not None:
            self._contents = None
            await self._run(lambda connection: connection.execute("rollback"))

    async def touch(self, as_of: float) -> None:
        """Note that the file is what the database still was at ``as_of``; not within a transaction."""
        await self._run(lambda connection: contents.touch(connection, as_of))

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._worker is None:
            raise DatabaseUnavailable(f"the last-good snapshot {self._place.path} is closed")
        try:
            return await self._worker.run(work)
        except DatabaseError as error:
            self._suspect = not isinstance(error, DatabaseUnavailable)
            raise

    @property
    def _begun(self) -> Contents:
        if self._contents is None:
            raise DatabaseUnavailable(f"no transaction on the last-good snapshot {self._place.path}")
        return self._contents
