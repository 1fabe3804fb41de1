"""Entities and what finds them: the queries of readers, and the row operations of a transaction.

Who writes looks first and decides then, as :mod:`twisted_kong.db.transaction` has it, while others do the
same.
So every row that is looked at is locked until the end, and what was decided on it still stands when it is
written: the row itself, a parent, the holder of a value.
A row that is not there cannot be locked.
Who inserts it at the same time meets the other at a unique index, waits for its end, and has lost the race.

Nothing that is written has an answer of interest, so it travels with the next question, or with the commit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

from typing_extensions import override

from twisted_kong.core.errors import SchemaViolation
from twisted_kong.db.documents import decode
from twisted_kong.db.indexes import foreign_rows, name_of, tag_rows, unique_rows
from twisted_kong.db.interfaces import Cursor, Selection, Stored, StoredPage, TagRow, Write
from twisted_kong.db.places import Place, place_of
from twisted_kong.db.strategies.postgres.foresight import Foresight
from twisted_kong.db.strategies.postgres.statement import Rows, Statement, together
from twisted_kong.db.tables import Table, Unique
from twisted_kong.db.transaction import IRows

# In bytes: an entry of an index must fit a page three times. Longer unique values are found by their digest.
_LONGEST_VALUE = 1000
_LONGEST_TEXT = 2000

_ALIVE = "(e.expires is null or e.expires > %s)"
_SELECT = f"select e.document, e.expires from entities e where e.kind = %s and e.id = %s and {_ALIVE}"
_SELECT_BY = f"""
    select e.document, e.expires
    from unique_values u join entities e on e.kind = u.kind and e.id = u.id
    where u.kind = %s and u.fields = %s and u.value = %s and {_ALIVE}
"""
# A page is cut from the table that leads to the fewest rows; "d" names it, and all of them go by id.
_ALL = "from entities e where e.kind = %s and e.id {sign} %s"
# The limit, which changes nothing, has each row looked up by its key: a merge would walk through the others.
_JOINED = "cross join lateral (select * from entities where kind = d.kind and id = d.id limit 1) e"
_OF_PARENT = (
    f"from foreign_keys d {_JOINED} where d.kind = %s and d.field = %s and d.parent = %s and d.id {{sign}} %s"
)
_WITH_TAG = f"from tags d {_JOINED} where d.kind = %s and d.tag = %s and d.id {{sign}} %s"
_AND_TAG = " and exists (select from tags t where t.kind = d.kind and t.tag = %s and t.id = d.id)"
_AND_ANY_TAG = " and {key} in (select id from tags where kind = %s and tag in %s and id {sign} %s)"
_TAGS = f"""
    select t.tag, t.kind, t.id, t.ordinal from tags t
    where (t.id, t.ordinal, t.kind) > (%s, %s, %s) {{of_tag}}
    and exists (select from entities e where e.kind = t.kind and e.id = t.id and {_ALIVE})
    order by t.id, t.ordinal, t.kind limit %s
"""


def select(table: Table, key: str, now: float) -> Statement:
    """Asks for the row with a primary key."""
    return Statement(_SELECT, (table.name, key, now))


def select_by(table: Table, unique: Unique, value: str, now: float) -> Statement:
    """Asks for the row that holds a value under a unique constraint."""
    return Statement(_SELECT_BY, (table.name, name_of(unique), indexed(value), now))


def page(table: Table, size: int, cursor: Cursor | None, selection: Selection, now: float) -> Statement:
    """Asks for a page of rows by key, after the one that the cursor names, and one more."""
    place = place_of(cursor, selection)
    if "\0" in place.key:
        raise ValueError("no cursor of this store")
    key, source, parameters = _source(table, selection, place)
    text = f"select {key}, e.document, e.expires {source} and {_ALIVE} order by {key}{place.order} limit %s"
    return Statement(text, (*parameters, now, size + 1), order=f"id{place.order}")


def page_of(rows: Rows, size: int) -> StoredPage:
    """The page that was asked for."""
    found = tuple(_stored(document, expires) for _, document, expires in rows[:size])
    return StoredPage(found, [rows[size - 1][0]] if len(rows) > size else None)


def tags_after(size: int, after: tuple[str, int, str], tag: str | None, now: float) -> Statement:
    """Asks for tags of entities behind a place in their order."""
    text = _TAGS.format(of_tag="" if tag is None else "and t.tag = %s")
    parameters = (*after, *(() if tag is None else (tag,)), now, size)
    return Statement(text, parameters, order="id, ordinal, kind")


def tags_of_rows(rows: Rows) -> list[TagRow]:
    """The tags that were asked for."""
    return [TagRow(*row) for row in rows]


def expired(kinds: Collection[str], limit: int, now: float) -> Statement:
    """Asks for kind and key of rows of some kinds whose time is over."""
    text = "select kind, id from entities where expires <= %s and kind = any(%s) order by expires limit %s"
    return Statement(text, (now, list(kinds), limit))


def one_of(rows: Rows) -> Stored | None:
    """The row that was asked for."""
    return _stored(*rows[0]) if rows else None


def indexed(value: str) -> str:
    """What stands for a value in the index of unique values; never the same for two values."""
    text = value.encode()
    return value if len(text) <= _LONGEST_VALUE else f"sha256:{sha256(text).hexdigest()}"


def _source(table: Table, selection: Selection, place: Place) -> tuple[str, str, tuple[Any, ...]]:
    """The key of a page's rows; where they come from, to the end of the conditions; the parameters so far."""
    tags = () if selection.tags is None else selection.tags.tags
    key = "d.id"
    parameters: tuple[Any, ...]
    if selection.foreign is not None:
        source, parameters = _OF_PARENT, (table.name, *selection.foreign, place.key)
    elif selection.tags is not None and selection.tags.every:
        source, parameters = _WITH_TAG, (table.name, tags[0], place.key)
        tags = tags[1:]
    else:
        key, source, parameters = "e.id", _ALL, (table.name, place.key)
    if selection.tags is not None and selection.tags.every:
        source, parameters = source + _AND_TAG * len(tags), (*parameters, *tags)
    elif selection.tags is not None:
        source, parameters = source + _AND_ANY_TAG, (*parameters, table.name, tags, place.key)
    return key, source.format(key=key, sign=place.sign), parameters


