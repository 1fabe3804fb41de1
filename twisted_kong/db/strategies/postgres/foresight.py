"""What a transaction has read ahead of many writes: rows, holders of unique values, and who refers to whom.

The rows are locked as they are read, before anything else is: so whoever would refer to one of them, or take
it over, waits, and what is known of them holds until the transaction ends.
What the transaction itself writes meanwhile is noted here, so that the server need not be asked for it.
Only what the writes of one reading look at is kept: all that a great import writes would be gigabytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from twisted_kong.db.documents import decode
from twisted_kong.db.indexes import foreign_rows, name_of, unique_rows
from twisted_kong.db.interfaces import Stored, Write
from twisted_kong.db.strategies.postgres.statement import Rows, Statement
from twisted_kong.db.tables import Table

# In one order everywhere, lest two who read ahead wait for each other.
_ROWS = """
    select e.kind, e.id, e.document, e.expires
    from unnest(%s::text[], %s::text[]) as wanted (kind, id) join entities e using (kind, id)
    order by e.kind, e.id for update of e
"""
_HOLDERS = """
    select u.kind, u.fields, u.value, u.id
    from unnest(%s::text[], %s::text[], %s::text[]) as wanted (kind, fields, value)
    join unique_values u using (kind, fields, value)
"""
_REFERRING = """
    select f.kind, f.field, f.parent, f.id
    from unnest(%s::text[], %s::text[], %s::text[]) as wanted (kind, field, parent)
    join foreign_keys f using (kind, field, parent)
"""

Ask = Callable[[Statement], Awaitable[Rows]]
Value = tuple[str, str, str]


class Foresight:
    """What is known without asking.

    :param indexed: what stands for a unique value in the index.
    """

    def __init__(self, indexed: Callable[[str], str]) -> None:
        self._indexed = indexed
        self.rows: dict[tuple[str, str], Stored | None] = {}
        self.holders: dict[Value, str | None] = {}
        self.referring: dict[Value, set[str]] = {}

    async def read(self, tables: Mapping[str, Table], writes: Sequence[Write], ask: Ask) -> None:
        """Read what some writes will look at, and forget what those before them did."""
        self.rows, self.holders, self.referring = {}, {}, {}
        await self._read_rows(_keys_of(tables, writes), ask)
        await self._read_holders(self._values_of(tables, writes), ask)
        await self._read_referring(_parents_of(tables, writes), ask)

    def put(self, table: Table, key: str, new: Stored | None, old: Stored | None) -> None:
        """Note that a row was written, or removed."""
        self.rows[table.name, key] = new
        for kind, fields, value, _ in unique_rows(table, key, old):
            self.holders[kind, fields, self._indexed(value)] = None
        for kind, fields, value, holder in unique_rows(table, key, new):
            self.holders[kind, fields, self._indexed(value)] = holder
        for kind, field, parent, child in foreign_rows(table, key, old):
            self.referring.get((kind, field, parent), set()).discard(child)
        for kind, field, parent, child in foreign_rows(table, key, new):
            self.referring.get((kind, field, parent), set()).add(child)

    async def _read_rows(self, wanted: Iterable[tuple[str, str]], ask: Ask) -> None:
        unknown = sorted(set(wanted))
        if not unknown:
            return
        self.rows.update(dict.fromkeys(unknown))
        for kind, key, document, expires in await ask(Statement(_ROWS, _columns(unknown))):
            self.rows[kind, key] = Stored(decode(document), document.encode(), expires)

    async def _read_holders(self, wanted: Iterable[Value], ask: Ask) -> None:
        unknown = list(dict.fromkeys(wanted))
        if not unknown:
            return
        self.holders.update(dict.fromkeys(unknown))
        for kind, fields, value, key in await ask(Statement(_HOLDERS, _columns(unknown))):
            self.holders[kind, fields, value] = key

    async def _read_referring(self, wanted: Iterable[Value], ask: Ask) -> None:
        unknown = list(dict.fromkeys(wanted))
        if not unknown:
            return
        for value in unknown:
            self.referring[value] = set()
        for kind, field, parent, key in await ask(Statement(_REFERRING, _columns(unknown))):
            self.referring[kind, field, parent].add(key)

    def _values_of(self, tables: Mapping[str, Table], writes: Sequence[Write]) -> Iterable[Value]:
        for write in writes:
            for unique in tables[write.table].uniques if write.entity is not None else ():
                value = unique.value_of(write.entity or {})
                if value is not None:
                    yield write.table, name_of(unique), self._indexed(value)


def _keys_of(tables: Mapping[str, Table], writes: Sequence[Write]) -> Iterable[tuple[str, str]]:
    """The rows that are written, and those that they refer to."""
    for write in writes:
        yield write.table, write.key
        for reference in tables[write.table].references if write.entity is not None else ():
            parent = reference.parent_of(write.entity or {})
            if parent is not None:
                yield reference.parent, parent


def _parents_of(tables: Mapping[str, Table], writes: Sequence[Write]) -> Iterable[Value]:
    """By what others may refer to what is removed."""
    for write in writes:
        for child in tables[write.table].children if write.operation == "delete" else ():
            yield child.table, child.field, write.key


def _columns(rows: Sequence[tuple[Any, ...]]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))
