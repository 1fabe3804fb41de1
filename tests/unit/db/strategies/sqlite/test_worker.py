"""A connection and its thread."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.kit.deferreds import failure_of, started, success_of
from tests.kit.thread_clock import ThreadClock
from twisted_kong.core.errors import DatabaseError, DatabaseUnavailable
from twisted_kong.db.strategies.sqlite.worker import Worker


def started_worker(path: Path, clock: ThreadClock) -> Worker:
    """A worker on a file that is made here."""
    worker = Worker(path, clock)
    starting = started(worker.start(lambda: sqlite3.connect(path), 5.0))
    clock.turn()
    success_of(starting)
    return worker


def stop(worker: Worker, clock: ThreadClock) -> None:
    """End a worker that runs."""
    stopping = started(worker.stop())
    clock.turn(2)
    success_of(stopping)
    assert clock.getDelayedCalls() == []


def test_work_on_its_connection(tmp_path: Path) -> None:
    """Results come back, and SQLite's complaints as ours, with the file's name."""
    clock = ThreadClock()
    worker = started_worker(tmp_path / "x.db", clock)
    asked = worker.run(lambda connection: connection.execute("select 1").fetchone())
    clock.turn()
    assert success_of(asked) == (1,)
    asked = worker.run(lambda connection: connection.execute("select from"))
    clock.turn()
    assert str(tmp_path / "x.db") in str(failure_of(asked, DatabaseError))
    stop(worker, clock)
    failure_of(worker.run(lambda connection: None), DatabaseUnavailable)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_not_the_one_it_opened(tmp_path: Path, replaced: bool) -> None:
    """Nothing is done on a file that was removed or replaced: what is written there is lost."""
    path = tmp_path / "x.db"
    clock = ThreadClock()
    worker = started_worker(path, clock)
    path.rename(tmp_path / "y.db")
    if replaced:
        path.touch()
    done: list[int] = []
    asked = worker.run(lambda connection: done.append(1))
    clock.turn()
    assert "was removed or replaced" in str(failure_of(asked, DatabaseUnavailable))
    assert done == []
    stop(worker, clock)


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """Who starts it is told, and may stop it as if it had started."""
    clock = ThreadClock()
    worker = Worker(tmp_path / "x.db", clock)

    def refuse() -> sqlite3.Connection:
        raise DatabaseError("no")

    starting = started(worker.start(refuse, 5.0))
    clock.turn()
    failure_of(starting, DatabaseError)
    stop(worker, clock)


def test_one_that_never_started_can_be_stopped() -> None:
    """There is nothing to close."""
    clock = ThreadClock()
    success_of(Worker(Path("/nowhere/x.db"), clock).stop())
    assert clock.getDelayedCalls() == []
