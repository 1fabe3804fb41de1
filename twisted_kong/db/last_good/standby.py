"""A snapshot in the place of the database that it is a copy of: it is read, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from typing_extensions import override

from twisted_kong.core.changes import ChangeBatch, Position
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.interfaces import Commit, Committed, IStrategy, Member, MigrationState
from twisted_kong.db.last_good.contents import Account
from twisted_kong.db.last_good.files import Place, open_to_read
from twisted_kong.db.positions import parse
from twisted_kong.db.strategies.sqlite.reading import SqliteReading
from twisted_kong.db.strategies.sqlite.thread import IThreadReactor
from twisted_kong.db.strategies.sqlite.worker import Worker
from twisted_kong.db.tables import Table

# Every row of the file is looked at when it is opened.
OPEN_DEADLINE = 120.0


class SnapshotStrategy(SqliteReading, IStrategy):
    """Reads entities from a snapshot file.  Whatever needs the database itself is DatabaseUnavailable.

    :param max_age: seconds since the file was last known to be current that are too many; 0 for none.
    """

    name = "snapshot"

    def __init__(self, place: Place, reactor: IThreadReactor, max_age: float) -> None:
        super().__init__(Worker(place.path, reactor), reactor)
        self._place, self._max_age = place, max_age
        self._account: Account | None = None

    @override
    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        """Open the file; :class:`~twisted_kong.db.last_good.files.Refused` if it is not fit to be used."""
        oldest = self._reactor.seconds() - self._max_age if self._max_age else 0.0

        def make() -> sqlite3.Connection:
            connection, self._account = open_to_read(self._place, tables, oldest)
            return connection

        await self._reads.start(make, OPEN_DEADLINE)

    @override
    async def stop(self) -> None:
        await self._reads.stop()

    @override
    async def migrations(self) -> MigrationState:
        raise self._away()

    @override
    async def ping(self) -> None:
        raise self._away()

    @property
    @override
    def outdated_since(self) -> float | None:
        return None if self._account is None else self._account.as_of

    @override
    async def apply(self, commit: Commit) -> Committed:
        raise self._away()

    @override
    async def expired(self, limit: int) -> list[tuple[str, str]]:
        """None that could be removed."""
        return []

    @override
    async def trim_log(self, before: float) -> int:
        """There is no log."""
        return 0

    @override
    def parse_position(self, text: str) -> Position:
        return parse(text)

    @override
    async def head(self) -> Position:
        """The position that the snapshot was taken at."""
        if self._account is None:
            raise self._away()
        return parse(self._account.position)

    @override
    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        raise self._away()

    @override
    def has_news(self) -> bool:
        return False

    @override
    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        raise self._away()

    @override
    async def report(self, member: Member) -> Position:
        raise self._away()

    @override
    async def leave(self, instance: str) -> None:
        raise self._away()

    @override
    async def members(self) -> tuple[Member, ...]:
        raise self._away()

    @override
    async def forget_members(self, age: float) -> int:
        raise self._away()

    def _away(self) -> DatabaseUnavailable:
        return DatabaseUnavailable("the database is away, and this node serves its last-good snapshot")
