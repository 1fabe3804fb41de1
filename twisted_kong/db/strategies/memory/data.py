"""What the strategy in memory keeps, and its row operations, each of which can be undone."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from typing_extensions import override

from twisted_kong.core.changes import Change
from twisted_kong.db.documents import decode
from twisted_kong.db.interfaces import Member, Stored
from twisted_kong.db.tables import Table, Unique, tags_of
from twisted_kong.db.transaction import IRows


@dataclass(slots=True)
class MemoryTable:
    """The rows of one table and what finds them."""

    documents: dict[str, tuple[bytes, float | None]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    holders: dict[tuple[Unique, str], str] = field(default_factory=dict)
    referring: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class MemoryData:
    """What is kept; several strategies may share it as several processes share a database."""

    tables: dict[str, MemoryTable] = field(default_factory=dict)
    log: list[Change] = field(default_factory=list)
    # by instance: what it reported, and when
    members: dict[str, tuple[Member, float]] = field(default_factory=dict)

    def table(self, name: str) -> MemoryTable:
        """The rows of a table, made when first asked for."""
        return self.tables.setdefault(name, MemoryTable())


class MemoryRows(IRows):
    """The row operations of one transaction, with the steps that would take it back."""

    def __init__(self, data: MemoryData) -> None:
        self._data = data
        self._undo: list[Callable[[], None]] = []

    def undo(self) -> None:
        """Take back everything, the last step first."""
        for step in reversed(self._undo):
            step()
        self.keep()

    def keep(self) -> None:
        """Let everything be as it is: the steps that would take it back lead to here, and go."""
        self._undo.clear()

    @override
    async def get(self, table: Table, key: str) -> Stored | None:
        found = self._data.table(table.name).documents.get(key)
        return None if found is None else Stored(decode(found[0]), *found)

    @override
    async def holder(self, table: Table, unique: Unique, value: str) -> str | None:
        return self._data.table(table.name).holders.get((unique, value))

    @override
    async def referring(self, table: Table, field: str, parent: str) -> list[str]:
        return sorted(self._data.table(table.name).referring.get((field, parent), ()))

    @override
    async def put(self, table: Table, key: str, new: Stored, old: Stored | None) -> None:
        if old is not None:
            self._drop(table, key, old)
        self._add(table, key, new)
        self._undo.append(lambda: self._restore(table, key, new, old))

    @override
    async def remove(self, table: Table, key: str, old: Stored) -> None:
        self._drop(table, key, old)
        self._undo.append(lambda: self._add(table, key, old))

    def _restore(self, table: Table, key: str, new: Stored, old: Stored | None) -> None:
        self._drop(table, key, new)
        if old is not None:
            self._add(table, key, old)

    def _add(self, table: Table, key: str, row: Stored) -> None:
        data = self._data.table(table.name)
        data.documents[key] = (row.document, row.expires)
        insort(data.keys, key)
        for unique in table.uniques:
            if (value := unique.value_of(row.entity)) is not None:
                data.holders[unique, value] = key
        for field_, parent in self._parents(table, row):
            data.referring.setdefault((field_, parent), set()).add(key)
        if tags := tags_of(row.entity):
            data.tags[key] = tuple(tags)

    def _drop(self, table: Table, key: str, row: Stored) -> None:
        data = self._data.table(table.name)
        del data.documents[key]
        del data.keys[bisect_right(data.keys, key) - 1]
        for unique in table.uniques:
            if (value := unique.value_of(row.entity)) is not None:
                del data.holders[unique, value]
        for field_, parent in self._parents(table, row):
            data.referring[field_, parent].discard(key)
        data.tags.pop(key, None)

    def _parents(self, table: Table, row: Stored) -> Iterable[tuple[str, str]]:
        for reference in table.references:
            parent = reference.parent_of(row.entity)
            if parent is not None:
                yield reference.field, parent
