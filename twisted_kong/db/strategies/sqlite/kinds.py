"""Keeps what finds entities in step with what their kinds say of themselves.

Unique values, references and tags are derived from documents by rules that come from schemas.
When a new version, of ours or of a plugin, makes another field unique or adds a reference, rows written
before would not be found by it.
So the file remembers by which rules each kind was indexed, and a kind whose rules have changed is indexed
anew at the start.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import orjson

from twisted_kong.core.errors import DatabaseError
from twisted_kong.db.documents import decode
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.strategies.sqlite.connection import transaction
from twisted_kong.db.strategies.sqlite.rows import SqliteRows
from twisted_kong.db.tables import Table


def layout_of(table: Table) -> str:
    """The rules by which a kind is indexed, as text."""
    uniques = sorted(list(unique.fields) for unique in table.uniques)
    references = sorted([reference.field, reference.parent] for reference in table.references)
    return orjson.dumps({"uniques": uniques, "references": references}).decode()


def bring_up_to_date(connection: sqlite3.Connection, path: Path, tables: Iterable[Table]) -> tuple[str, ...]:
    """Index anew the kinds whose rules have changed, in one transaction; their names.

    DatabaseError, and nothing is changed, when entities that are there do not fit the new rules.
    """
    tables = tuple(tables)
    if not _changed(connection, tables):
        return ()
    with transaction(connection):
        # another process that started at the same time may have done it by now
        changed = _changed(connection, tables)
        for table in changed:
            _index_anew(connection, path, table)
            connection.execute("insert or replace into kinds values (?, ?)", (table.name, layout_of(table)))
    return tuple(table.name for table in changed)


def _changed(connection: sqlite3.Connection, tables: tuple[Table, ...]) -> list[Table]:
    known = dict(connection.execute("select name, layout from kinds"))
    return [table for table in tables if known.get(table.name) != layout_of(table)]


def _index_anew(connection: sqlite3.Connection, path: Path, table: Table) -> None:
    for index in ("unique_values", "foreign_keys", "tags"):
        connection.execute(f"delete from {index} where kind = ?", (table.name,))
    rows = SqliteRows(connection)
    query = "select id, document from entities where kind = ? order by id"
    for key, document in connection.execute(query, (table.name,)):
        row = Stored(decode(document), document)
        try:
            rows.index(table, key, row, None)
        except sqlite3.IntegrityError as error:
            raise DatabaseError(
                f"the database file {path} holds two {table.name} with a value that must be unique now,"
                f" one of them {key}"
            ) from error
