"""Indexing kinds anew when their rules change, on a database in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twisted_kong.core.errors import DatabaseError, SchemaViolation
from twisted_kong.db.definitions import NewerNode
from twisted_kong.db.documents import decode, encode
from twisted_kong.db.interfaces import DEAD_AFTER, Member, Stored
from twisted_kong.db.strategies.sqlite.kinds import bring_up_to_date
from twisted_kong.db.strategies.sqlite.members import report
from twisted_kong.db.strategies.sqlite.migrations import migrate
from twisted_kong.db.strategies.sqlite.rows import SqliteRows, select_by
from twisted_kong.db.tables import Reference, Table, Unique
from twisted_kong.db.transaction import run_unsuspended

PATH = Path("kong.db")
NAME, CODE = Unique(("name",)), Unique(("code",))


def table(*uniques: Unique, references: tuple[Reference, ...] = (), **rest: Any) -> Table:
    """A version of the kind ``things``."""
    return Table("things", ("id",), uniques, references, (), lambda new, old: (), **rest)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A migrated database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, PATH)
    yield connection
    connection.close()


def put(connection: sqlite3.Connection, kind: Table, **entity: Any) -> None:
    """Write a row by one version's rules."""
    row = Stored(entity, encode(entity))
    run_unsuspended(SqliteRows(connection).put(kind, entity["id"], row, None))


def found(connection: sqlite3.Connection, kind: Table, unique: Unique, value: str) -> Any:
    """The key of what a value leads to."""
    row = select_by(connection, kind, unique, f'["{value}"]', 0.0)
    return None if row is None else row.entity["id"]


def test_a_new_rule_reaches_old_rows(connection: sqlite3.Connection) -> None:
    """Rows that were there before a field became unique, or a reference came, are found by it."""
    old = table(NAME)
    assert bring_up_to_date(connection, PATH, [old]) == ("things",)
    put(connection, old, id="1", name="a", code="x", parent={"id": "9"}, tags=["t"])
    new = table(NAME, CODE, references=(Reference("parent", "parents"),))
    assert found(connection, new, CODE, "x") is None
    assert bring_up_to_date(connection, PATH, [new]) == ("things",)
    assert found(connection, new, CODE, "x") == "1"
    assert found(connection, new, NAME, "a") == "1"
    assert connection.execute("select parent from foreign_keys").fetchall() == [("9",)]
    assert connection.execute("select tag from tags").fetchall() == [("t",)]


def test_nothing_to_do(connection: sqlite3.Connection) -> None:
    """Kinds whose rules are as they were cost no write, in whatever order the rules come."""
    bring_up_to_date(connection, PATH, [table(NAME, CODE)])
    before = connection.total_changes
    assert bring_up_to_date(connection, PATH, [table(CODE, NAME)]) == ()
    assert connection.total_changes == before


def test_other_kinds_are_left_alone(connection: sqlite3.Connection) -> None:
    """Only the kind that has changed is indexed anew, and kinds that are not loaded stay as they are."""
    other = Table("others", ("id",), (NAME,), (), (), lambda new, old: ())
    bring_up_to_date(connection, PATH, [table(NAME), other])
    put(connection, other, id="2", name="a")
    assert bring_up_to_date(connection, PATH, [table(CODE)]) == ("things",)
    assert found(connection, other, NAME, "a") == "2"


def test_rows_that_do_not_fit(connection: sqlite3.Connection) -> None:
    """Where entities conflict by a new rule the start is refused, and everything is as it was."""
    old = table(NAME)
    bring_up_to_date(connection, PATH, [old])
    put(connection, old, id="1", name="a", code="x")
    put(connection, old, id="2", name="b", code="x")
    with pytest.raises(DatabaseError) as caught:
        bring_up_to_date(connection, PATH, [table(CODE)])
    assert caught.value.message == (
        "the database file kong.db holds two things with a value that must be unique now, one of them 2"
    )
    assert found(connection, old, NAME, "b") == "2"
    assert bring_up_to_date(connection, PATH, [old]) == ()


def documents(connection: sqlite3.Connection) -> list[Any]:
    """All documents, by id."""
    return [
        decode(document) for (document,) in connection.execute("select document from entities order by id")
    ]


def test_new_fields_reach_old_rows(connection: sqlite3.Connection) -> None:
    """Rows of an older version are completed, however many there are, and keep their end."""
    old = table(NAME, version="1")
    bring_up_to_date(connection, PATH, [old])
    for number in range(1203):
        put(connection, old, id=f"{number:04}", name=f"n{number}")
    connection.execute("update entities set expires = 5.0 where id = '0007'")
    new = table(NAME, version="2", complete=lambda entity: {"added": 1, **entity})
    assert bring_up_to_date(connection, PATH, [new]) == ("things",)
    assert {entity["added"] for entity in documents(connection)} == {1}
    assert found(connection, new, NAME, "n1202") == "1202"
    assert connection.execute("select expires from entities where id = '0007'").fetchone() == (5.0,)


def test_rows_that_cannot_be_completed(connection: sqlite3.Connection) -> None:
    """A row that a new version finds fault with stays as it is, and is still found."""
    put(connection, table(NAME), id="1", name="a")

    def complain(entity: Any) -> Any:
        raise SchemaViolation("no")

    new = table(NAME, version="2", complete=complain)
    bring_up_to_date(connection, PATH, [new])
    assert documents(connection) == [{"id": "1", "name": "a"}]
    assert found(connection, new, NAME, "a") == "1"


def test_a_definition_is_not_brought_back_beside_a_newer_node(connection: sqlite3.Connection) -> None:
    """As long as it lives; then an upgrade may be taken back."""
    old, new = table(NAME), table(NAME, CODE)
    bring_up_to_date(connection, PATH, [new], "2.0", 100.0)
    report(connection, Member("i", "id", "newer", "2.0", 0.0, None), 100.0)
    with pytest.raises(NewerNode, match=r"1\.0 cannot join while newer runs 2\.0"):
        bring_up_to_date(connection, PATH, [old], "1.0", 100.0 + DEAD_AFTER - 1)
    assert bring_up_to_date(connection, PATH, [new], "2.0", 100.0) == ()
    assert bring_up_to_date(connection, PATH, [old], "1.0", 100.0 + DEAD_AFTER) == ("things",)
