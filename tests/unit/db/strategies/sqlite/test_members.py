"""The members' rows, on a database in memory; their promises are the contract's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from twisted_kong.db.interfaces import Member
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.sqlite import members
from twisted_kong.db.strategies.sqlite.migrations import migrate

ALPHA = Member("aaa", "node-1", "alpha.example", "1.0", 5.5, LogPosition(7, "0a0b0c0d"))


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A migrated database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, Path("kong.db"))
    yield connection
    connection.close()


def test_ages(connection: sqlite3.Connection) -> None:
    """The age is the time since the last report; a clock that was set back makes nobody younger than new."""
    members.report(connection, ALPHA, 100.0)
    assert members.members(connection, 107.5) == (replace(ALPHA, age=7.5),)
    assert members.members(connection, 90.0) == (ALPHA,)
    members.report(connection, ALPHA, 110.0)
    assert members.members(connection, 111.0) == (replace(ALPHA, age=1.0),)


def test_forgetting(connection: sqlite3.Connection) -> None:
    """Who was last seen at the moment or before goes, who was seen later stays."""
    for instance, seen in (("a", 100.0), ("b", 101.0), ("c", 102.0)):
        members.report(connection, replace(ALPHA, instance=instance), seen)
    assert members.forget(connection, 101.0) == 2
    assert [member.instance for member in members.members(connection, 102.0)] == ["c"]
