"""The strategy over PostgreSQL: one server to write to, perhaps a replica of it to read from.

What is asked of the servers is in ``rows``, ``log`` and ``members``; which of them is asked, and whether the
answer may be believed, is decided in ``reading``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from typing_extensions import override

from twisted_kong.core.changes import ChangeBatch, Entity, Position
from twisted_kong.db.interfaces import (
    Commit,
    Committed,
    Cursor,
    IStrategy,
    Member,
    MigrationState,
    PoolUse,
    Selection,
    Stored,
    StoredPage,
    TagRow,
)
from twisted_kong.db.positions import LogPosition, parse
from twisted_kong.db.strategies.postgres import log, migrations, rows
from twisted_kong.db.strategies.postgres.driver import IDriver
from twisted_kong.db.strategies.postgres.errors import Refusal, plain
from twisted_kong.db.strategies.postgres.hearing import Hearing
from twisted_kong.db.strategies.postgres.layout import make_ready
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.portions import Logged
from twisted_kong.db.strategies.postgres.proof import Seen
from twisted_kong.db.strategies.postgres.reading import Answer, Reader, proven
from twisted_kong.db.strategies.postgres.replica import Replica
from twisted_kong.db.strategies.postgres.reporting import Reporting
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.strategies.postgres.statement import Rows, Statement, together
from twisted_kong.db.tables import Table, Unique
from twisted_kong.db.transaction import execute


class PostgresStrategy(IStrategy):
    """Keeps entities and their log in a PostgreSQL database, which many nodes share.

    :param primary: how to reach the server that takes writes.
    :param replica: how to reach a standby to read from, if there is one.
    :param reactor: watches sockets, tells the time and resolves names.
    :param version: of this program; a start that would bring back what a newer one goes by is refused.
    :param steady: timers, and the seconds of a clock that nobody sets; the reactor where there is none.
    :param new_tag: gives the chance part of a position, eight hexadecimal digits.
    :param make_driver: a new, closed connection of the driver; another one in tests.
    """

    name = "postgres"
    _logger = Logger()

    def __init__(
        self,
        primary: Settings,
        replica: Settings | None,
        reactor: Any,
        *,
        new_tag: Callable[[], str],
        version: str | None = None,
        steady: IReactorTime | None = None,
        make_driver: Callable[[], IDriver] | None = None,
    ) -> None:
        self._reactor = reactor
        self._new_tag = new_tag
        self._version = version
        self._tables: Mapping[str, Table] = {}

        def pool(settings: Settings, *, writable: bool) -> Pool:
            return Pool(settings, reactor, writable=writable, make_driver=make_driver)

        self.primary = pool(primary, writable=True)
        self.replica = None if replica is None else pool(replica, writable=False)
        steady = reactor if steady is None else steady
        self._standby = None if self.replica is None else _standby(self.replica, steady)
        self._seen = Seen()
        self._losses_told = 0
        self._hearing = Hearing(self.primary, reactor, steady)
        self._reader = Reader(self.primary, self._standby, self._seen, steady, self._lost)
        self._channel = ""
        self._reporting = Reporting(self.primary, steady, version)

    @override
    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        self._tables = tables
        try:
            await make_ready(self.primary, tables, migrate=migrate, version=self._version)
            [(schema,)] = await self.primary.run("select current_schema()")
            # what a replica shows first could be of another history, and its lack be blamed on the primary
            await self.catch_up()
        except Refusal as error:
            raise plain(error) from error
        self._channel = log.channel_of(schema)
        await self._hearing.start(self._channel)

    @override
    async def stop(self) -> None:
        await self._hearing.stop()
        if self._standby is not None:
            self._standby.stop()
        for pool in self.pools.values():
            await pool.close()

    @property
    def pools(self) -> dict[str, Pool]:
        """The pools by what they lead to: ``primary`` and, where there is one, ``replica``."""
        return {"primary": self.primary} | ({} if self.replica is None else {"replica": self.replica})

    @override
    def pool_use(self) -> Mapping[str, PoolUse]:
        return {name: pool.statistics for name, pool in self.pools.items()}

    @override
    async def migrations(self) -> MigrationState:
        return await migrations.state(self.primary, migrations.where(self.primary.settings))

    @override
    async def ping(self) -> None:
        # a replica that is left alone can be read, but the database is not there for who writes
        await self._reader.read(from_primary=True)

    @override
    async def catch_up(self) -> None:
        # What the primary has shown is a claim from then on, which the replica has to hold.
        if self.replica is not None:
            await self._reader.read(from_primary=True)

    @override
    async def select(self, table: Table, key: str) -> Stored | None:
        return rows.one_of(await self._read(rows.select(table, key, self._now)))

    @override
    async def select_by(self, table: Table, unique: Unique, value: str) -> Stored | None:
        return rows.one_of(await self._read(rows.select_by(table, unique, value, self._now)))

    @override
    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        found = await self._read(rows.page(table, size, cursor, selection, self._now))
        return rows.page_of(found, size)

    @override
    async def tags_after(
        self, size: int, after: tuple[str, int, str] | None, tag: str | None
    ) -> list[TagRow]:
        found = await self._read(rows.tags_after(size, after or ("", 0, ""), tag, self._now))
        return rows.tags_of_rows(found)

    @override
    def examine(self, table: Table, key: str, entity: Entity) -> None:
        rows.index(table, key, Stored(entity, b""), None)

    @override
    async def apply(self, commit: Commit) -> Committed:
        async with self.primary.transaction() as transaction:
            writing = rows.PostgresRows(transaction)
            drafts = await execute(self._tables, writing, commit)
            logged = Logged(drafts, commit, self._new_tag)
            logging = await logged.sent(transaction, self._channel)
            question = self._seen.question()
            answer = proven(question, log.written(drafts))
            message = together(*writing.pending, *logging, Statement("commit"), answer)
            found = await transaction.finish(message.text, message.parameters)
        done = self._reader.wrote(question, found)
        if not drafts:
            return Committed((), done.head)
        [(last,)] = done.rows
        changes = await logged.changes(last, self._reactor)
        return Committed(changes, changes[-1].position)

    @override
    async def expired(self, limit: int) -> list[tuple[str, str]]:
        # The log does not tell of their removal, so a replica might show them over and over.
        answer = await self._reader.read(rows.expired(self._tables, limit, self._now), from_primary=True)
        return [(kind, key) for kind, key in answer.rows]

    @override
    async def trim_log(self, before: float) -> int:
        total = 0
        while step := await self._count(log.trim(before)):
            total += step
        return total

    @override
    def parse_position(self, text: str) -> Position:
        return parse(text)

    @override
    async def head(self) -> Position:
        return (await self._reader.read()).head

    @override
    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        reached = _log_position(position)
        query, mark = log.changes_after(reached, limit), self._hearing.begin()
        answer = await self._reader.read(query, from_primary=self._hearing.is_overdue)
        self._hearing.polled(mark, answer.head, from_primary=answer.from_primary)
        batch = log.batch_after(reached, answer.rows, limit)
        # The answer is of after the latest loss: one of before would have been asked for again.
        if batch is None or self._losses_told < self._seen.losses:
            self._losses_told = self._seen.losses
            return _doubt(answer)
        return batch

    @override
    def has_news(self) -> bool:
        return self._hearing.is_news

    @override
    def listen(self, heard: Callable[[], object]) -> None:
        self._hearing.pass_on(heard)

    @override
    async def history(self, after: Position | None, limit: int) -> ChangeBatch:
        if after is None:
            return log.beginning_from(await self._read(log.beginning(limit)), limit)
        reached = _log_position(after)
        answer = await self._reader.read(log.changes_after(reached, limit))
        return log.batch_after(reached, answer.rows, limit) or _doubt(answer)

    @override
    async def report(self, member: Member) -> Position:
        head = await self._reporting.report(member, self._tables.values())
        # So a node learns how far the primary is, even if nothing is notified and the replica got stuck – or
        # shows what the primary has lost, and nobody writes, so that nothing else would ever ask the primary.
        self._hearing.hear(head)
        if self._seen.is_ahead_of(head):
            await self._reader.read(from_primary=True)
        return head

    @override
    async def leave(self, instance: str) -> None:
        await self._reporting.leave(instance)

    @override
    async def members(self) -> tuple[Member, ...]:
        return await self._reporting.members()

    @override
    async def forget_members(self, age: float) -> int:
        return await self._reporting.forget(age)

    @property
    def _now(self) -> float:
        return float(self._reactor.seconds())

    async def _read(self, statement: Statement) -> Rows:
        return (await self._reader.read(statement)).rows

    async def _count(self, statement: Statement) -> int:
        [(count,)] = await self.primary.run(statement.text, statement.parameters)
        return int(count)

    def _lost(self) -> None:
        self._logger.warn("the database lacks what was read from it before: everything will be read again")
        self._hearing.lost()


def _standby(pool: Pool, steady: IReactorTime) -> Replica:
    return Replica(pool, steady, migrations.where(pool.settings))


def _log_position(position: Position) -> LogPosition:
    return position if isinstance(position, LogPosition) else parse(str(position))


def _doubt(answer: Answer) -> ChangeBatch:
    return ChangeBatch(changes=(), position=answer.head, continuous=False, more=False)
