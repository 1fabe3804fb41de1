"""A database whose writes are staged, over one whose writes are not."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from twisted_kong.core.errors import DatabaseUnavailable, OutcomeUnknown
from twisted_kong.db.database import Database
from twisted_kong.db.staging.store import StagedStrategy

T = TypeVar("T")


def stage(database: Database) -> tuple[StagedStrategy, Database]:
    """A staged store over a database's, and the same kinds over it.

    What is written through the second is kept in the first, until it is committed or forgotten.
    """
    store = StagedStrategy(database.strategy, database.tables, lambda: database.write_context().now)
    return store, database.staged(store)


async def unwritten(work: Awaitable[T]) -> T:
    """What some work on a staged database returns.

    :raises DatabaseUnavailable: also where a DAO fears that its write has taken effect: it was only staged.
    """
    try:
        return await work
    except OutcomeUnknown as error:
        raise DatabaseUnavailable(error.message) from error
