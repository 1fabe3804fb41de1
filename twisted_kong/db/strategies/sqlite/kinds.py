"""Keeps entities, and what finds them, in step with what their kinds say of themselves.

Unique values, references and tags are derived from documents by rules that come from schemas.
When a new version, of ours or of a plugin, makes another field unique or adds a reference, rows written
before would not be found by it.
When it adds a field, they lack it.
So the file remembers by which definition each kind was written, and when that has changed the kind's rows are
completed and indexed anew at the start.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import orjson

from twisted_kong.core.errors import DatabaseError, SchemaViolation
from twisted_kong.db.documents import decode, encode
from twisted_kong.db.interfaces import Stored
from twisted_kong.db.strategies.sqlite.connection import transaction
from twisted_kong.db.strategies.sqlite.rows import SqliteRows
from twisted_kong.db.tables import Table

_BATCH = "select id, document, expires from entities where kind = ? and id > ? order by id limit 500"
_UPDATE = "update entities set document = ? where kind = ? and id = ?"


def layout_of(table: Table) -> str:
    """The definition of a kind and the rules by which it is indexed, as text."""
    uniques = sorted(list(unique.fields) for unique in table.uniques)
    references = sorted([reference.field, reference.parent] for reference in table.references)
    return orjson.dumps({"version": table.version, "uniques": uniques, "references": references}).decode()


def bring_up_to_date(connection: sqlite3.Connection, path: Path, tables: Iterable[Table]) -> tuple[str, ...]:
    """Complete and index anew the kinds that have changed, in one transaction; their names.

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
    after = ""
    while batch := connection.execute(_BATCH, (table.name, after)).fetchall():
        for key, document, expires in batch:
            row = _completed(table, Stored(decode(document), document, expires))
            if row.document != document:
                connection.execute(_UPDATE, (row.document, table.name, key))
            _index(connection, path, table, key, row)
            after = key


def _completed(table: Table, row: Stored) -> Stored:
    try:
        entity = table.complete(row.entity)
    except SchemaViolation:
        # it no longer fits, which its next update will tell; until then it is kept as it is
        return row
    return Stored(entity, encode(entity), row.expires)


def _index(connection: sqlite3.Connection, path: Path, table: Table, key: str, row: Stored) -> None:
    try:
        SqliteRows(connection).index(table, key, row, None)
    except sqlite3.IntegrityError as error:
        raise DatabaseError(
            f"the database file {path} holds two {table.name} with a value that must be unique now,"
            f" one of them {key}"
        ) from error
