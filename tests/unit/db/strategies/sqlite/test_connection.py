"""What SQLite's complaints are turned into, and transactions; files are the integration tests'."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.strategies.sqlite.connection import (
    check_version,
    explain,
    explained,
    free_bytes,
    transaction,
)

PATH = Path("/somewhere/kong.db")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("create table t (x integer primary key)")
    yield connection
    connection.close()


def complaint(name: str) -> sqlite3.OperationalError:
    """An error as SQLite's module raises it."""
    error = sqlite3.OperationalError("some text")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "reason", "temporary"),
    [
        ("SQLITE_NOTADB", "is not a database", False),
        ("SQLITE_CORRUPT", "is damaged", False),
        ("SQLITE_CORRUPT_INDEX", "is damaged", False),
        ("SQLITE_READONLY_DBMOVED", "is read-only", True),
        ("SQLITE_FULL", "cannot grow: the disk is full", True),
        ("SQLITE_CANTOPEN", "cannot be opened", True),
        ("SQLITE_BUSY", "has been locked by another process for 5 seconds", True),
        ("SQLITE_IOERR_FSYNC", "cannot be read or written", True),
    ],
)
def test_reasons(name: str, reason: str, temporary: bool) -> None:
    """Each complaint names the file and the reason, and tells what may pass from what will not."""
    error = explain(PATH, complaint(name))
    assert error.message == f"the database file {PATH} {reason} (some text)"
    assert isinstance(error, DatabaseUnavailable) == temporary


@pytest.mark.parametrize("name", ["SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_CANTOPEN"])
def test_a_full_disk_is_named_however_it_shows(name: str) -> None:
    """Not every file of SQLite tells it in the same way; with room left it is another fault."""
    full = explain(PATH, complaint(name), lambda path: 4096)
    assert full.message == f"the database file {PATH} cannot grow: the disk is full (some text)"
    assert "disk is full" not in explain(PATH, complaint(name), lambda path: 1 << 20).message


def test_room_on_a_disk(tmp_path: Path) -> None:
    """Also for a file that is not there; where nothing can be told the disk is not called full."""
    assert 0 < free_bytes(tmp_path / "x") < sys.maxsize
    assert free_bytes(Path("/nowhere/x")) == sys.maxsize


def test_tables_that_are_gone(connection: sqlite3.Connection) -> None:
    """A reset while a node runs is nothing that the node has to answer for."""
    with (
        pytest.raises(DatabaseUnavailable, match=r"has lost its tables.*restart the node.*no such table: x"),
        explained(PATH),
    ):
        connection.execute("select * from x")


def test_other_complaints() -> None:
    """What we have no word for is handed on in SQLite's."""
    assert explain(PATH, sqlite3.ProgrammingError("x")).message == f"the database file {PATH}: x"


def test_explained(connection: sqlite3.Connection) -> None:
    """What SQLite raises within is ours without; nothing else is touched."""
    with pytest.raises(DatabaseError, match="no such table"), explained(PATH):
        connection.execute("select * from missing")
    with pytest.raises(KeyError), explained(PATH):
        raise KeyError


def test_commit(connection: sqlite3.Connection) -> None:
    """What is done within a transaction stays."""
    with transaction(connection):
        connection.execute("insert into t values (1)")
    assert not connection.in_transaction
    assert connection.execute("select * from t").fetchall() == [(1,)]


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, GeneratorExit])
def test_rollback(connection: sqlite3.Connection, error: type[BaseException]) -> None:
    """Whatever is raised within a transaction takes it back."""

    def work() -> None:
        with transaction(connection):
            connection.execute("insert into t values (1)")
            raise error

    with pytest.raises(error):
        work()
    assert not connection.in_transaction
    assert connection.execute("select * from t").fetchall() == []


def test_rolled_back_by_sqlite_itself(connection: sqlite3.Connection) -> None:
    """An error after which SQLite has rolled back already is the one that is seen."""

    def work() -> None:
        with transaction(connection):
            connection.execute("insert into t values (1)")
            connection.execute("insert or rollback into t values (1)")

    with pytest.raises(sqlite3.IntegrityError):
        work()
    assert connection.execute("select * from t").fetchall() == []


def test_old_sqlite() -> None:
    """A SQLite that is too old is refused with both versions."""
    with pytest.raises(DatabaseError) as caught:
        check_version((3, 34, 1))
    assert caught.value.message == "SQLite 3.37.0 or later is needed, and this Python comes with 3.34.1"
    check_version((3, 37, 0))
