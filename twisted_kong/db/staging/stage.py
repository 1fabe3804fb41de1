"""A database whose writes are staged, over one whose writes are not."""

from __future__ import annotations

from twisted_kong.db.database import Database
from twisted_kong.db.staging.store import StagedStrategy


def stage(database: Database) -> tuple[StagedStrategy, Database]:
    """A staged store over a database's, and the same kinds over it.

    What is written through the second is kept in the first, until it is committed or forgotten.
    """
    store = StagedStrategy(database.strategy, database.tables, lambda: database.write_context().now)
    return store, database.staged(store)
