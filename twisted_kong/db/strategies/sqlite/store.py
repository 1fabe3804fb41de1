"""The strategy over a database file; everything but :meth:`has_news` happens in the database's own thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from twisted_kong.core.changes import ChangeBatch, Position
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.interfaces import (
    Commit,
    Committed,
    Cursor,
    IStrategy,
    MigrationState,
    Selection,
    Stored,
    StoredPage,
    TagRow,
)
from twisted_kong.db.positions import LogPosition, parse
from twisted_kong.db.strategies.sqlite import kinds, log, migrations, rows
from twisted_kong.db.strategies.sqlite.connection import (
    explained,
    identity,
    open_file,
    open_watcher,
    transaction,
)
from twisted_kong.db.strategies.sqlite.thread import DEADLINE, LIMIT, DatabaseThread, IThreadReactor
from twisted_kong.db.tables import Table, Unique
from twisted_kong.db.transaction import execute, run_unsuspended

T = TypeVar("T")

# Opening may have to replay a long write-ahead log, check a big file and wait for others that migrate.
START_DEADLINE = 300.0


class SqliteStrategy(IStrategy):
    """Keeps entities and their log in one file, which other processes may use at the same time.

    :param path: the file; its directory must exist.
    :param reactor: tells the time, and takes the results from the database's thread.
    :param limit: how many requests may wait for the file; more are refused at once.
    :param deadline: seconds after which a request is given up.
    """

    name = "sqlite"

    def __init__(
        self, path: Path, reactor: IThreadReactor, *, limit: int = LIMIT, deadline: float = DEADLINE
    ) -> None:
        self.path = path
        self._reactor = reactor
        self._thread = DatabaseThread(reactor, f"the database file {path}", limit=limit, deadline=deadline)
        self._tables: Mapping[str, Table] = {}
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._watcher: sqlite3.Connection | None = None
        self._version_polled = -1

    @override
    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        self._tables = tables
        self._thread.start()
        try:
            await self._thread.run(lambda: self._open(migrate), START_DEADLINE)
            self._watcher = open_watcher(self.path)
        except BaseException:
            await self.stop()
            raise

    @override
    async def stop(self) -> None:
        if self._watcher is not None:
            watcher, self._watcher = self._watcher, None
            watcher.close()
        # closed already, or stuck: the thread dies with the process, and the file is safe at any moment
        with suppress(DatabaseUnavailable):
            await self._thread.run(self._close)
        await self._thread.stop()

    @override
    async def migrations(self) -> MigrationState:
        return await self._run(lambda connection: migrations.state(connection, self.path))

    @override
    async def select(self, table: Table, key: str) -> Stored | None:
        now = self._reactor.seconds()
        return await self._run(lambda connection: rows.select(connection, table, key, now))

    @override
    async def select_by(self, table: Table, unique: Unique, value: str) -> Stored | None:
        now = self._reactor.seconds()
        return await self._run(lambda connection: rows.select_by(connection, table, unique, value, now))

    @override
    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        now = self._reactor.seconds()
        return await self._run(lambda connection: rows.page(connection, table, size, cursor, selection, now))

    @override
    async def tags_after(
        self, size: int, after: tuple[str, int, str] | None, tag: str | None
    ) -> list[TagRow]:
        now, place = self._reactor.seconds(), after or ("", 0, "")
        return await self._run(lambda connection: rows.tags_after(connection, size, place, tag, now))

    @override
    async def apply(self, commit: Commit) -> Committed:
        def work(connection: sqlite3.Connection) -> Committed:
            with transaction(connection):
                drafts = run_unsuspended(execute(self._tables, rows.SqliteRows(connection), commit))
                changes = log.append(connection, drafts, commit)
                reached = changes[-1].position if changes else log.head(connection)
            return Committed(changes, reached)

        return await self._run(work)

    @override
    async def expired(self, limit: int) -> list[tuple[str, str]]:
        now = self._reactor.seconds()
        return await self._run(lambda connection: rows.expired(connection, limit, now))

    @override
    async def trim_log(self, before: float) -> int:
        total = 0
        while step := await self._run(lambda connection: log.trim(connection, before)):
            total += step
        return total

    @override
    def parse_position(self, text: str) -> Position:
        return parse(text)

    @override
    async def head(self) -> Position:
        return await self._run(log.head)

    @override
    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        # read before the query: what is committed in between is news once more
        version = self._version()
        reader = position if isinstance(position, LogPosition) else parse(str(position))
        batch = await self._run(lambda connection: log.changes_after(connection, reader, limit))
        self._version_polled = version
        return batch

    @override
    def has_news(self) -> bool:
        version = self._version()
        return version not in (-1, self._version_polled)

    def _version(self) -> int:
        """SQLite's count of commits by others, as the watcher sees it; -1 when it cannot be told now."""
        if self._watcher is None:
            return -1
        try:
            (version,) = self._watcher.execute("pragma data_version").fetchone()
        except sqlite3.Error:
            return -1
        return int(version)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._thread.run(lambda: self._with_connection(work))

    def _with_connection(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            raise DatabaseUnavailable(f"the database file {self.path} is closed")
        if identity(self.path) != self._file:
            raise DatabaseUnavailable(
                f"the database file {self.path} was removed or replaced while in use:"
                " restart to use the new one"
            )
        with explained(self.path):
            return work(self._connection)

    def _open(self, migrate: bool) -> None:
        connection = open_file(self.path)
        try:
            with explained(self.path):
                self._make_ready(connection, migrate)
        except BaseException:
            connection.close()
            raise
        self._connection, self._file = connection, identity(self.path)

    def _make_ready(self, connection: sqlite3.Connection, migrate: bool) -> None:
        if migrate:
            migrations.migrate(connection, self.path)
        elif migrations.state(connection, self.path).pending:
            raise DatabaseError(f"the database file {self.path} has not been through all migrations")
        (verdict,) = connection.execute("pragma quick_check(1)").fetchone()
        if verdict != "ok":
            raise DatabaseError(f"the database file {self.path} is damaged ({verdict})")
        kinds.bring_up_to_date(connection, self.path, self._tables.values())
        # refused here rather than at the first write
        with transaction(connection):
            pass

    def _close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()
