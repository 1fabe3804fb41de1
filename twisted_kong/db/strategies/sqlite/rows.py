"""Reading and writing entities in a database file, always in the database's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from typing_extensions import override

from twisted_kong.db.documents import decode
from twisted_kong.db.indexes import foreign_rows, name_of, tag_rows, unique_rows
from twisted_kong.db.interfaces import Cursor, Selection, Stored, StoredPage, TagRow
from twisted_kong.db.places import Place, place_of
from twisted_kong.db.tables import Table, Unique
from twisted_kong.db.transaction import IRows

_ALIVE = "(e.expires is null or e.expires > ?)"
_SELECT = f"select e.document, e.expires from entities e where e.kind = ? and e.id = ? and {_ALIVE}"
_SELECT_BY = f"""
    select e.document, e.expires
    from unique_values u join entities e on e.kind = u.kind and e.id = u.id
    where u.kind = ? and u.fields = ? and u.value = ? and {_ALIVE}
"""
# A page is cut from the table that leads to the fewest rows; "d" names it, and all of them go by id.
_ALL = "from entities e where e.kind = ? and e.id {sign} ?"
_OF_PARENT = """
    from foreign_keys d join entities e on e.kind = d.kind and e.id = d.id
    where d.kind = ? and d.field = ? and d.parent = ? and d.id {sign} ?
"""
_WITH_TAG = """
    from tags d join entities e on e.kind = d.kind and e.id = d.id
    where d.kind = ? and d.tag = ? and d.id {sign} ?
"""
_AND_TAG = " and exists (select 1 from tags t where t.kind = d.kind and t.tag = ? and t.id = d.id)"
_AND_ANY_TAG = " and e.id in (select id from tags where kind = ? and tag in ({marks}) and id {{sign}} ?)"
# How common a tag is counted no further than this: beyond it any will do.
_COMMON = 1_000
_COUNT_TAG = (
    f"select count(*) from (select 1 from tags where kind = ? and tag = ? and id {{sign}} ? limit {_COMMON})"
)
_TAGS = f"""
    select t.tag, t.kind, t.id, t.ordinal from tags t
    where (t.id, t.ordinal, t.kind) > (?, ?, ?) {{of_tag}}
    and exists (select 1 from entities e where e.kind = t.kind and e.id = t.id and {_ALIVE})
    order by t.id, t.ordinal, t.kind limit ?
"""


def select(connection: sqlite3.Connection, table: Table, key: str, now: float) -> Stored | None:
    """The row with a primary key."""
    return _stored(connection.execute(_SELECT, (table.name, key, now)).fetchone())


def select_by(
    connection: sqlite3.Connection, table: Table, unique: Unique, value: str, now: float
) -> Stored | None:
    """The row that holds a value under a unique constraint."""
    row = connection.execute(_SELECT_BY, (table.name, name_of(unique), value, now)).fetchone()
    return _stored(row)


def page(
    connection: sqlite3.Connection,
    table: Table,
    size: int,
    cursor: Cursor | None,
    selection: Selection,
    now: float,
) -> StoredPage:
    """Rows by key, after the one that the cursor names."""
    place = place_of(cursor, selection)
    key, source, parameters = _source(table, _rarest_first(connection, table, selection, place), place)
    query = f"select e.document, e.expires {source} and {_ALIVE} order by {key}{place.order} limit ?"
    found = connection.execute(query, (*parameters, now, size + 1)).fetchall()
    rows = tuple(Stored(decode(document), document, expires) for document, expires in found[:size])
    return StoredPage(rows, [table.key_of(rows[-1].entity)] if len(found) > size else None)


def tags_after(
    connection: sqlite3.Connection, size: int, after: tuple[str, int, str], tag: str | None, now: float
) -> list[TagRow]:
    """Tags of entities behind a place in their order."""
    query = _TAGS.format(of_tag="" if tag is None else "and t.tag = ?")
    parameters = (*after, *(() if tag is None else (tag,)), now, size)
    return [TagRow(*row) for row in connection.execute(query, parameters)]


def expired(
    connection: sqlite3.Connection, kinds: Collection[str], limit: int, now: float
) -> list[tuple[str, str]]:
    """Rows of some kinds whose time is over."""
    marks = ", ".join("?" * len(kinds))
    query = f"select kind, id from entities where expires <= ? and kind in ({marks}) order by expires limit ?"
    return connection.execute(query, (now, *kinds, limit)).fetchall()


def _rarest_first(
    connection: sqlite3.Connection, table: Table, selection: Selection, place: Place
) -> Selection:
    """The same selection with the rarest of several tags in front, since the first leads to the rows."""
    found = selection.tags
    if found is None or not found.every or len(found.tags) < 2 or selection.foreign is not None:
        return selection

    query = _COUNT_TAG.format(sign=place.sign)

    def count(tag: str) -> int:
        return int(connection.execute(query, (table.name, tag, place.key)).fetchone()[0])

    return replace(selection, tags=replace(found, tags=tuple(sorted(found.tags, key=count))))


def _source(table: Table, selection: Selection, place: Place) -> tuple[str, str, list[str]]:
    """The key of a page's rows; where they come from, to the end of the conditions; the parameters so far."""
    tags = () if selection.tags is None else selection.tags.tags
    key = "d.id"
    if selection.foreign is not None:
        source, parameters = _OF_PARENT, [table.name, *selection.foreign, place.key]
    elif selection.tags is not None and selection.tags.every:
        source, parameters = _WITH_TAG, [table.name, tags[0], place.key]
        tags = tags[1:]
    else:
        key, source, parameters = "e.id", _ALL, [table.name, place.key]
    if selection.tags is not None and selection.tags.every:
        source, parameters = source + _AND_TAG * len(tags), [*parameters, *tags]
    elif selection.tags is not None:
        source += _AND_ANY_TAG.format(marks=",".join("?" * len(tags)))
        parameters += [table.name, *tags, place.key]
    return key, source.format(sign=place.sign), parameters


