"""Tests of the row operations of a staged write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.deferreds import success_of
from tests.kit.stores import memory_database
from twisted_kong.db.database import Database
from twisted_kong.db.documents import encode
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.staging.base import Base
from twisted_kong.db.staging.rows import Overlay, StagedRows

NAME = '["s"]'


@pytest.fixture
def database() -> Iterator[Database]:
    """A database with a Service ``s`` that a Route refers to."""
    with memory_database() as opened:
        service = success_of(opened.services.insert({"name": "s"})).entity
        success_of(opened.routes.insert({"service": {"id": service["id"]}}))
        yield opened


@pytest.fixture
def overlay() -> Overlay:
    """An empty overlay."""
    return Overlay()


@pytest.fixture
def rows(database: Database, overlay: Overlay) -> StagedRows:
    """The row operations of one write over it."""
    return StagedRows(overlay, Base(database.strategy))


def stored(database: Database, kind: str) -> Stored:
    """The one row of a kind."""
    entity = success_of(database[kind].page()).rows[0]
    return Stored(entity, encode(entity))


def test_what_is_beneath_shows_until_it_is_hidden(
    database: Database, overlay: Overlay, rows: StagedRows
) -> None:
    """A row written or removed hides the one beneath, with the values and references that lead to it."""
    services, routes = database.services.table, database.routes.table
    service, route = stored(database, "services"), stored(database, "routes")
    key, child = service.entity["id"], route.entity["id"]
    assert success_of(rows.get(services, key)) == service
    assert success_of(rows.holder(services, services.uniques[0], NAME)) == key
    assert success_of(rows.referring(routes, "service", key)) == [child]
    success_of(rows.remove(services, key, service))
    moved = {**route.entity, "service": None}
    success_of(rows.put(routes, child, Stored(moved, encode(moved)), route))
    assert success_of(rows.get(services, key)) is None
    assert success_of(rows.holder(services, services.uniques[0], NAME)) is None
    assert success_of(rows.referring(routes, "service", key)) == []
    assert success_of(rows.get(routes, child)).entity == moved
    assert overlay.hides("services", key)


def test_what_is_undone_shows_again(database: Database, overlay: Overlay, rows: StagedRows) -> None:
    """After the steps were taken back all is as it was."""
    services = database.services.table
    service = stored(database, "services")
    key = service.entity["id"]
    other = {**service.entity, "name": "t"}
    success_of(rows.put(services, key, Stored(other, encode(other)), service))
    success_of(rows.remove(services, key, Stored(other, encode(other))))
    rows.undo()
    assert success_of(rows.get(services, key)) == service
    assert not overlay.hides("services", key)
    assert not overlay.holds("services", key)


def test_a_complete_table_is_all_there_is(database: Database, overlay: Overlay, rows: StagedRows) -> None:
    """Of a table that was loaded nothing is asked beneath."""
    services = database.services.table
    service = stored(database, "services")
    key = service.entity["id"]
    overlay.complete.add("services")
    assert success_of(rows.get(services, key)) is None
    assert success_of(rows.holder(services, services.uniques[0], NAME)) is None
    success_of(rows.load(services, key, service))
    assert success_of(rows.holder(services, services.uniques[0], NAME)) == key
    assert success_of(rows.get(services, key)) == service
