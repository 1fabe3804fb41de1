"""How rows and what finds them are written, on a database in memory."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.kit.small_kinds import SmallKinds
from tests.kit.write_context import write_context
from twisted_kong.db.documents import encode
from twisted_kong.db.interfaces import Selection, Stored, TagFilter
from twisted_kong.db.schemas import tables_of
from twisted_kong.db.strategies.sqlite.migrations import migrate
from twisted_kong.db.strategies.sqlite.rows import SqliteRows, page
from twisted_kong.db.tables import Table, Unique
from twisted_kong.db.transaction import run_unsuspended

TABLES = tables_of(SmallKinds(), lambda schema, new, old: (), write_context)
SERVICES, ROUTES = TABLES["services"], TABLES["routes"]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A migrated database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, Path("kong.db"))
    yield connection
    connection.close()


def stored(**entity: Any) -> Stored:
    """A row."""
    return Stored(entity, encode(entity))


def put(connection: sqlite3.Connection, table: Table, new: Stored, old: Stored | None = None) -> None:
    """Write a row."""
    run_unsuspended(SqliteRows(connection).put(table, new.entity["id"], new, old))


def found(connection: sqlite3.Connection, table: str) -> list[Any]:
    """What a table holds."""
    return sorted(connection.execute(f"select * from {table}"))


def test_what_finds_a_row_follows_it(connection: sqlite3.Connection) -> None:
    """Unique values, references and tags are those of the row as it is, and go with it."""
    first = stored(id="1", name="a", service={"id": "9"}, tags=["x", "y"])
    second = stored(id="1", name="b", service=None, tags=["y"])
    put(connection, ROUTES, first)
    assert found(connection, "unique_values") == [("routes", "name", '["a"]', "1")]
    assert found(connection, "foreign_keys") == [("routes", "service", "9", "1")]
    assert found(connection, "tags") == [("1", 1, "routes", "x"), ("1", 2, "routes", "y")]
    put(connection, ROUTES, second, first)
    assert found(connection, "unique_values") == [("routes", "name", '["b"]', "1")]
    assert found(connection, "foreign_keys") == []
    assert found(connection, "tags") == [("1", 1, "routes", "y")]
    run_unsuspended(SqliteRows(connection).remove(ROUTES, "1", second))
    assert [found(connection, each) for each in ("entities", "unique_values", "tags")] == [[], [], []]


def test_only_what_differs_is_touched(connection: sqlite3.Connection) -> None:
    """A change of nothing that finds the row writes one row and no more."""
    first = stored(id="1", name="a", tags=["x", "y"], port=1)
    put(connection, SERVICES, first)
    before = connection.total_changes
    put(connection, SERVICES, stored(id="1", name="a", tags=["x", "y"], port=2), first)
    assert connection.total_changes == before + 1


def test_looking_from_within(connection: sqlite3.Connection) -> None:
    """Within a transaction rows are found by key, by unique value and by parent."""
    put(connection, ROUTES, stored(id="1", name="a", service={"id": "9"}))
    rows = SqliteRows(connection)
    assert run_unsuspended(rows.holder(ROUTES, Unique(("name",)), '["a"]')) == "1"
    assert run_unsuspended(rows.holder(ROUTES, Unique(("name",)), '["b"]')) is None
    assert run_unsuspended(rows.holder(SERVICES, Unique(("name",)), '["a"]')) is None
    assert run_unsuspended(rows.referring(ROUTES, "service", "9")) == ["1"]
    assert run_unsuspended(rows.referring(ROUTES, "service", "8")) == []


_ASCENDING = [
    Selection(),
    Selection(foreign=("service", "9")),
    Selection(tags=TagFilter(("x",), every=True)),
    Selection(tags=TagFilter(("x", "y"), every=True)),
    Selection(tags=TagFilter(("x", "z"), every=False)),
    Selection(tags=TagFilter(("x", "y"), every=True), foreign=("service", "9")),
    Selection(tags=TagFilter(("x", "z"), every=False), foreign=("service", "9")),
]
SELECTIONS = [*_ASCENDING, *(replace(each, descending=True) for each in _ASCENDING)]


@pytest.mark.parametrize("selection", SELECTIONS)
def test_selections(connection: sqlite3.Connection, selection: Selection) -> None:
    """Whatever a list is narrowed by, its pages hold what a look at each row would give."""
    put(connection, SERVICES, stored(id="05", name="not a route", tags=["x", "y"]))
    rows = [
        stored(
            id=f"{number:02}",
            service={"id": "9"} if number % 2 else None,
            tags=[tag for bit, tag in enumerate("xyz") if number >> bit & 1],
        )
        for number in range(16)
    ]
    for row in rows:
        put(connection, ROUTES, row)

    def wanted(entity: dict[str, Any]) -> bool:
        tags = [tag in entity["tags"] for tag in (selection.tags.tags if selection.tags else ())]
        tagged = selection.tags is None or (all(tags) if selection.tags.every else any(tags))
        return tagged and (selection.foreign is None or entity["service"] == {"id": "9"})

    seen, cursor = [], None
    while True:
        cut = page(connection, ROUTES, 3, cursor, selection, 0.0)
        seen += [row.entity["id"] for row in cut.rows]
        cursor = cut.cursor
        if cursor is None:
            break
    expected = [row.entity["id"] for row in rows if wanted(row.entity)]
    assert seen == (expected[::-1] if selection.descending else expected)


@pytest.mark.parametrize("cursor", [None, ["05"]])
@pytest.mark.parametrize("selection", SELECTIONS)
def test_no_page_is_sorted(
    connection: sqlite3.Connection, selection: Selection, cursor: list[str] | None
) -> None:
    """Every list comes in order from an index: SQLite never has to sort, however long it is."""
    plans: list[str] = []
    connection.set_trace_callback(plans.append)
    page(connection, ROUTES, 3, cursor, selection, 0.0)
    connection.set_trace_callback(None)
    plan = " ".join(str(row) for row in connection.execute(f"explain query plan {plans[-1]}"))
    assert "TEMP B-TREE" not in plan
    assert "SCAN" not in plan.replace("LIST SUBQUERY", "")


def test_the_rarest_tag_leads(connection: sqlite3.Connection) -> None:
    """What two tags cost depends on the rarer one, whichever is named first."""
    for number in range(500):
        tags = ["common", "rare"] if number == 250 else ["common"]
        put(connection, ROUTES, stored(id=f"{number:03}", tags=tags))
    for order, descending in itertools.product((("common", "rare"), ("rare", "common")), (False, True)):
        steps: list[None] = []
        connection.set_progress_handler(lambda steps=steps: steps.append(None), 100)
        selection = Selection(tags=TagFilter(order, every=True), descending=descending)
        cut = page(connection, ROUTES, 3, None, selection, 0.0)
        connection.set_progress_handler(None, 0)
        assert [row.entity["id"] for row in cut.rows] == ["250"]
        assert len(steps) < 50