def _stored(document: str, expires: float | None) -> Stored:
    return Stored(decode(document), document.encode(), expires)


class ITransaction(Protocol):
    """What is asked of a transaction."""

    async def run(self, query: str, parameters: tuple[Any, ...]) -> Rows:
        """The rows of a message's last statement."""


class PostgresRows(IRows):
    """Row operations within a transaction.

    ``pending`` is what was written and not sent yet; it must be sent before the commit.
    """

    def __init__(self, transaction: ITransaction) -> None:
        self._transaction = transaction
        self._foresight: Foresight | None = None
        self.pending: list[Statement] = []

    @override
    async def foresee(self, tables: Mapping[str, Table], writes: Sequence[Write]) -> None:
        if self._foresight is None:
            self._foresight = Foresight(indexed)
        await self._foresight.read(tables, writes, self._run)

    @override
    async def get(self, table: Table, key: str) -> Stored | None:
        if self._foresight is not None and (table.name, key) in self._foresight.rows:
            return self._foresight.rows[table.name, key]
        text = "select document, expires from entities where kind = %s and id = %s for update"
        return one_of(await self._run(Statement(text, (table.name, key))))

    @override
    async def holder(self, table: Table, unique: Unique, value: str) -> str | None:
        place = table.name, name_of(unique), indexed(value)
        if self._foresight is not None and place in self._foresight.holders:
            return self._foresight.holders[place]
        text = "select id from unique_values where kind = %s and fields = %s and value = %s"
        rows = await self._run(Statement(text, place))
        return str(rows[0][0]) if rows else None

    @override
    async def referring(self, table: Table, field: str, parent: str) -> list[str]:
        place = table.name, field, parent
        if self._foresight is not None and place in self._foresight.referring:
            return sorted(self._foresight.referring[place])
        text = "select id from foreign_keys where kind = %s and field = %s and parent = %s order by id"
        return [key for (key,) in await self._run(Statement(text, place))]

    @override
    async def put(self, table: Table, key: str, new: Stored, old: Stored | None) -> None:
        if old is None:
            text = "insert into entities (document, expires, kind, id) values (%s, %s, %s, %s)"
        else:
            text = "update entities set document = %s, expires = %s where kind = %s and id = %s"
        row = Statement(text, (new.document.decode(), new.expires, table.name, key))
        self.pending += [row, *index(table, key, new, old)]
        if self._foresight is not None:
            self._foresight.put(table, key, new, old)

    @override
    async def remove(self, table: Table, key: str, old: Stored) -> None:
        row = Statement("delete from entities where kind = %s and id = %s", (table.name, key))
        self.pending += [row, *index(table, key, None, old)]
        if self._foresight is not None:
            self._foresight.put(table, key, None, old)

    async def _run(self, question: Statement) -> Rows:
        message = together(*self.pending, question)
        self.pending = []
        return await self._transaction.run(message.text, message.parameters)


def index(table: Table, key: str, new: Stored | None, old: Stored | None) -> list[Statement]:
    """What brings the rows that find an entity from how it was to how it is, touching only what differs.

    SchemaViolation for a text that this store cannot hold.
    """
    statements = []
    for name, columns, rows_of in _INDEXES:
        before, after = rows_of(table, key, old), rows_of(table, key, new)
        # in one order everywhere, lest two writers wait for each other
        gone, come = sorted(before - after), sorted(after - before)
        if gone:
            statements.append(Statement(f"delete from {name} where {columns} in %s", (tuple(gone),)))
        if come:
            _check(come)
            marks = ", ".join(["%s"] * len(come))
            statements.append(Statement(f"insert into {name} {columns} values {marks}", tuple(come)))
    return statements


def _check(rows: list[tuple[Any, ...]]) -> None:
    for value in (value for row in rows for value in row if isinstance(value, str)):
        if "\0" in value or len(value.encode()) > _LONGEST_TEXT:
            reason = "cannot be stored: PostgreSQL finds by no text with a NUL, or of more than 2000 bytes"
            raise SchemaViolation(f"schema violation ({reason})", {"@entity": [reason]})


def _unique_rows(table: Table, key: str, row: Stored | None) -> set[tuple[Any, ...]]:
    return {(kind, fields, indexed(value), id_) for kind, fields, value, id_ in unique_rows(table, key, row)}


_INDEXES: tuple[tuple[str, str, Any], ...] = (
    ("unique_values", "(kind, fields, value, id)", _unique_rows),
    ("foreign_keys", "(kind, field, parent, id)", foreign_rows),
    ("tags", "(id, ordinal, kind, tag)", tag_rows),
)