def _stored(row: tuple[bytes, float | None] | None) -> Stored | None:
    return None if row is None else Stored(decode(row[0]), *row)


class SqliteRows(IRows):
    """Row operations on a connection that is within a transaction; none of them ever waits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @override
    async def get(self, table: Table, key: str) -> Stored | None:
        query = "select document, expires from entities where kind = ? and id = ?"
        return _stored(self._connection.execute(query, (table.name, key)).fetchone())

    @override
    async def holder(self, table: Table, unique: Unique, value: str) -> str | None:
        query = "select id from unique_values where kind = ? and fields = ? and value = ?"
        row = self._connection.execute(query, (table.name, name_of(unique), value)).fetchone()
        return None if row is None else str(row[0])

    @override
    async def referring(self, table: Table, field: str, parent: str) -> list[str]:
        query = "select id from foreign_keys where kind = ? and field = ? and parent = ? order by id"
        return [key for (key,) in self._connection.execute(query, (table.name, field, parent))]

    @override
    async def put(self, table: Table, key: str, new: Stored, old: Stored | None) -> None:
        if old is None:
            query = "insert into entities (document, expires, kind, id) values (?, ?, ?, ?)"
        else:
            query = "update entities set document = ?, expires = ? where kind = ? and id = ?"
        self._connection.execute(query, (new.document, new.expires, table.name, key))
        self.index(table, key, new, old)

    @override
    async def remove(self, table: Table, key: str, old: Stored) -> None:
        self._connection.execute("delete from entities where kind = ? and id = ?", (table.name, key))
        self.index(table, key, None, old)

    def index(self, table: Table, key: str, new: Stored | None, old: Stored | None) -> None:
        """Bring what finds a row from how it was to how it is, touching only what differs."""
        for delete, insert, rows_of in _INDEXES.values():
            before, after = rows_of(table, key, old), rows_of(table, key, new)
            self._connection.executemany(delete, before - after)
            self._connection.executemany(insert, after - before)


_INDEXES: dict[str, tuple[str, str, Callable[[Table, str, Stored | None], set[Any]]]] = {
    "unique_values": (
        "delete from unique_values where kind = ? and fields = ? and value = ? and id = ?",
        "insert into unique_values values (?, ?, ?, ?)",
        unique_rows,
    ),
    "foreign_keys": (
        "delete from foreign_keys where kind = ? and field = ? and parent = ? and id = ?",
        "insert into foreign_keys values (?, ?, ?, ?)",
        foreign_rows,
    ),
    "tags": (
        "delete from tags where id = ? and ordinal = ? and kind = ? and tag = ?",
        "insert into tags values (?, ?, ?, ?)",
        tag_rows,
    ),
}
