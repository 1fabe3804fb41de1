"""Tests of databases whose writes are staged."""

from __future__ import annotations

from tests.kit.deferreds import failure_of, success_of
from tests.kit.stores import memory_database
from twisted_kong.core.errors import DatabaseUnavailable, OutcomeUnknown
from twisted_kong.db.staging import stage, unwritten


def test_a_staged_database_is_as_the_one_beneath() -> None:
    """It has the same kinds, tables, workspace and origin, and its writes are in the store it comes with."""
    with memory_database() as database:
        store, twin = stage(database)
        assert twin.strategy is store
        assert (twin.workspace, twin.instance) == (database.workspace, database.instance)
        assert twin.tables is database.tables
        assert list(twin.daos) == list(database.daos)
        success_of(twin.services.insert({"name": "s"}))
        assert len(store.changes) == 1


def test_what_is_staged_cannot_have_taken_effect() -> None:
    """The database may go away in the middle of staged writes: nobody need fear that they were made."""

    async def work() -> None:
        raise OutcomeUnknown("it was written, but not read again: gone")

    error = failure_of(unwritten(work()), DatabaseUnavailable)
    assert not isinstance(error, OutcomeUnknown)
