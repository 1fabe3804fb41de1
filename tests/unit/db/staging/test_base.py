"""Tests of the reads of the store beneath a staged one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.deferreds import success_of
from tests.kit.stores import memory_database
from twisted_kong.db import scanning
from twisted_kong.db.database import Database
from twisted_kong.db.staging.base import Base


@pytest.fixture
def database() -> Iterator[Database]:
    """A database with a Service ``s``."""
    with memory_database() as opened:
        success_of(opened.services.insert({"name": "s"}))
        yield opened


def service(database: Database) -> Any:
    """The Service ``s``, or what has become of it."""
    return success_of(database.services.page()).rows[0]


def test_a_row_is_read_once(database: Database) -> None:
    """Whoever asks again is told what the first was told, of a row that is there and of one that is not."""
    base, table, row = Base(database.strategy), database.services.table, service(database)
    missing = "11111111-1111-4111-8111-000000000001"
    assert success_of(base.select(table, row["id"])).entity == row
    assert success_of(base.select(table, missing)) is None
    success_of(database.services.update(row["id"], {"port": 1}))
    success_of(database.services.insert({"id": missing}))
    assert success_of(base.select(table, row["id"])).entity == row
    assert success_of(base.select(table, missing)) is None


def test_a_holder_is_the_row_as_it_was_read(database: Database) -> None:
    """A row found by a value is the one that was read by its key; if that had another value there is none."""
    base, table, row = Base(database.strategy), database.services.table, service(database)
    name = table.unique_on("name")
    success_of(base.select(table, row["id"]))
    success_of(database.services.update(row["id"], {"name": "t"}))
    assert success_of(base.select_by(table, name, '["t"]')) is None
    assert success_of(base.select_by(table, name, '["u"]')) is None


def test_children_are_all_that_refer_to_a_parent(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read page by page, and remembered."""
    monkeypatch.setattr(scanning, "PAGE", 2)
    parent = {"id": service(database)["id"]}
    made = [success_of(database.routes.insert({"service": parent})).entity["id"] for _ in range(5)]
    base, table = Base(database.strategy), database.routes.table
    assert success_of(base.children(table, "service", parent["id"])) == sorted(made)
    success_of(database.routes.delete(made[0]))
    assert success_of(base.select(table, made[0])) is not None
