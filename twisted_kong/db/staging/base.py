"""The store beneath a staged one, of which everything that a write is decided on is read once.

Whoever asks again is told the same, whatever others have written meanwhile: so all that is staged is decided
on one state of each row.  Whether that state still stands is asked when the writes are made.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted_kong.db.interfaces import IStrategy, Selection, Stored
from twisted_kong.db.scanning import all_rows
from twisted_kong.db.staging.forgetting import Kept
from twisted_kong.db.tables import Table, Unique


class Base:
    """Reads of a store that are remembered."""

    def __init__(self, store: IStrategy) -> None:
        self._store = store
        self._rows: dict[tuple[str, str], Stored | None] = {}
        self._holders: dict[tuple[str, Unique, str], str | None] = {}

    async def select(self, table: Table, key: str) -> Stored | None:
        """The row with a primary key, as it was when it was read first."""
        place = table.name, key
        if place not in self._rows:
            self._rows[place] = await self._store.select(table, key)
        return self._rows[place]

    async def select_by(self, table: Table, unique: Unique, value: str) -> Stored | None:
        """The row that holds a value under a unique constraint.

        None too where it was read before and held another value then: it has changed since, and a write that
        was decided on the old state will not be made.
        """
        place = table.name, unique, value
        if place not in self._holders:
            found = await self._store.select_by(table, unique, value)
            self._holders[place] = None if found is None else self.remember(table, found)
        key = self._holders[place]
        row = None if key is None else self._rows[table.name, key]
        return row if row is not None and unique.value_of(row.entity) == value else None

    async def children(self, table: Table, field: str, parent: str) -> list[str]:
        """The keys of the rows whose reference leads to a parent, by ascending key."""
        rows = all_rows(self._store, table, Selection(foreign=(field, parent)))
        return [self.remember(table, row) async for row in rows]

    def kept(self) -> Iterator[Kept]:
        """What all that was read is kept in."""
        yield from (self._rows, self._holders)

    def remember(self, table: Table, row: Stored) -> str:
        """Take note of a row that was read, unless it was read before; its key."""
        key = table.key_of(row.entity)
        self._rows.setdefault((table.name, key), row)
        return key
