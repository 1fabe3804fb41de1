"""Runs the steps of the layout on a file: each once, however many processes start at the same time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.interfaces import MigrationState
from twisted_kong.db.migrations import Step, load_steps, state_of
from twisted_kong.db.strategies.sqlite.connection import APPLICATION_ID, transaction

STEPS = load_steps("twisted_kong.db.strategies.sqlite.steps", ".sql")

_TABLE = (
    "create table if not exists migrations (name text primary key, at text not null) strict, without rowid"
)


def state(connection: sqlite3.Connection, path: Path, steps: Sequence[Step] = STEPS) -> MigrationState:
    """Which steps have run on a file; DatabaseError when a later version has been at it."""
    (found,) = connection.execute(
        "select count(*) from sqlite_schema where type = 'table' and name = 'migrations'"
    ).fetchone()
    rows = connection.execute("select name from migrations order by name") if found else ()
    return state_of(steps, (name for (name,) in rows), f"the database file {path}")


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Step] = STEPS) -> tuple[str, ...]:
    """Run what remains, all in one transaction that keeps every other process out; the names of what ran."""
    if not state(connection, path, steps).pending:
        return ()
    with transaction(connection, "exclusive"):
        pending = state(connection, path, steps).pending
        connection.execute(_TABLE)
        for step in steps:
            if step.name in pending:
                _run(connection, path, step)
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
    return pending


def _run(connection: sqlite3.Connection, path: Path, step: Step) -> None:
    try:
        for statement in statements(step.text):
            connection.execute(statement)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise DatabaseError(f"the database file {path}: step {step.name} failed: {error}") from error
    connection.execute("insert into migrations values (?, datetime('now'))", (step.name,))


def statements(text: str) -> Iterator[str]:
    """The single statements of a script: SQLite's own way of running one would commit what went before."""
    collected = ""
    for line in text.splitlines(keepends=True):
        collected += line
        if sqlite3.complete_statement(collected):
            yield collected
            collected = ""
    if collected.strip():
        yield collected
