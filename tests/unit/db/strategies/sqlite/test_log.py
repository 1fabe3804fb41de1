"""The log's rows, on a database in memory; its promises are the contract's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from twisted_kong.db.interfaces import Commit
from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.sqlite import log
from twisted_kong.db.strategies.sqlite.migrations import migrate
from twisted_kong.db.transaction import Draft


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A migrated database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, Path("kong.db"))
    yield connection
    connection.close()


def append(connection: sqlite3.Connection, count: int, at: float = 0.0) -> LogPosition:
    """Append rows; the last position."""
    drafts = [Draft("services", "create", str(number), (f"key:{number}",)) for number in range(count)]
    log.append(connection, drafts, Commit((), "me", at, "alice"))
    return log.head(connection)


def numbers(connection: sqlite3.Connection) -> list[int]:
    """The numbers of all rows."""
    return [number for (number,) in connection.execute("select number from changes order by number")]


def test_numbers_have_no_gap(connection: sqlite3.Connection) -> None:
    """Numbers go on by one, also after a transaction that was rolled back."""
    append(connection, 2)
    connection.execute("begin")
    append(connection, 5)
    connection.execute("rollback")
    append(connection, 1)
    assert numbers(connection) == [0, 1, 2, 3]


def test_tags_are_chance(connection: sqlite3.Connection) -> None:
    """Each row has a tag of its own."""
    append(connection, 50)
    tags = {tag for (tag,) in connection.execute("select tag from changes")}
    assert len(tags) == 51


def test_one_query_proves_and_reads(connection: sqlite3.Connection) -> None:
    """A poll is a single query."""
    start = log.head(connection)
    append(connection, 3)
    queries: list[str] = []
    connection.set_trace_callback(queries.append)
    batch = log.changes_after(connection, start, 10)
    assert (len(queries), len(batch.changes), batch.continuous) == (1, 3, True)


def test_a_row_removed_by_hand_is_doubt(connection: sqlite3.Connection) -> None:
    """A gap in the middle is noticed."""
    start = log.head(connection)
    append(connection, 3)
    connection.execute("delete from changes where number = 2")
    assert not log.changes_after(connection, start, 10).continuous


def test_a_restored_copy_is_doubt(connection: sqlite3.Connection) -> None:
    """After a copy of the database is restored and written to, who had read further is in doubt."""
    append(connection, 2)
    copy = sqlite3.connect(":memory:", isolation_level=None)
    connection.backup(copy)
    end = append(connection, 3)
    copy.backup(connection)
    copy.close()
    assert not log.changes_after(connection, end, 10).continuous
    append(connection, 5)
    assert not log.changes_after(connection, end, 10).continuous


def test_trimming_in_steps(connection: sqlite3.Connection) -> None:
    """One step removes a bounded number of rows from the old end, and never the newest."""
    append(connection, log.TRIM_STEP + 10, at=1.0)
    assert log.trim(connection, 2.0) == log.TRIM_STEP
    assert numbers(connection)[0] == log.TRIM_STEP
    assert log.trim(connection, 2.0) == 10
    assert numbers(connection) == [log.TRIM_STEP + 10]
    assert log.trim(connection, 2.0) == 0


def test_trimming_by_age(connection: sqlite3.Connection) -> None:
    """Only rows older than asked for go, and only those before the first that is not."""
    append(connection, 2, at=1.0)
    append(connection, 1, at=5.0)
    append(connection, 2, at=1.0)
    log.trim(connection, 3.0)
    assert numbers(connection) == [3, 4, 5]


@pytest.mark.parametrize("before", [0.5, 2.0])
def test_trimming_costs_the_same_however_long_the_log(connection: sqlite3.Connection, before: float) -> None:
    """A step reads no more of the log than it may remove, whether there is something to remove or not."""
    costs = []
    for _ in range(2):
        append(connection, 5 * log.TRIM_STEP, at=1.0)
        ticks: list[None] = []
        connection.set_progress_handler(lambda ticks=ticks: ticks.append(None), 100)
        log.trim(connection, before)
        connection.set_progress_handler(None, 0)
        costs.append(len(ticks))
    assert costs[1] < costs[0] * 1.2
