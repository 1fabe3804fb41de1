"""Brings the rows of a file up to what their kinds say of themselves now; see :mod:`db.definitions`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db import definitions
from twisted_kong.db.documents import decode
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.strategies.sqlite import members
from twisted_kong.db.strategies.sqlite.connection import transaction
from twisted_kong.db.strategies.sqlite.rows import SqliteRows
from twisted_kong.db.tables import Table

_BATCH = "select id, document, expires from entities where kind = ? and id > ? order by id limit 500"
_UPDATE = "update entities set document = ? where kind = ? and id = ?"


def bring_up_to_date(
    connection: sqlite3.Connection,
    path: Path,
    tables: Iterable[Table],
    version: str | None = None,
    now: float = 0.0,
) -> tuple[str, ...]:
    """Complete and index anew the kinds that have changed, in one transaction; their names.

    DatabaseError, and nothing is changed, when entities that are there do not fit the new rules, or a newer
    node goes by what would be brought back.

    :param version: our own; None never to be refused for it.
    """
    tables = tuple(tables)
    if not changed(connection, tables):
        return ()
    with transaction(connection):
        # another process that started at the same time may have done it by now
        stale = changed(connection, tables)
        definitions.require_newest(stale, _known(connection), members.members(connection, now), version)
        for table in stale:
            _index_anew(connection, path, table)
            remember(connection, table)
    return tuple(table.name for table in stale)


def changed(connection: sqlite3.Connection, tables: Iterable[Table]) -> list[Table]:
    """The kinds whose rows were written by another definition, or never."""
    return definitions.changed(tables, _known(connection))


def _known(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("select name, layout from kinds"))


def remember(connection: sqlite3.Connection, table: Table) -> None:
    """Note that the rows of a kind are written by its present definition."""
    connection.execute(
        "insert or replace into kinds values (?, ?)", (table.name, definitions.layout_of(table))
    )


def _index_anew(connection: sqlite3.Connection, path: Path, table: Table) -> None:
    for index in ("unique_values", "foreign_keys", "tags"):
        connection.execute(f"delete from {index} where kind = ?", (table.name,))
    after = ""
    while batch := connection.execute(_BATCH, (table.name, after)).fetchall():
        for key, document, expires in batch:
            row = definitions.completed(table, Stored(decode(document), document, expires))
            if row.document != document:
                connection.execute(_UPDATE, (row.document, table.name, key))
            _index(connection, path, table, key, row)
            after = key


def _index(connection: sqlite3.Connection, path: Path, table: Table, key: str, row: Stored) -> None:
    try:
        SqliteRows(connection).index(table, key, row, None)
    except sqlite3.IntegrityError as error:
        raise DatabaseError(
            f"the database file {path} holds two {table.name} with a value that must be unique now,"
            f" one of them {key}"
        ) from error
