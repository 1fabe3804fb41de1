"""Running steps on a database in memory; processes that start together are the integration tests'."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.migrations import Step
from twisted_kong.db.strategies.sqlite.connection import APPLICATION_ID
from twisted_kong.db.strategies.sqlite.migrations import STEPS, migrate, state, statements

PATH = Path("kong.db")
FIRST = Step("0001_first", "create table a (x); -- why; so\ninsert into a values (1);\n")
SECOND = Step("0002_second", "create table b (x);")
BROKEN = Step("0002_broken", "create table c (x);\ninsert into missing values (1);")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def tables(connection: sqlite3.Connection) -> set[str]:
    """The names of the tables."""
    return {name for (name,) in connection.execute("select name from sqlite_schema where type = 'table'")}


def test_each_step_runs_once(connection: sqlite3.Connection) -> None:
    """Steps run in order, and only those that have not run yet."""
    assert migrate(connection, PATH, [FIRST]) == ("0001_first",)
    assert migrate(connection, PATH, [FIRST, SECOND]) == ("0002_second",)
    assert migrate(connection, PATH, [FIRST, SECOND]) == ()
    assert connection.execute("select * from a").fetchall() == [(1,)]
    assert state(connection, PATH, [FIRST, SECOND]).pending == ()


def test_a_failing_step_leaves_nothing(connection: sqlite3.Connection) -> None:
    """When a step fails none of those that were to run has run, and the error names the step."""
    with pytest.raises(DatabaseError) as caught:
        migrate(connection, PATH, [FIRST, BROKEN])
    assert (
        caught.value.message == "the database file kong.db: step 0002_broken failed: no such table: missing"
    )
    assert tables(connection) == set()
    assert state(connection, PATH, [FIRST, BROKEN]).executed == ()
    assert connection.execute("pragma application_id").fetchone() == (0,)


def test_our_own_steps(connection: sqlite3.Connection) -> None:
    """The steps that are shipped run on an empty database and leave our mark."""
    assert migrate(connection, PATH) == tuple(step.name for step in STEPS)
    assert {"entities", "unique_values", "foreign_keys", "tags", "changes"} <= tables(connection)
    assert connection.execute("pragma application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("select count(*) from changes").fetchone() == (1,)


def test_statements() -> None:
    """A script is cut into its statements, however they lie on its lines."""
    trigger = "create trigger t after insert on a begin\n  delete from a;\nend;"
    text = f"create table a (x); -- one; two\n\n{trigger}\nselect 1"
    assert [" ".join(each.split()) for each in statements(text)] == [
        "create table a (x); -- one; two",
        "create trigger t after insert on a begin delete from a; end;",
        "select 1",
    ]
