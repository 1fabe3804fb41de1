"""The strategy over a database file; everything but :meth:`has_news` happens in threads of its own.

One writes and one reads, each on its connection: what waits for another process to end its write keeps no
read, and so no request, waiting.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from typing_extensions import override

from twisted_kong.core.changes import ChangeBatch, Position
from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.definitions import NewerNode
from twisted_kong.db.interfaces import (
    DEAD_AFTER,
    Commit,
    Committed,
    IStrategy,
    Member,
    MigrationState,
)
from twisted_kong.db.positions import LogPosition, parse
from twisted_kong.db.strategies.sqlite import kinds, log, members, migrations, rows
from twisted_kong.db.strategies.sqlite.connection import (
    explained,
    open_file,
    open_reader,
    open_watcher,
    transaction,
)
from twisted_kong.db.strategies.sqlite.reading import SqliteReading
from twisted_kong.db.strategies.sqlite.thread import DEADLINE, LIMIT, IThreadReactor
from twisted_kong.db.strategies.sqlite.worker import Worker
from twisted_kong.db.tables import Table
from twisted_kong.db.transaction import execute, run_unsuspended

# Opening may have to replay a long write-ahead log, check a big file and wait for others that migrate.
START_DEADLINE = 300.0


class SqliteStrategy(SqliteReading, IStrategy):
    """Keeps entities and their log in one file, which other processes may use at the same time.

    :param path: the file; its directory must exist.
    :param reactor: tells the time, and takes the results from the threads.
    :param version: of this program; a start that would bring back what a newer one goes by is refused.
    :param limit: how many reads, and how many writes, may wait for the file; more are refused at once.
    :param deadline: seconds after which a request is given up.
    """

    name = "sqlite"

    def __init__(
        self,
        path: Path,
        reactor: IThreadReactor,
        *,
        version: str | None = None,
        limit: int = LIMIT,
        deadline: float = DEADLINE,
    ) -> None:
        super().__init__(Worker(path, reactor, limit=limit, deadline=deadline), reactor)
        self.path = path
        self._writes = Worker(path, reactor, limit=limit, deadline=deadline)
        self._tables: Mapping[str, Table] = {}
        self._program_version = version
        # Who was reported here, and when, and so is known to the others.
        self._member: str | None = None
        self._reported = 0.0
        self._watcher: sqlite3.Connection | None = None
        self._version_polled = -1

    @override
    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        self._tables = tables
        try:
            await self._writes.start(lambda: self._open(migrate), START_DEADLINE)
            await self._reads.start(lambda: open_reader(self.path), START_DEADLINE)
            self._watcher = open_watcher(self.path)
        except BaseException:
            await self.stop()
            raise

    @override
    async def stop(self) -> None:
        if self._watcher is not None:
            watcher, self._watcher = self._watcher, None
            watcher.close()
        # who may write is the last to close, and so tidies up the write-ahead log
        await self._reads.stop()
        await self._writes.stop()

    @override
    async def migrations(self) -> MigrationState:
        return await self._reads.run(lambda connection: migrations.state(connection, self.path))

    @override
    async def apply(self, commit: Commit) -> Committed:
        # what is done here is done in another thread
        untold = replace(commit, told=None)

        def work(connection: sqlite3.Connection) -> Committed:
            with transaction(connection):
                drafts = run_unsuspended(execute(self._tables, rows.SqliteRows(connection), untold))
                changes = log.append(connection, drafts, commit)
                reached = changes[-1].position if changes else log.head(connection)
            return Committed(changes, reached)

        return await self._writes.run(work)

    @override
    async def expired(self, limit: int) -> list[tuple[str, str]]:
        now = self._reactor.seconds()
        return await self._reads.run(lambda connection: rows.expired(connection, self._tables, limit, now))

    @override
    async def trim_log(self, before: float) -> int:
        total = 0
        while step := await self._writes.run(lambda connection: log.trim(connection, before)):
            total += step
        return total

    @override
    def parse_position(self, text: str) -> Position:
        return parse(text)

    @override
    async def head(self) -> Position:
        return await self._reads.run(log.head)

    @override
    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        # read before the query: what is committed in between is news once more
        version = self._version()
        reader = position if isinstance(position, LogPosition) else parse(str(position))
        batch = await self._reads.run(lambda connection: log.changes_after(connection, reader, limit))
        self._version_polled = version
        return batch

    @override
    def has_news(self) -> bool:
        version = self._version()
        return version not in (-1, self._version_polled)

    @override
    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        place = None if after is None else parse(str(after))
        return await self._reads.run(lambda connection: log.history(connection, place, limit))

    @override
    async def report(self, member: Member) -> Position:
        now = self._reactor.seconds()
        known = self._member == member.instance and abs(now - self._reported) < DEAD_AFTER

        def work(connection: sqlite3.Connection) -> Position:
            members.report(connection, member, now)
            if not known:
                # an older node may have brought a definition back while it could not know of this one;
                # where a newer one has written it meanwhile, who runs already goes on
                with suppress(NewerNode):
                    self._bring_up_to_date(connection)
            return log.head(connection)

        head = await self._writes.run(work)
        self._member, self._reported = member.instance, now
        return head

    @override
    async def leave(self, instance: str) -> None:
        await self._writes.run(lambda connection: members.leave(connection, instance))

    @override
    async def members(self) -> tuple[Member, ...]:
        now = self._reactor.seconds()
        return await self._reads.run(lambda connection: members.members(connection, now))

    @override
    async def forget_members(self, age: float) -> int:
        before = self._reactor.seconds() - age
        return await self._writes.run(lambda connection: members.forget(connection, before))

    def _version(self) -> int:
        """SQLite's count of commits by others, as the watcher sees it; -1 when it cannot be told now."""
        if self._watcher is None:
            return -1
        try:
            (version,) = self._watcher.execute("pragma data_version").fetchone()
        except sqlite3.Error:
            return -1
        return int(version)

    def _open(self, migrate: bool) -> sqlite3.Connection:
        connection = open_file(self.path)
        try:
            with explained(self.path):
                self._make_ready(connection, migrate)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_ready(self, connection: sqlite3.Connection, migrate: bool) -> None:
        if migrate:
            migrations.migrate(connection, self.path)
        elif migrations.state(connection, self.path).pending:
            raise DatabaseError(f"the database file {self.path} has not been through all migrations")
        (verdict,) = connection.execute("pragma quick_check(1)").fetchone()
        if verdict != "ok":
            raise DatabaseError(f"the database file {self.path} is damaged ({verdict})")
        self._bring_up_to_date(connection)
        # refused here rather than at the first write
        with transaction(connection):
            pass

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        tables, now = self._tables.values(), self._reactor.seconds()
        kinds.bring_up_to_date(connection, self.path, tables, self._program_version, now)
