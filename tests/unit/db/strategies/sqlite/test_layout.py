"""The layout of a database file without a node."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.strategies.sqlite.layout import SqliteLayout
from twisted_kong.db.strategies.sqlite.migrations import STEPS

NAMES = tuple(step.name for step in STEPS)


def test_missing_file_has_seen_no_step_and_is_not_made(tmp_path: Path) -> None:
    """Looking changes nothing."""
    path = tmp_path / "x.db"
    state = SqliteLayout(path).state()
    assert (state.executed, state.pending) == ((), NAMES)
    assert not path.exists()


def test_every_step_runs_once(tmp_path: Path) -> None:
    """The second time there is nothing to do."""
    layout = SqliteLayout(tmp_path / "x.db")
    assert layout.migrate() == NAMES
    assert layout.migrate() == ()
    assert layout.state().executed == NAMES


def test_reset_leaves_nothing(tmp_path: Path) -> None:
    """Every table is gone and no row is left in the file, and the steps can run again."""
    path = tmp_path / "x.db"
    layout = SqliteLayout(path)
    layout.migrate()
    connection = sqlite3.connect(path)
    connection.execute("create table credentials (key text)")
    connection.execute("insert into credentials values ('hunter2')")
    connection.commit()
    connection.close()
    layout.reset()
    assert layout.state().executed == ()
    assert b"hunter2" not in path.read_bytes()
    assert layout.migrate() == NAMES


def test_damaged_file_is_told(tmp_path: Path) -> None:
    """As everywhere, by a DatabaseError with one line."""
    (tmp_path / "x.db").write_bytes(b"no database" * 100)
    with pytest.raises(DatabaseError, match="is not a database"):
        SqliteLayout(tmp_path / "x.db").state()


def test_entities_are_read_without_a_node(tmp_path: Path) -> None:
    """Of one kind, and none from a file that is not there, which is not made."""
    path = tmp_path / "x.db"
    layout = SqliteLayout(path)
    assert layout.entities("vaults") == ()
    assert not path.exists()
    layout.migrate()
    connection = sqlite3.connect(path)
    for kind, id in (("vaults", "2"), ("vaults", "1"), ("services", "3")):
        row = (kind, id, f'{{"id": "{id}"}}'.encode())
        connection.execute("insert into entities (kind, id, document) values (?, ?, ?)", row)
    connection.commit()
    connection.close()
    assert layout.entities("vaults") == ({"id": "1"}, {"id": "2"})
