"""How entities are read from a database file, whoever writes it."""

from __future__ import annotations

from twisted_kong.db.interfaces import Cursor, Selection, Stored, StoredPage, TagRow
from twisted_kong.db.strategies.sqlite import rows
from twisted_kong.db.strategies.sqlite.thread import IThreadReactor
from twisted_kong.db.strategies.sqlite.worker import Worker
from twisted_kong.db.tables import Table, Unique


class SqliteReading:
    """The reads of a strategy, on one connection of their own; rows whose time is over are not there."""

    def __init__(self, reads: Worker, reactor: IThreadReactor) -> None:
        self._reads = reads
        self._reactor = reactor

    async def select(self, table: Table, key: str) -> Stored | None:
        """As the strategy's."""
        now = self._reactor.seconds()
        return await self._reads.run(lambda connection: rows.select(connection, table, key, now))

    async def select_by(self, table: Table, unique: Unique, value: str) -> Stored | None:
        """As the strategy's."""
        now = self._reactor.seconds()
        return await self._reads.run(lambda connection: rows.select_by(connection, table, unique, value, now))

    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        """As the strategy's."""
        now = self._reactor.seconds()
        return await self._reads.run(
            lambda connection: rows.page(connection, table, size, cursor, selection, now)
        )

    async def tags_after(
        self, size: int, after: tuple[str, int, str] | None, tag: str | None
    ) -> list[TagRow]:
        """As the strategy's."""
        now, place = self._reactor.seconds(), after or ("", 0, "")
        return await self._reads.run(lambda connection: rows.tags_after(connection, size, place, tag, now))
