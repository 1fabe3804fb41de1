"""The layout of a database file, for commands that run without a node: looked at, completed, removed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twisted_kong.core.changes import Entity
from twisted_kong.db.documents import decode
from twisted_kong.db.interfaces import MigrationState
from twisted_kong.db.strategies.sqlite import migrations
from twisted_kong.db.strategies.sqlite.connection import explained, open_file, transaction

_ENTITIES = "select document from entities where kind = ? order by id"


class SqliteLayout:
    """The embedded database of one path; blocks the caller, so not for a running reactor.

    Errors are DatabaseError. The file is made only when there is something to write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def state(self) -> MigrationState:
        """Which steps have run; a file that is not there has seen none."""
        if not self._path.exists():
            return MigrationState((), tuple(step.name for step in migrations.STEPS))
        with self._open() as connection:
            return migrations.state(connection, self._path)

    def entities(self, kind: str) -> tuple[Entity, ...]:
        """All entities of a kind as they are stored; none in a file that is not there, or empty."""
        if not self.state().executed:
            return ()
        with self._open() as connection:
            return tuple(decode(document) for (document,) in connection.execute(_ENTITIES, (kind,)))

    def migrate(self) -> tuple[str, ...]:
        """Run what remains; the names of the steps that ran."""
        with self._open() as connection:
            return migrations.migrate(connection, self._path)

    def reset(self) -> None:
        """Drop everything in the file in one transaction; a node that uses it fails from then on."""
        with self._open() as connection:
            connection.execute("pragma foreign_keys = off")
            with transaction(connection, "exclusive"):
                for kind, name in connection.execute(
                    "select type, name from sqlite_schema where type in ('table', 'view')"
                    " and name not like 'sqlite\\_%' escape '\\'"
                ).fetchall():
                    quoted = name.replace('"', '""')
                    connection.execute(f'drop {kind} if exists "{quoted}"')
            # What was dropped shall not stay readable in free pages: there were credentials in it.
            connection.execute("vacuum")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = open_file(self._path)
        try:
            with explained(self._path):
                yield connection
        finally:
            connection.close()
