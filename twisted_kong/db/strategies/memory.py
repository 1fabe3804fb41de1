"""The strategy that keeps everything in this process: for tests, and for a node without a database.

Entities are held as text like in any other store: nothing a caller does to what it was handed reaches them.
Every operation is done before it returns, so transactions need no lock; one that is refused is undone step
by step.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from typing_extensions import override

from twisted_kong.core.changes import Change, ChangeBatch, Position
from twisted_kong.db.documents import decode
from twisted_kong.db.interfaces import (
    Commit,
    Committed,
    Cursor,
    IStrategy,
    MigrationState,
    Selection,
    Stored,
    StoredPage,
    TagRow,
)
from twisted_kong.db.positions import LogPosition, batch_from, parse
from twisted_kong.db.tables import Table, Unique, tags_of
from twisted_kong.db.transaction import Draft, IRows, execute


class ISeconds(Protocol):
    """The part of a clock that tells the time."""

    def seconds(self) -> float:
        """Epoch seconds."""


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

    def table(self, name: str) -> MemoryTable:
        """The rows of a table, made when first asked for."""
        return self.tables.setdefault(name, MemoryTable())


class MemoryStrategy(IStrategy):
    """Keeps entities and their log in memory.

    :param new_tag: gives the chance part of a position, eight hexadecimal digits.
    :param data: what another strategy of this kind already holds, to be shared with it.
    """

    name = "memory"

    def __init__(self, clock: ISeconds, new_tag: Callable[[], str], data: MemoryData | None = None) -> None:
        self._clock = clock
        self._new_tag = new_tag
        self.data = MemoryData() if data is None else data
        self._tables: Mapping[str, Table] = {}
        if not self.data.log:
            self.data.log.append(Change(LogPosition(0, new_tag()), "", "create", "", (), "", clock.seconds()))
        self._polled = self._newest()

    @override
    async def start(self, tables: Mapping[str, Table], *, migrate: bool = True) -> None:
        self._tables = tables

    @override
    async def stop(self) -> None:
        """Nothing to close; the data stays."""

    @override
    async def migrations(self) -> MigrationState:
        return MigrationState()

    @override
    async def select(self, table: Table, key: str) -> Stored | None:
        found = self.data.table(table.name).documents.get(key)
        if found is None or self._is_over(found[1]):
            return None
        return Stored(decode(found[0]), *found)

    @override
    async def select_by(self, table: Table, unique: Unique, value: str) -> Stored | None:
        key = self.data.table(table.name).holders.get((unique, value))
        return None if key is None else await self.select(table, key)

    @override
    async def page(self, table: Table, size: int, cursor: Cursor | None, selection: Selection) -> StoredPage:
        after = None
        if cursor is not None:
            if len(cursor) != 1 or not isinstance(cursor[0], str):
                raise ValueError("no cursor of this store")
            after = cursor[0]
        found = islice(self._matching(table, after, selection), size + 1)
        rows = [row for key in found if (row := await self.select(table, key)) is not None]
        more = len(rows) > size
        page = rows[:size]
        return StoredPage(tuple(page), [table.key_of(page[-1].entity)] if more else None)

    @override
    async def tags_after(
        self, size: int, after: tuple[str, int, str] | None, tag: str | None
    ) -> list[TagRow]:
        rows = [
            TagRow(text, name, key, ordinal)
            for name, table in self.data.tables.items()
            for key, tags in table.tags.items()
            if not self._is_over(table.documents[key][1])
            for ordinal, text in enumerate(tags, 1)
            if (tag is None or text == tag) and (after is None or (key, ordinal, name) > after)
        ]
        return sorted(rows, key=lambda row: (row.key, row.ordinal, row.table))[:size]

    @override
    async def apply(self, commit: Commit) -> Committed:
        rows = _Rows(self.data)
        try:
            drafts = await execute(self._tables, rows, commit)
        except BaseException:
            rows.undo()
            raise
        changes = tuple(self._append(draft, commit) for draft in drafts)
        return Committed(changes, self._newest())

    @override
    async def expired(self, limit: int) -> list[tuple[str, str]]:
        over = (
            (name, key)
            for name, table in self.data.tables.items()
            for key, (_, expires) in table.documents.items()
            if self._is_over(expires)
        )
        return list(islice(over, limit))

    @override
    async def trim_log(self, before: float) -> int:
        log = self.data.log
        count = next((index for index, change in enumerate(log) if change.at >= before), len(log))
        count = min(count, len(log) - 1)
        del log[:count]
        return count

    @override
    def parse_position(self, text: str) -> Position:
        return parse(text)

    @override
    async def head(self) -> Position:
        return self._newest()

    @override
    async def changes_after(self, position: Position, limit: int = 1000) -> ChangeBatch:
        self._polled = self._newest()
        batch = None
        if isinstance(position, LogPosition):
            first = _number(self.data.log[0].position)
            start = max(0, position.number - first)
            batch = batch_from(position, self.data.log[start : start + limit + 2], limit)
        if batch is None:
            return ChangeBatch(changes=(), position=self._newest(), continuous=False, more=False)
        return batch

    @override
    def has_news(self) -> bool:
        return self._polled != self._newest()

    def _newest(self) -> Position:
        return self.data.log[-1].position

    def _is_over(self, expires: float | None) -> bool:
        return expires is not None and expires <= self._clock.seconds()

    def _matching(self, table: Table, after: str | None, selection: Selection) -> Iterable[str]:
        data = self.data.table(table.name)
        keys = data.keys
        if selection.foreign is not None:
            keys = sorted(data.referring.get(selection.foreign, ()))
        start = 0 if after is None else bisect_right(keys, after)
        wanted = selection.tags
        for key in islice(keys, start, None):
            if self._is_over(data.documents[key][1]):
                continue
            if wanted is not None:
                found = [tag in data.tags.get(key, ()) for tag in wanted.tags]
                if not (all(found) if wanted.every else any(found)):
                    continue
            yield key

    def _append(self, draft: Draft, commit: Commit) -> Change:
        change = Change(
            position=LogPosition(_number(self._newest()) + 1, self._new_tag()),
            entity=draft.table,
            operation=draft.operation,
            id=draft.key,
            keys=draft.cache_keys,
            origin=commit.origin,
            at=commit.at,
            author=commit.author,
        )
        self.data.log.append(change)
        return change


def _number(position: Position) -> int:
    return parse(str(position)).number


class _Rows(IRows):
    """The row operations of one transaction, with the steps that would take it back."""

    def __init__(self, data: MemoryData) -> None:
        self._data = data
        self._undo: list[Callable[[], None]] = []

    def undo(self) -> None:
        """Take back everything, the last step first."""
        for step in reversed(self._undo):
            step()

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
