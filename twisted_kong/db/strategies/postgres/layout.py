"""The layout of a database, for a node that starts and for commands that run without one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from twisted_kong.core.changes import Entity
from twisted_kong.db.documents import decode
from twisted_kong.db.interfaces import MigrationState
from twisted_kong.db.strategies.postgres import kinds, migrations
from twisted_kong.db.strategies.postgres.blocking import blocking_pool
from twisted_kong.db.strategies.postgres.exclusive import LOCK_SECONDS
from twisted_kong.db.strategies.postgres.pool import Pool
from twisted_kong.db.strategies.postgres.settings import Settings
from twisted_kong.db.tables import Table
from twisted_kong.db.transaction import run_unsuspended

T = TypeVar("T")

_ENTITIES = "select document from entities where kind = %s order by id"


async def make_ready(
    pool: Pool, tables: Mapping[str, Table], *, migrate: bool, version: str | None = None
) -> None:
    """Have a database fit this version and its kinds.

    DatabaseError with the command to run where steps remain and ``migrate`` is False, and where a node of a
    newer version than ours goes by definitions that would be brought back.
    """
    if migrate:
        await migrations.migrate(pool)
    else:
        await migrations.require(pool)
    await kinds.bring_up_to_date(pool, tables.values(), version=version)


class PostgresLayout:
    """The database that settings lead to; blocks the caller, so not for a running reactor.

    Errors are DatabaseError.

    :param settings: ``timeout`` holds for each connection and statement of the command.
    :param lock_seconds: how long to wait for other processes that change the layout.
    """

    def __init__(self, settings: Settings, lock_seconds: float = LOCK_SECONDS) -> None:
        self.settings = settings
        self.lock_seconds = lock_seconds

    def state(self) -> MigrationState:
        """Which steps have run; a schema that is not there has seen none."""
        return self._run(lambda pool: migrations.state(pool, migrations.where(self.settings)))

    def entities(self, kind: str) -> tuple[Entity, ...]:
        """All entities of a kind as they are stored."""

        async def work(pool: Pool) -> tuple[Entity, ...]:
            await migrations.require(pool)
            return tuple(decode(document) for (document,) in await pool.run(_ENTITIES, (kind,)))

        return self._run(work)

    def migrate(self) -> tuple[str, ...]:
        """Run what remains; the names of the steps that ran."""
        return self._run(lambda pool: migrations.migrate(pool, lock_seconds=self.lock_seconds))

    def reset(self) -> None:
        """Drop what is ours in the schema; DatabaseError while nodes are at work on it."""
        self._run(lambda pool: migrations.reset(pool, self.lock_seconds))

    def _run(self, work: Callable[[Pool], Coroutine[Any, Any, T]]) -> T:
        with blocking_pool(self.settings) as pool:
            return run_unsuspended(work(pool))
