"""Tests of reading all rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.deferreds import success_of
from tests.kit.stores import memory_database
from twisted_kong.db import scanning
from twisted_kong.db.database import Database
from twisted_kong.db.interfaces import Selection
from twisted_kong.db.scanning import all_rows


async def ids(database: Database, selection: Selection) -> list[str]:
    """The ids of the rows, as they come."""
    return [row.entity["id"] async for row in all_rows(database.strategy, database.routes.table, selection)]


def inserted(database: Database, service: str) -> str:
    """The id of a new Route of a Service."""
    route: Any = success_of(database.routes.insert({"service": {"id": service}})).entity
    return str(route["id"])


def test_rows_are_as_they_are_now() -> None:
    """All rows of a selection come by ascending key."""
    with memory_database() as database:
        for _ in range(2):
            success_of(database.routes.insert({}))
        wanted = sorted(row["id"] for row in success_of(database.routes.page()).rows)
        assert success_of(ids(database, Selection())) == wanted


@pytest.mark.parametrize("count", [0, 2, 4, 5])
def test_all_pages_are_read(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """However many there are, and of the selection only."""
    monkeypatch.setattr(scanning, "PAGE", 2)
    with memory_database() as database:
        parents: Any = [success_of(database.services.insert({"name": name})).entity for name in "ab"]
        made = [inserted(database, parent["id"]) for _ in range(count) for parent in parents]
        selection = Selection(foreign=("service", parents[0]["id"]))
        assert success_of(ids(database, selection)) == sorted(made[::2])
