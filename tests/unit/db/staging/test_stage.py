"""Tests of databases whose writes are staged."""

from __future__ import annotations

from tests.kit.deferreds import success_of
from tests.kit.stores import memory_database
from twisted_kong.db.staging import stage


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
